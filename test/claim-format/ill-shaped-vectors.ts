// Claims whose fields are missing, too many, or not of their shape: signed well, so that only the shape is wrong.
import { AUDIENCE, DOWNLOAD, FILE, HAND_OFF, TAGGED_FILE } from './accepted-vectors.js';
import { refuse, sign, signed, type RefusedVector } from './refused-vector.js';

/** What the PASETO library looks at by itself (types of registered claims) it says by refusing the token. */
const BY_THE_LIBRARY = new Set([
  'a time in small letters',
  'a time with a space',
  'a leap second',
  'the 30th of February',
  'the 29th of February of no leap year',
  'the hour 24',
  'an issue on the 30th of February',
  'digits of another script in a time',
  'a number for a time',
  'an audience that is a list',
]);
export function ofMissingFields(): RefusedVector[] {
  const all = Object.keys(DOWNLOAD).filter((field) => field !== 'ses');
  const lacking = (whole: object, field: string) =>
    Object.fromEntries(Object.entries(whole).filter(([name]) => name !== field));
  return [
    ...all.map((field) =>
      refuse('bad-shape', `without ${field}`, signed(lacking(DOWNLOAD, field))),
    ),
    ...Object.keys(FILE).map((field) =>
      refuse(
        'bad-shape',
        `without fil.${field}`,
        signed({ ...DOWNLOAD, fil: lacking(FILE, field) }),
      ),
    ),
  ];
}

