// The pages about links, kept up to date while somebody looks: the server says when something has
// changed (server-sent events), and the part of the page is fetched again.
import { fetchPart, keyOf, mergeRows } from './merge-rows.js';
import { announce, UNREACHABLE } from './page-elements.js';
import { localise } from './local-times.js';

const SIGNED_OUT = 'You are signed out. Load the page again to sign in.';
const textOf = (part: Element, place: string) => part.querySelector(place)?.textContent ?? '';

/** The list: rows that changed are replaced, and read out when their state did. */
export function followLinks(part: Element): void {
  follow('/api/links/events', 'links-note', async () => {
    const states = new Map(
      [...part.querySelectorAll('[data-row]')].map((row) => [
        keyOf(row),
        row.getAttribute('data-state'),
      ]),
    );
    const fresh = await fetchPart(part.id);
    if (!fresh) return false;
    const turned = mergeRows(part, fresh).filter(
      (row) => states.has(keyOf(row)) && states.get(keyOf(row)) !== row.getAttribute('data-state'),
    );
    const news = turned.map(
      (row) => `${textOf(row, '.file-name')}: ${textOf(row, '.state-words')}`,
    );
    if (news.length > 0) announce(news.join('. '));
    return true;
  });
}

/** One link: facts and story are replaced as a whole; nothing in them can have the focus. */
export function followLink(part: HTMLElement): void {
  follow(`/api/links/${part.dataset['link']}/events`, 'link-note', async () => {
    const fresh = await fetchPart(part.id);
    if (!fresh) return false;
    const before = part.dataset['state'];
    part.replaceChildren(...fresh.childNodes);
    part.dataset['state'] = fresh.getAttribute('data-state') ?? '';
    localise(part);
    if (part.dataset['state'] !== before) announce(textOf(part, '.state-words'));
    return true;
  });
}

/** Calls `refresh` at each change, one at a time; it resolves with false when nobody is signed in. */
function follow(url: string, noteId: string, refresh: () => Promise<boolean>): void {
  const note = document.getElementById(noteId);
  const say = (text: string) => note && note.textContent !== text && (note.textContent = text);
  const source = new EventSource(url);
  let running = false;
  let again = false;

  async function run(): Promise<void> {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        if (await refresh()) say('');
        else {
          source.close();
          say(SIGNED_OUT);
        }
      }
    } catch {
      say(`${UNREACHABLE} What you see here may be out of date.`);
    }
    running = false;
  }

  source.addEventListener('change', () => void run());
  source.addEventListener('error', () => {
    // Closed for good means refused, most likely since nobody is signed in; else it tries by itself.
    say(
      source.readyState === EventSource.CLOSED
        ? 'This page is no longer kept up to date. Load it again.'
        : `${UNREACHABLE} What you see here may be out of date.`,
    );
  });
}
