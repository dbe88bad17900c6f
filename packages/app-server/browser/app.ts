// What the pages do better with script: uploads with progress, copying a command, live claims, times
// in the reader's zone. One file without imports, so that one hashed address carries all of it.
// Every page works without; text from the server or the person is only ever set as text.

const PARALLEL_UPLOADS = 2;
const SPEED_WINDOW_MS = 4000;
const POLL_MS = 1000;
const POLL_AFTER_FAILURE_MS = 5000;
const FETCH_TIMEOUT_MS = 10_000;
/** Within this, a second press on Download is taken for a double click, not for a second copy. */
const DOUBLE_CLICK_MS = 1500;
// oxlint-disable-next-line no-control-regex -- the marks that `pages/file-name.tsx` makes visible
const DECEPTIVE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;
/** Too large, a name or a type that is refused: sending the same again changes nothing. */
const NEVER_TAKEN: ReadonlySet<number> = new Set([413, 415, 422]);
const UNREACHABLE = 'The server cannot be reached. Check your connection.';
const SIGNED_OUT = 'You are signed out. Load the page again to sign in.';

/** Lets a screen reader say it, without moving anything. */
function announce(text: string): void {
  const place = document.querySelector('#announcement');
  if (place) place.textContent = text;
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, text = '') {
  const made: HTMLElementTagNameMap[K] = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** The sentence of a problem document (RFC 9457), or a general one for anything else. */
function problemText(body: string): string {
  try {
    const { type, title, detail } = JSON.parse(body) as Record<string, string | undefined>;
    // The name of the faulty field is for programs; here there is only one.
    if (type?.endsWith(':invalid-input') && detail) return capitalise(detail.replace(/^\w+: /, ''));
    if (title) return detail ? `${title}. ${detail}` : title;
  } catch {
    // Not JSON: a proxy's own error page. Its text is not for people.
  }
  return 'The server did not take it. Try again in a moment.';
}

const capitalise = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

// --- times and sizes

function localise(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>('time:not([title])')) {
    time.title = time.textContent;
    time.textContent = inLocalWords(new Date(time.dateTime), time.dataset['form'] === 'clock');
  }
}

const startOfDay = (date: Date) => new Date(date).setHours(0, 0, 0, 0);

function inLocalWords(at: Date, clockOnly: boolean): string {
  const now = new Date();
  const daysAgo = Math.round((startOfDay(now) - startOfDay(at)) / 86_400_000);
  const clock = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  if (daysAgo === 0) return clockOnly ? clock : `today, ${clock}`;
  if (daysAgo === 1) return `yesterday, ${clock}`;
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return `${at.toLocaleDateString([], { day: 'numeric', month: 'short', ...year })}, ${clock}`;
}

function formatSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (unit < units.length - 1 && bytes / 1000 ** unit >= 999.5) unit += 1;
  const value = bytes / 1000 ** unit;
  const shown = value < 99.95 && unit > 0 ? Math.round(value * 10) / 10 : Math.round(value);
  return `${shown}\u00a0${units[unit]}`;
}

function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))}\u00a0s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)}\u00a0min`;
  return `${(seconds / 3600).toFixed(1)}\u00a0h`;
}

// --- a part of this page, fetched again and merged in

/** The element with this id on this page as it is now; undefined when nobody is signed in. */
async function fetchPart(id: string): Promise<Element | undefined> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  // Sent elsewhere means sent to sign in: there is nothing to fetch there.
  const response = await fetch(location.href, { signal, redirect: 'manual' });
  if (response.type === 'opaqueredirect' || response.status === 401) return undefined;
  if (!response.ok) throw new Error(`status ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  return page.getElementById(id) ?? undefined;
}

/** What the server last sent for each row: the row itself has been localised since. */
const sentRows = new WeakMap<Element, string>();

function rememberRows(part: ParentNode): void {
  for (const row of part.querySelectorAll('[data-row]')) sentRows.set(row, row.outerHTML);
}

const keyOf = (row: Element) => row.getAttribute('data-row');

/**
 * Makes `part` show what `fresh` does. A row that did not change stays the same element, with its
 * focus and its open details. Returns the rows that are new or changed.
 */
