// One upload as the person sees it: name, bar, words and one button whose meaning changes.
import { formatProgress, formatSize } from './format-size.js';
import { announce, element } from './page-elements.js';

// oxlint-disable-next-line no-control-regex -- the marks that `pages/file-name.tsx` makes visible
const DECEPTIVE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

export interface UploadRow {
  row: HTMLElement;
  name: string;
  progress: HTMLProgressElement;
  status: HTMLElement;
  button: HTMLButtonElement;
  press: () => void;
}

export function uploadRow(list: Element, file: File): UploadRow {
  const row = element('li', 'upload-row');
  const progress = element('progress', '');
  const name = file.name.replace(DECEPTIVE, '\ufffd');
  const status = element('p', 'upload-status', 'Waiting');
  const button = element('button', 'button', 'Cancel');
  progress.max = 1;
  progress.value = 0;
  progress.setAttribute('aria-label', `Upload of ${name}`);
  row.append(element('bdi', 'file-name', name), progress, status, button);
  list.append(row);
  const view: UploadRow = { row, name, progress, status, button, press: () => {} };
  button.addEventListener('click', () => view.press());
  return view;
}

/** What the row's one button does from now on. */
export function offer(view: UploadRow, label: string, press: () => void): void {
  view.button.textContent = label;
  view.press = press;
}

export function fail(view: UploadRow, text: string, retry?: () => void): void {
  view.row.dataset['state'] = 'failed';
  view.status.textContent = text;
  if (retry) offer(view, 'Try again', retry);
  else offer(view, 'Dismiss', () => view.row.remove());
  announce(`${view.name}: ${text}`);
}

/** `42 % · 4.2 of 10 MB · 1.3 MB/s · 5 s left`. */
export function describeProgress(loaded: number, total: number, bytesPerSecond: number): string {
  const percent = `${Math.floor((loaded / total) * 100)}\u00a0%`;
  const parts = [percent, formatProgress(loaded, total)];
  if (bytesPerSecond > 0) {
    const left = formatDuration((total - loaded) / bytesPerSecond);
    parts.push(`${formatSize(bytesPerSecond)}/s`, `${left} left`);
  }
  return parts.join(' · ');
}

function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))}\u00a0s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)}\u00a0min`;
  return `${(seconds / 3600).toFixed(1)}\u00a0h`;
}
