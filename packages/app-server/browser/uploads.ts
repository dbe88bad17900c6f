// Uploads with progress: chosen or dropped, two at a time, cancelled and tried again.
import { isDownloadStarting } from './download-and-copy.js';
import { formatSize } from './format-size.js';
import { fetchPart, mergeRows } from './merge-rows.js';
import { announce, problemText } from './page-elements.js';
import { outOfStorage } from './storage-left.js';
import { describeProgress, fail, offer, uploadRow, type UploadRow } from './upload-row.js';

const PARALLEL_UPLOADS = 2;
const SPEED_WINDOW_MS = 4000;
/** Too large, a name or a type that is refused: sending the same again changes nothing. */
const NEVER_TAKEN: ReadonlySet<number> = new Set([413, 415, 422]);

const waiting: (() => void)[] = [];
let running = 0;

function startNext(): void {
  while (running < PARALLEL_UPLOADS) {
    const start = waiting.shift();
    if (!start) return;
    running += 1;
    start();
  }
}

function upload(list: Element, form: HTMLElement, file: File, isFolder: boolean): void {
  const view = uploadRow(list, file);
  if (isFolder)
    return fail(view, 'Folders cannot be uploaded. Pack it into one file first, such as a zip.');
  if (file.size > Number(form.dataset['maxBytes'])) {
    return fail(
      view,
      `Too large: this is ${sizeOver(file.size, form.dataset['maxSize'])}, the limit is ${form.dataset['maxSize']}.`,
    );
  }
  const start = () => {
    if (form.dataset['quota'] === undefined) send(view, file, enqueue);
    else void sendIfItFits(view, file, enqueue);
  };
  const enqueue = () => {
    delete view.row.dataset['state'];
    view.status.textContent = 'Waiting';
    offer(view, 'Cancel', () => {
      waiting.splice(waiting.indexOf(start), 1);
      view.row.remove();
    });
    waiting.push(start);
    startNext();
  };
  enqueue();
}

/** Rounded as the limit is, unless that would make the two look the same. */
function sizeOver(bytes: number, limit: string | undefined): string {
  const rounded = formatSize(bytes);
  return rounded === limit ? `${bytes.toLocaleString()}\u00a0bytes` : rounded;
}

async function sendIfItFits(view: UploadRow, file: File, retry: () => void): Promise<void> {
  let cancelled = false;
  view.status.textContent = 'Starting';
  offer(view, 'Cancel', () => {
    cancelled = true;
    view.row.remove();
  });
  const why = await outOfStorage(file.size);
  if (why === undefined && !cancelled) return send(view, file, retry);
  if (why !== undefined && !cancelled) fail(view, why, retry);
  running -= 1;
  startNext();
}

/** After something was deleted the same may fit. */
function isOutOfStorage(body: string): boolean {
  return body.includes('urn:claimcheck:problem:quota-exceeded');
}

/** One PUT; XMLHttpRequest because `fetch` tells nothing of what has been sent. */
function send(view: UploadRow, file: File, retry: () => void): void {
  const request = new XMLHttpRequest();
  const samples: { at: number; loaded: number }[] = [];
  request.open('PUT', `/api/files?name=${encodeURIComponent(file.name)}`);
  request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
  view.status.textContent = 'Starting';
  offer(view, 'Cancel', () => request.abort());
  request.upload.addEventListener('progress', ({ loaded, total }) => {
    const at = performance.now();
    samples.push({ at, loaded });
    while (samples[1] && at - samples[1].at > SPEED_WINDOW_MS) samples.shift();
    const since = samples[0] ?? { at, loaded };
    const bytesPerSecond = ((loaded - since.loaded) / Math.max(1, at - since.at)) * 1000;
    view.progress.value = total > 0 ? loaded / total : 1;
    view.status.textContent =
      loaded === total
        ? 'Sent; the server is checking it'
        : describeProgress(loaded, total, bytesPerSecond);
  });
  request.addEventListener('load', () => {
    if (request.status !== 201) {
      const body = request.responseText;
      const never = NEVER_TAKEN.has(request.status) && !isOutOfStorage(body);
      return fail(view, problemText(body), never ? undefined : retry);
    }
    view.row.dataset['state'] = 'done';
    view.progress.value = 1;
    view.status.textContent = 'Uploaded';
    offer(view, 'Dismiss', () => view.row.remove());
    announce(`${view.name}: uploaded`);
    const { id } = JSON.parse(request.responseText) as { id: string };
    void showUploaded(view.row, id);
  });
  request.addEventListener('error', () =>
    fail(view, 'The connection broke off; nothing of the file was kept.', retry),
  );
  request.addEventListener('abort', () => view.row.remove());
  request.addEventListener('loadend', () => {
    running -= 1;
    startNext();
  });
  request.send(file);
}

/** The list takes the row's place; where the list does not show it (an older page), the row stays. */
async function showUploaded(row: Element, id: string): Promise<void> {
  const list = document.querySelector('#files');
  const fresh = list && (await fetchPart('files').catch(() => undefined));
  if (!fresh) return;
  mergeRows(list, fresh);
  const used = fresh.querySelector('.usage');
  if (used) list.querySelector('.usage')?.replaceWith(used);
  const listed = list.querySelector(`[data-row="${CSS.escape(id)}"]`);
  if (!listed) return;
  listed.classList.add('fresh');
  if (row.contains(document.activeElement)) document.querySelector<HTMLElement>('#file')?.focus();
  row.remove();
}

const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;

export function followUploads(form: HTMLFormElement, list: Element): void {
  const input = form.querySelector<HTMLInputElement>('input[type=file]');
  const root = document.documentElement;
  const take = (files: Iterable<File>, folders = new Set<string>()) => {
    for (const file of files) upload(list, form, file, folders.has(file.name));
  };

  form.addEventListener('submit', (event) => event.preventDefault());
  input?.addEventListener('change', () => {
    take([...(input.files ?? [])]);
    input.value = '';
  });
  document.addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    root.classList.add('dropping');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) root.classList.remove('dropping');
  });
  document.addEventListener('drop', (event) => {
    root.classList.remove('dropping');
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry());
    const folders = entries.filter((entry) => entry?.isDirectory).map((entry) => entry?.name ?? '');
    take(event.dataTransfer?.files ?? [], new Set(folders));
  });
  window.addEventListener('beforeunload', (event) => {
    if (running > 0 && !isDownloadStarting()) event.preventDefault();
  });
}
