// A part of this page, fetched again and merged in row by row, so that focus and open details survive.
import { localise } from './local-times.js';
import { FETCH_TIMEOUT_MS } from './page-elements.js';

/** The element with this id on this page as it is now; undefined when nobody is signed in. */
export async function fetchPart(id: string): Promise<Element | undefined> {
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

export function rememberRows(part: ParentNode): void {
  for (const row of part.querySelectorAll('[data-row]')) sentRows.set(row, row.outerHTML);
}

export const keyOf = (row: Element) => row.getAttribute('data-row');

/**
 * Makes `part` show what `fresh` does. A row that did not change stays the same element, with its
 * focus and its open details. Returns the rows that are new or changed.
 */
export function mergeRows(part: Element, fresh: Element): Element[] {
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

const stops = (row: Element) => [...row.querySelectorAll<HTMLElement>('a[href], button, summary')];

function replaceRow(old: Element, row: Element): void {
  const focused = stops(old).findIndex((stop) => stop === document.activeElement);
  const open = [...old.querySelectorAll('details')].map((details) => details.open);
  old.replaceWith(row);
  row.querySelectorAll('details').forEach((details, i) => (details.open = open[i] ?? false));
  if (focused < 0) return;
  row.setAttribute('tabindex', '-1');
  (stops(row)[focused] ?? (row as HTMLElement)).focus({ preventScroll: true });
}