export function ofTheShape(): RefusedVector[] {
  const claims: [string, object][] = [
    ['a field that is not known', { admin: true }],
    ['a field named toString', { toString: 'x' }],
    ['null for an optional field', { ses: null }],
    ['a nonce of 21 characters', { jti: DOWNLOAD.jti.slice(1) }],
    ['a nonce whose last character has bits to spare', { jti: `${DOWNLOAD.jti.slice(0, -1)}x` }],
    ['a nonce with padding', { jti: `${DOWNLOAD.jti.slice(0, -2)}==` }],
    ['a time with an offset', { iat: '2026-11-22T12:00:00+00:00' }],
    ['a time with a fraction', { exp: '2026-11-22T12:02:00.000Z' }],
    ['a time in small letters', { exp: '2026-11-22t12:02:00z' }],
    ['a time with a space', { exp: '2026-11-22 12:02:00Z' }],
    ['a leap second', { exp: '2026-11-22T12:01:60Z' }],
    ['the 30th of February', { iat: '2026-02-30T12:00:00Z', exp: '2026-02-30T12:02:00Z' }],
    ['the 29th of February of no leap year', { exp: '2026-02-29T12:02:00Z' }],
    ['an issue on the 30th of February', { iat: '2026-02-30T12:00:00Z' }],
    ['the hour 24', { exp: '2026-11-22T24:00:00Z' }],
    ['digits of another script in a time', { exp: '２026-11-22T12:02:00Z' }],
    ['a number for a time', { exp: 1_795_348_920 }],
    ['an empty subject', { sub: '' }],
    ['an e-mail address for a subject', { sub: 'ada@example.org' }],
    ['a subject of 65 characters', { sub: 'x'.repeat(65) }],
    ['a subject with a line end', { sub: 'q3cWlYvGxq0a\n' }],
    ['an empty fence', { fen: '' }],
    ['a fence with a colon', { fen: 'Kx3:9aQf' }],
    ['a session with a colon', { ses: 'account:x' }],
    ['an account with a colon', { acc: 'link:x' }],
    ['an act that is not known', { act: 'upload' }],
    ['a mode that is not known', { mod: 'twice' }],
    ['an audience that is a list', { aud: [AUDIENCE] }],
    ['an empty issuer', { iss: '' }],
    ['a file that is a list', { fil: [FILE] }],
  ];
  const files: [string, object][] = [
    ['a file field that is not known', { root: '/' }],
    ['a storage key that leads up', { key: '../secret' }],
    ['a storage key that leads up further in', { key: 'a/../../secret' }],
    ['a storage key from the root', { key: '/etc/passwd' }],
    ['an empty segment in a storage key', { key: 'a//b' }],
    ['a storage key that ends with a slash', { key: 'a/' }],
    ['a storage key that is a dot', { key: '.' }],
    ['an empty storage key', { key: '' }],
    ['a backslash in a storage key', { key: String.raw`a\b` }],
    ['a zero byte in a storage key', { key: 'a\0b' }],
    ['a control character in a storage key', { key: 'a\u{7F}b' }],
    ['a storage key with a segment of 256 bytes', { key: 'é'.repeat(128) }],
    ['a storage key of 513 bytes', { key: `${'a/'.repeat(256)}b` }],
    ['half a surrogate pair in a storage key', { key: 'a\u{D800}' }],
    ['an empty name', { name: '' }],
    ['a name of 256 bytes', { name: 'é'.repeat(128) }],
    ['half a surrogate pair in a name', { name: '\u{D800}.txt' }],
    ['a media type without a subtype', { type: 'text' }],
    ['a line end in a media type', { type: 'text/plain\r\nX: y' }],
    ['a media type of 128 characters', { type: `text/${'x'.repeat(123)}` }],
    ['a negative size', { size: -1 }],
    ['a size that is not whole', { size: 1.5 }],
    ['a size in quotes', { size: '1' }],
    ['a size of 2^53', { size: 2 ** 53 }],
    ['a hash of 42 characters', { sha256: FILE.sha256.slice(1) }],
    ['a hash of 44 characters', { sha256: `L${FILE.sha256}` }],
    ['a hash whose last character has bits to spare', { sha256: `${FILE.sha256.slice(0, -1)}R` }],
    ['a hash with padding', { sha256: `${FILE.sha256}=` }],
    ['a hash in the other base64', { sha256: FILE.sha256.replace('-', '+') }],
    ['a hash in hexadecimal', { sha256: '2c'.repeat(32) }],
    ['null for a hash', { sha256: null }],
    ['a hash and an entity tag', { etag: FILE.sha256.slice(0, 16) }],
    ['a modification time that is not whole', { mtime: 0.5 }],
  ];
  const taggedFiles: [string, object][] = [
    ['neither a hash nor an entity tag', { etag: undefined }],
    ['null for an entity tag', { etag: null }],
    ['an entity tag of 15 characters', { etag: 'Zm9vYmFyYmF6cXV' }],
    ['an entity tag of 65 characters', { etag: 'Z'.repeat(65) }],
    ['an entity tag in quotes', { etag: '"Zm9vYmFyYmF6cXV4"' }],
    ['an entity tag beside null for a hash', { sha256: null }],
  ];
  const handOffs: [string, object][] = [
    ['a hand-off without a session', { ses: undefined }],
    ['a hand-off without a state', { sta: undefined }],
    ['a hand-off without a method', { met: undefined }],
    ['a hand-off that does not say when it was proven', { prv: undefined }],
    ['a hand-off whose state has bits to spare', { sta: `${HAND_OFF.sta.slice(0, -1)}R` }],
    ['a hand-off with a method in capitals', { met: 'PASSWORD' }],
    ['a hand-off proven on the 31st of April', { prv: '2026-04-31T11:55:00Z' }],
    ['a hand-off with a file', { fil: FILE }],
  ];
  const proto = JSON.stringify(DOWNLOAD).replace('{', '{"__proto__":{},');
  return [
    ...claims.map(([name, change]) =>
      refuse(
        BY_THE_LIBRARY.has(name) ? 'bad-signature' : 'bad-shape',
        name,
        signed({ ...DOWNLOAD, ...change }),
      ),
    ),
    ...files.map(([name, change]) =>
      refuse('bad-shape', name, signed({ ...DOWNLOAD, fil: { ...FILE, ...change } })),
    ),
    ...taggedFiles.map(([name, change]) =>
      refuse('bad-shape', name, signed({ ...DOWNLOAD, fil: { ...TAGGED_FILE, ...change } })),
    ),
    ...handOffs.map(([name, change]) =>
      refuse('bad-shape', name, signed({ ...HAND_OFF, ...change }), { act: 'hand-off' }),
    ),
    refuse('bad-shape', 'a field named __proto__', sign(proto)),
  ];
}
