// What of a request's address may stand in a log. The logger cuts tokens that it recognises; here, where
// any path may hold one in some other spelling (percent-encoded, a JWT), every long part goes as well.
const LONGEST_SEGMENT = 64;

/** The path without its query, and without any segment of over 64 characters. */
export function cutLongSegments(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment.length > LONGEST_SEGMENT ? '{cut}' : segment))
    .join('/');
}
