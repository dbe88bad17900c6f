// What of a download's address may stand in the log: nothing of what stands where the token does, however
// it is spelled, and nothing long anywhere else.
import { cutLongSegments } from '@claimcheck/shared/http';

/** The path without its query, without the token, and without any other segment of over 64 characters. */
export function loggablePath(path: string): string {
  const segments = path.split('/');
  if (segments[1] === 'd' && segments[2] !== undefined && segments[2] !== '') {
    segments[2] = '{token}';
  }
  return cutLongSegments(segments.join('/'));
}
