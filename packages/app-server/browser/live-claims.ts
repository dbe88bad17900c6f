// The claims page, kept up to date while somebody looks at it.
import { fetchPart, keyOf, mergeRows } from './merge-rows.js';
import { announce, UNREACHABLE } from './page-elements.js';

const POLL_MS = 1000;
const POLL_AFTER_FAILURE_MS = 5000;
const SIGNED_OUT = 'You are signed out. Load the page again to sign in.';

const textOf = (row: Element, place: string) => row.querySelector(place)?.textContent ?? '';

export function followClaims(part: Element): void {
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
