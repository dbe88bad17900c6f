// The search for secrets in what a system keeps: every spelling of a secret in every place, as bytes, so that
// no decoding of a dump can hide one. Pure; where the places come from is in `read-places.ts`.

/** Something that only its holder may know. */
export interface Secret {
  /** What it is, for messages and exceptions: never the secret itself. */
  name: string;
  /** As it was handed out, and the bytes that it spells, if it spells some. */
  values: readonly Buffer[];
}

/** Something that is kept, or written: a dump, a log, a file. */
export interface Place {
  name: string;
  content: Buffer;
}

/** A secret with its text and, where the text spells bytes, these too. */
export function secret(name: string, text: string, ...spelled: readonly Buffer[]): Secret {
  if (text === '') throw new Error(`${name}: there is none, so nothing would be searched for`);
  const decoded = [...spelled, ...bytesSpelledBy(text)].filter(({ length }) => length >= 10);
  return { name, values: [Buffer.from(text), ...decoded] };
}

/** Every secret that was found, as `name in place`, each once, in order. */
export function findSecrets(secrets: readonly Secret[], places: readonly Place[]): string[] {
  const found = new Set<string>();
  for (const { name, values } of secrets) {
    const forms = values.flatMap(formsOf);
    for (const place of places) {
      if (forms.some((form) => holds(place.content, form))) found.add(`${name} in ${place.name}`);
    }
  }
  return [...found].toSorted();
}

/** Shorter ones would be found by chance inside numbers and hashes: they must stand by themselves. */
const SHORT_BYTES = 8;

function holds(content: Buffer, form: Buffer): boolean {
  for (let at = content.indexOf(form); at >= 0; at = content.indexOf(form, at + 1)) {
    if (form.length >= SHORT_BYTES) return true;
    const around = [content[at - 1], content[at + form.length]];
    if (!around.some(isPartOfWord)) return true;
  }
  return false;
}

function isPartOfWord(byte: number | undefined): boolean {
  return byte !== undefined && /[0-9A-Za-z._-]/.test(String.fromCharCode(byte));
}

/** The spellings in which the same bytes can be written down. */
function formsOf(bytes: Buffer): Buffer[] {
  const hex = bytes.toString('hex');
  const texts = [hex, hex.toUpperCase()];
  if (bytes.length >= SHORT_BYTES) texts.push(...base64Of(bytes));
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) {
    const percent = encodeURIComponent(text);
    const inJson = JSON.stringify(text).slice(1, -1);
    texts.push(percent, percent.replaceAll('%20', '+'), inJson);
  }
  return [bytes, ...texts.map((spelling) => Buffer.from(spelling))];
}

/**
 * Base64 and base64url of the bytes wherever they stand in what was encoded: three alignments, without the
 * characters at both ends that also depend on the neighbours.
 */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    const inner = encoded.slice(before === 0 ? 0 : before + 1, whole);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** What a text stands for when it is base64url, hex or base32 (RFC 4648), by its form; several may fit. */
function bytesSpelledBy(text: string): Buffer[] {
  const spelled: Buffer[] = [];
  if (/^[A-Za-z0-9_-]{22,}$/.test(text)) spelled.push(Buffer.from(text, 'base64url'));
  if (/^(?:[0-9a-f]{2}){10,}$/i.test(text)) spelled.push(Buffer.from(text, 'hex'));
  const plain = text.toLowerCase().replace(/[-=\s]/g, '');
  if (/^[a-z2-7]{16,}$/.test(plain)) {
    spelled.push(Buffer.from(plain), bytesOfBase32(plain));
  }
  return spelled;
}

function bytesOfBase32(plain: string): Buffer {
  const bits = Array.from(plain, (one) => BASE32.indexOf(one).toString(2).padStart(5, '0')).join(
    '',
  );
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
