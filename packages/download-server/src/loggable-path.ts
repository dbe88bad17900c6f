// What of a request's address may stand in the log. The logger cuts tokens that it recognises; here, where
// any path may hold one in some other spelling (percent-encoded, a JWT, cut in two), long parts go too.
const LONGEST_SEGMENT = 64;

/** The path without its query, without the token, and without any other segment of over 64 characters. */
export function loggablePath(path: string): string {
  const segments = path.split('/');
  return segments
    .map((segment, i) => {
      if (i === 2 && segments[1] === 'd' && segment !== '') return '{token}';
      return segment.length > LONGEST_SEGMENT ? '{cut}' : segment;
    })
    .join('/');
}
