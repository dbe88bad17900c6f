// Small things that every part of the script needs: saying something, making an element, and the
// sentence of a refusal. Text from the server or the person is only ever set as text.

/** How long the server may take to answer. */
export const FETCH_TIMEOUT_MS = 10_000;
export const UNREACHABLE = 'The server cannot be reached. Check your connection.';

/** Lets a screen reader say it, without moving anything. */
export function announce(text: string): void {
  const place = document.querySelector('#announcement');
  if (place) place.textContent = text;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = '',
) {
  const made: HTMLElementTagNameMap[K] = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** The sentence of a problem document (RFC 9457), or a general one for anything else. */
export function problemText(body: string): string {
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
