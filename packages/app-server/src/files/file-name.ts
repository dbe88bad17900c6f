// What an uploaded file may be called. Names are shown and offered for saving, never used as a path
// on our side; what is refused here would still mislead or fail on the machine that saves it.
import { fileName, MAX_NAME_BYTES, mediaType } from '@claimcheck/shared/claim';
import { Refused } from '../http/problems.js';

const ANY_BYTES = 'application/octet-stream';

/**
 * The name, when it is one: 1 to 255 bytes of well-formed UTF-8, no control character, no `/` or
 * `\`, not `.` or `..`.
 * @throws Refused `invalid-input` that says what was wrong.
 */
export function checkFileName(name: unknown): string {
  const fault = faultOf(name);
  if (fault !== undefined) throw new Refused('invalid-input', `name: ${fault}`);
  return name as string;
}

function faultOf(name: unknown): string | undefined {
  if (Array.isArray(name)) return 'give it once';
  if (typeof name !== 'string' || name === '') return 'a file needs a name';
  if (/\p{Cc}/u.test(name)) return 'control characters (line breaks among them) are not allowed';
  if (/[/\\]/.test(name)) return 'slashes are not allowed; give the name without its folder';
  if (name === '.' || name === '..') return `"${name}" means a folder`;
  if (!name.isWellFormed()) return 'not well-formed Unicode';
  if (!fileName.safeParse(name).success) {
    return `${Buffer.byteLength(name)} bytes long in UTF-8; at most ${MAX_NAME_BYTES} are allowed`;
  }
  return undefined;
}

/** The media type a client stated, or "any bytes" when it stated none that a claim can carry. */
export function mediaTypeOf(stated: string | undefined): string {
  const parsed = mediaType.safeParse(stated?.trim());
  return parsed.success ? parsed.data : ANY_BYTES;
}