function mergeRows(part: Element, fresh: Element): Element[] {
  rememberRows(fresh);
  const [body, freshBody] = [part, fresh].map((each) => each.querySelector('tbody'));
  if (!body || !freshBody) {
    if (body || freshBody) part.replaceChildren(...fresh.childNodes);
    localise(part);
    return [...part.querySelectorAll('[data-row]')];
  }
  const left = new Map([...body.children].map((row) => [keyOf(row), row]));
  let cursor = body.firstElementChild;
  const changed = [...freshBody.children].filter((row) => {
    const old = left.get(keyOf(row));
    left.delete(keyOf(row));
    const same = old !== undefined && sentRows.get(old) === sentRows.get(row);
    if (!old) body.insertBefore(row, cursor);
    else if (!same) replaceRow(old, row);
    if (old) cursor = (same ? old : row).nextElementSibling;
    return !same;
  });
  for (const gone of left.values()) gone.remove();
  part.querySelector('.next-page')?.remove();
  part.append(...fresh.querySelectorAll('.next-page'));
  localise(part);
  return changed;
}

const stops = (row: Element) => [...row.querySelectorAll<HTMLElement>('button, summary')];

function replaceRow(old: Element, row: Element): void {
  const focused = stops(old).findIndex((stop) => stop === document.activeElement);
  const open = [...old.querySelectorAll('details')].map((details) => details.open);
  old.replaceWith(row);
  row.querySelectorAll('details').forEach((details, i) => (details.open = open[i] ?? false));
  if (focused < 0) return;
  row.setAttribute('tabindex', '-1');
  (stops(row)[focused] ?? (row as HTMLElement)).focus({ preventScroll: true });
}

// --- claims

const textOf = (row: Element, place: string) => row.querySelector(place)?.textContent ?? '';

function followClaims(part: Element): void {
  const note = document.querySelector('#claims-note');
  const say = (text: string) => note && note.textContent !== text && (note.textContent = text);
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Ends while the page is hidden; `visibilitychange` begins again. */
  async function poll(): Promise<void> {
    if (document.hidden) return;
    let delayMs = POLL_MS;
    try {
      const states = new Map(
        [...part.querySelectorAll('[data-row]')].map((row) => [
          keyOf(row),
          row.getAttribute('data-state'),
        ]),
      );
      const fresh = await fetchPart(part.id);
      if (!fresh) return void say(SIGNED_OUT);
      say('');
      const turned = mergeRows(part, fresh).filter(
        (row) =>
          states.has(keyOf(row)) && states.get(keyOf(row)) !== row.getAttribute('data-state'),
      );
      const news = turned.map(
        (row) => `${textOf(row, '.file-name')}: ${textOf(row, '.state-words')}`,
      );
      if (news.length > 0) announce(news.join('. '));
    } catch {
      say(`${UNREACHABLE} What you see here may be out of date.`);
      delayMs = POLL_AFTER_FAILURE_MS;
    }
    pollAfter(delayMs);
  }

  function pollAfter(delayMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void poll(), delayMs);
  }

  document.addEventListener('visibilitychange', () => pollAfter(0));
  pollAfter(POLL_MS);
}

// --- download and copy

/** A note beside the button that was pressed; only the newest one stays. */
function noteFor(form: Element): HTMLElement {
  for (const note of document.querySelectorAll('.row-note')) note.replaceChildren();
  const note = form.parentElement?.querySelector<HTMLElement>('.row-note');
  note?.classList.remove('bad');
  return note ?? element('p', '');
}

let downloadPressedAt = Number.NEGATIVE_INFINITY;

/** The form does the work: its answer is an attachment, so this page stays. */
function onDownload(event: SubmitEvent, form: HTMLFormElement): void {
  if (event.timeStamp - downloadPressedAt < DOUBLE_CLICK_MS) return event.preventDefault();
  downloadPressedAt = event.timeStamp;
  noteFor(form).textContent =
    'Your download is starting. Its link works once: for another copy, press Download again.';
}

const percentEncode = (text: string) => `%${text.charCodeAt(0).toString(16).toUpperCase()}`;

/** Quoted and encoded as in `pages/command-line.ts`, for every shell. */
function curlCommand(url: string): string {
  return `curl -fOJ "${new URL(url).href.replace(/[^A-Za-z0-9\-._~/:%?=&+,@;]/g, percentEncode)}"`;
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
  const { url, expiresAt } = (await response.json()) as { url: string; expiresAt: string };
  return { command: curlCommand(url), expiresAt: new Date(expiresAt) };
}

