// The buttons beside a file: Download, whose form does the work, and Copy as curl, which mints a claim
// and puts a command for it into the clipboard.
import { curlCommand } from './command-line.js';
import { inLocalWords } from './local-times.js';
import { announce, element, FETCH_TIMEOUT_MS, problemText, UNREACHABLE } from './page-elements.js';

/** Within this, a second press on Download is taken for a double click, not for a second copy. */
const DOUBLE_CLICK_MS = 1500;

/** A note beside the button that was pressed; only the newest one stays. */
function noteFor(form: Element): HTMLElement {
  for (const note of document.querySelectorAll('.row-note')) note.replaceChildren();
  const note = form.parentElement?.querySelector<HTMLElement>('.row-note');
  note?.classList.remove('bad');
  return note ?? element('p', '');
}

let downloadPressedAt = Number.NEGATIVE_INFINITY;

/** A press on Download looks like leaving the page, and is not. */
export function isDownloadStarting(): boolean {
  return performance.now() - downloadPressedAt < DOUBLE_CLICK_MS;
}

/** The form does the work: its answer is an attachment, so this page stays. */
export function onDownload(event: SubmitEvent, form: HTMLFormElement): void {
  if (event.timeStamp - downloadPressedAt < DOUBLE_CLICK_MS) return event.preventDefault();
  downloadPressedAt = event.timeStamp;
  noteFor(form).textContent =
    'Your download is starting. Its link works once: for another copy, press Download again.';
}

async function mintCommand(fileId: string): Promise<{ command: string; expiresAt: Date }> {
  const response = await fetch('/api/claims', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ fileId }),
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  }).catch(() => undefined);
  if (!response) throw new Error(UNREACHABLE);
  if (!response.ok) throw new Error(problemText(await response.text()));
  const minted = (await response.json()) as { id: string; url: string; expiresAt: string };
  return { command: curlCommand(minted), expiresAt: new Date(minted.expiresAt) };
}

export async function onCopy(form: HTMLFormElement, fileId: string): Promise<void> {
  const note = noteFor(form);
  note.textContent = 'Making a link…';
  const minting = mintCommand(fileId);
  // Handed over before the answer is there: Safari lets only the press itself write.
  const copying = writeClipboard(minting.then(({ command }) => command));
  try {
    const { command, expiresAt } = await minting;
    const until = inLocalWords(expiresAt, true);
    const once = `works once, until ${until}. If it breaks off, run it again: it goes on from there.`;
    if (await copying) return void (note.textContent = `Copied. It ${once}`);
    const field = element('textarea', 'code', command);
    field.readOnly = true;
    field.setAttribute('aria-label', 'Command');
    note.replaceChildren(
      `Copy this command yourself, your browser does not let us; it ${once}`,
      field,
    );
    field.select();
  } catch (error) {
    note.classList.add('bad');
    note.textContent = error instanceof Error ? error.message : UNREACHABLE;
  }
}

/** False when the browser does not allow it, as over plain HTTP. */
async function writeClipboard(text: Promise<string>): Promise<boolean> {
  try {
    const item = { 'text/plain': text.then((words) => new Blob([words], { type: 'text/plain' })) };
    await navigator.clipboard.write([new ClipboardItem(item)]);
    return true;
  } catch {
    return await text
      .then((words) => navigator.clipboard.writeText(words))
      .then(
        () => true,
        () => false,
      );
  }
}

export async function copyFrom(field: HTMLTextAreaElement, button: Element): Promise<void> {
  const copied = await writeClipboard(Promise.resolve(field.value));
  if (!copied) field.select();
  announce(copied ? 'Copied' : 'Your browser does not let us copy; it is selected for you.');
  button.classList.toggle('copied', copied);
}
