// What a storage key may look like: a relative path of plain segments. The download server checks
// the opened file again (it may have been swapped for a link); this is the first of two walls.
import { MAX_NAME_BYTES, MAX_STORAGE_KEY_BYTES } from './limits.js';

/**
 * True when `key` names a file strictly below a root: segments separated by `/`, none of them empty,
 * `.` or `..`, no backslash (a separator on Windows), no control characters, each at most 255 bytes
 * and the whole at most 512, well-formed Unicode.
 */
export function isStorageKey(key: string): boolean {
  if (!key.isWellFormed() || Buffer.byteLength(key) > MAX_STORAGE_KEY_BYTES) return false;
  // oxlint-disable-next-line no-control-regex -- refusing control characters is the point
  if (/[\u0000-\u001f\u007f\\]/.test(key)) return false;
  return key
    .split('/')
    .every(
      (segment) =>
        segment !== '' &&
        segment !== '.' &&
        segment !== '..' &&
        Buffer.byteLength(segment) <= MAX_NAME_BYTES,
    );
}