async function onCopy(form: HTMLFormElement, fileId: string): Promise<void> {
  const note = noteFor(form);
  note.textContent = 'Making a link…';
  const minting = mintCommand(fileId);
  // Handed over before the answer is there: Safari lets only the press itself write.
  const copying = writeClipboard(minting.then(({ command }) => command));
  try {
    const { command, expiresAt } = await minting;
    const once = `works once, until ${inLocalWords(expiresAt, true)}.`;
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

async function copyFrom(field: HTMLTextAreaElement, button: Element): Promise<void> {
  const copied = await writeClipboard(Promise.resolve(field.value));
  if (!copied) field.select();
  announce(copied ? 'Copied' : 'Your browser does not let us copy; it is selected for you.');
  button.classList.toggle('copied', copied);
}

// --- uploads

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

interface UploadRow {
  row: HTMLElement;
  name: string;
  progress: HTMLProgressElement;
  status: HTMLElement;
  button: HTMLButtonElement;
  press: () => void;
}

function uploadRow(list: Element, file: File): UploadRow {
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
  const start = () => send(view, file, () => enqueue());
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

/** What the row's one button does from now on. */
function offer(view: UploadRow, label: string, press: () => void): void {
  view.button.textContent = label;
  view.press = press;
}

function fail(view: UploadRow, text: string, retry?: () => void): void {
  view.row.dataset['state'] = 'failed';
  view.status.textContent = text;
  if (retry) offer(view, 'Try again', retry);
  else offer(view, 'Dismiss', () => view.row.remove());
  announce(`${view.name}: ${text}`);
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
        : describe(loaded, total, bytesPerSecond);
  });
  request.addEventListener('load', () => {
    if (request.status !== 201) {
      const again = NEVER_TAKEN.has(request.status) ? undefined : retry;
      return fail(view, problemText(request.responseText), again);
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

function describe(loaded: number, total: number, bytesPerSecond: number): string {
  const percent = `${Math.floor((loaded / total) * 100)}\u00a0%`;
  const parts = [percent, `${formatSize(loaded)} of ${formatSize(total)}`];
  if (bytesPerSecond > 0) {
    const left = formatDuration((total - loaded) / bytesPerSecond);
    parts.push(`${formatSize(bytesPerSecond)}/s`, `${left} left`);
  }
  return parts.join(' · ');
}

/** The list takes the row's place; where the list does not show it (an older page), the row stays. */
async function showUploaded(row: Element, id: string): Promise<void> {
  const list = document.querySelector('#files');
  const fresh = list && (await fetchPart('files').catch(() => undefined));
  if (!fresh) return;
  mergeRows(list, fresh);
  const listed = list.querySelector(`[data-row="${CSS.escape(id)}"]`);
  if (!listed) return;
  listed.classList.add('fresh');
  if (row.contains(document.activeElement)) document.querySelector<HTMLElement>('#file')?.focus();
  row.remove();
}

const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;

function followUploads(form: HTMLFormElement, list: Element): void {
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
    // A press on Download looks like leaving, and is not.
    const downloading = performance.now() - downloadPressedAt < DOUBLE_CLICK_MS;
    if (running > 0 && !downloading) event.preventDefault();
  });
}

// --- start

document.documentElement.classList.add('scripted');
rememberRows(document);
localise(document);

// The outcome has been said; loading the page again must not say it again.
const here = new URL(location.href);
if (here.searchParams.has('done')) {
  here.searchParams.delete('done');
  history.replaceState(null, '', here);
}

const claims = document.querySelector('#claims');
if (claims) followClaims(claims);
const form = document.querySelector<HTMLFormElement>('#upload');
const uploads = document.querySelector('#uploads');
if (form && uploads) followUploads(form, uploads);

document.addEventListener('submit', (event) => {
  const pressed = event.target as HTMLFormElement;
  if (pressed.dataset['download'] !== undefined) onDownload(event, pressed);
  const fileId = pressed.dataset['copy'];
  if (fileId === undefined) return;
  event.preventDefault();
  void onCopy(pressed, fileId);
});

document.addEventListener('click', (event) => {
  const asked = document.querySelector<HTMLDetailsElement>('details.confirm[open]');
  if (asked && !asked.contains(event.target as Element)) asked.open = false;
  const button = (event.target as Element).closest<HTMLElement>('[data-copy-from]');
  const field =
    button && document.querySelector<HTMLTextAreaElement>(`#${button.dataset['copyFrom']}`);
  if (!field) return;
  void copyFrom(field, button);
});

document.addEventListener('keydown', (event) => {
  const open = document.querySelector<HTMLDetailsElement>('details.confirm[open]');
  if (event.key !== 'Escape' || !open) return;
  open.open = false;
  open.querySelector('summary')?.focus();
});
