// `Uint8Array.fromBase64` and `toBase64` where the engine has none yet (Node before 25). The PASETO library
// takes them where they exist, and else loops over each token's bytes in JavaScript, a sixth of what a whole
// verification costs. Whatever the standard refuses is refused here, since the library counts on it.

/** ECMAScript, "Uint8Array to and from base64": FromBase64 and its options. */
interface ReadOptions {
  alphabet?: 'base64' | 'base64url';
  lastChunkHandling?: 'loose' | 'strict' | 'stop-before-partial';
}

interface WriteOptions {
  alphabet?: 'base64' | 'base64url';
  omitPadding?: boolean;
}

const WHITE_SPACE = /[\t\n\f\r ]+/g;
const WHOLE_ALPHABET = { base64: /^[A-Za-z0-9+/]*$/, base64url: /^[A-Za-z0-9_-]*$/ } as const;
/** What stands behind the last whole group of four. */
const LAST_GROUP = /^(?:([^=]{2})(={0,2})|([^=]{3})(=?))$/;

/** Adds the two to `target`, each only if it is missing there. */
export function installBase64(target: typeof Uint8Array = Uint8Array): void {
  add(target, 'fromBase64', fromBase64);
  add(target.prototype, 'toBase64', function toBase64Method(this: unknown, options?: WriteOptions) {
    if (!(this instanceof Uint8Array)) throw new TypeError('this is not a Uint8Array');
    return toBase64(this, options);
  });
}

/** As the methods of the language are: writable, and not to be met in a loop over the properties. */
function add(where: object, name: string, value: unknown): void {
  if (name in where) return;
  Object.defineProperty(where, name, { value, writable: true, configurable: true });
}

/**
 * @throws TypeError for what is no string, and for unknown options
 * @throws SyntaxError for text that is no base64 of this alphabet
 */
export function fromBase64(text: string, options: ReadOptions = {}): Uint8Array<ArrayBuffer> {
  if (typeof text !== 'string') throw new TypeError('base64 is read from a string');
  const { alphabet = 'base64', lastChunkHandling = 'loose' } = options;
  const whole = wholeAlphabet(alphabet);
  if (!['loose', 'strict', 'stop-before-partial'].includes(lastChunkHandling))
    throw new TypeError('unknown lastChunkHandling');
  // A token's way: nothing but the alphabet, and no bit too many or too few.
  if (lastChunkHandling === 'loose' && text.length % 4 !== 1 && whole.test(text))
    return decode(text);
  const dense = text.replace(WHITE_SPACE, '');
  const groups = dense.slice(0, dense.length - (dense.length % 4 || 4));
  if (!whole.test(groups)) throw new SyntaxError('not base64');
  return decode(groups + lastGroup(dense.slice(groups.length), whole, lastChunkHandling));
}

/** What of the last one to four characters is to be decoded, without padding. */
function lastGroup(text: string, whole: RegExp, handling: ReadOptions['lastChunkHandling']) {
  if (whole.test(text) && (text.length === 4 || text.length === 0)) return text;
  const isPartial = handling === 'stop-before-partial';
  if (isPartial && text.length < 4 && whole.test(text)) return '';
  const [, two, afterTwo = '', three, afterThree = ''] = LAST_GROUP.exec(text) ?? [];
  const digits = two ?? three;
  if (digits === undefined || !whole.test(digits)) throw new SyntaxError('not base64');
  const isPadded = text.length === 4;
  if (afterTwo === '=' || (!isPadded && afterTwo + afterThree !== '')) {
    if (isPartial) return '';
    throw new SyntaxError('base64 with half of its padding');
  }
  if (handling === 'strict' && !(isPadded && endsInZeroBits(digits)))
    throw new SyntaxError('base64 that is not strict');
  return digits;
}

/** Whether the bits behind the last byte are zero, as an encoder writes them. */
function endsInZeroBits(digits: string): boolean {
  return Buffer.from(digits, 'base64').toString('base64').startsWith(standard(digits));
}

const standard = (digits: string) => digits.replaceAll('-', '+').replaceAll('_', '/');

/** Only for text that has been looked at: Buffer skips what it does not know. */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  Buffer.from(bytes.buffer).write(text, 'base64url');
  return bytes;
}

function toBase64(bytes: Uint8Array, options: WriteOptions = {}): string {
  const { alphabet = 'base64', omitPadding = false } = options;
  wholeAlphabet(alphabet);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(alphabet);
  // Buffer pads the one and not the other.
  if (alphabet === 'base64') return omitPadding ? text.replace(/=+$/, '') : text;
  return omitPadding ? text : text + '='.repeat(-text.length & 3);
}

function wholeAlphabet(alphabet: string): RegExp {
  if (alphabet !== 'base64' && alphabet !== 'base64url') throw new TypeError('unknown alphabet');
  return WHOLE_ALPHABET[alphabet];
}
