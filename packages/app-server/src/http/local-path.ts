// Where to go after signing in. The wish comes from the URL, so it may be anybody's: only a path of
// our own is followed.

const NOWHERE = 'http://localhost';

/** The path and query when `text` stays on this origin and no browser can read it otherwise. */
export function localPath(text: unknown): string | undefined {
  // oxlint-disable-next-line no-control-regex -- browsers drop control characters, then see "//"
  if (typeof text !== 'string' || !/^\/(?![/\\])[^\u0000-\u0020\\\u007f]*$/.test(text))
    return undefined;
  if (!URL.canParse(text, NOWHERE)) return undefined;
  const url = new URL(text, NOWHERE);
  if (url.origin !== NOWHERE || url.pathname.startsWith('//')) return undefined;
  return url.pathname + url.search;
}
