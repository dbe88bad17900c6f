// Tokens that a verifier refuses, each with what it is told outside and with our verifier's own reason.
import {
  AUDIENCE,
  DAY_MS,
  DOWNLOAD,
  EXP_MS,
  HAND_OFF,
  ISSUER,
  KEY_A,
  KEY_B,
  NOW_MS,
  OTHER_ACTS,
  padded,
  STRANGER,
} from './accepted-vectors.js';
import { ofMissingFields, ofTheShape } from './ill-shaped-vectors.js';
import { refuse, sign, signed, type RefusedVector } from './refused-vector.js';
import { HEADER } from './sign.js';

const GOOD = JSON.stringify(DOWNLOAD);
/** L of RFC 8032 section 5.1. */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

export function makeRefused(): RefusedVector[] {
  return [
    ...ofTheForm(),
    ...ofFooterAndKey(),
    ...ofTheSignature(),
    ...ofTheJson(),
    ...ofMissingFields(),
    ...ofTheShape(),
    ...ofTheAddressee(),
    ...ofTheTimes(),
  ];
}

const footerOf = (token: string) => token.slice(token.lastIndexOf('.') + 1);
const bodyOf = (token: string) => token.slice(HEADER.length, token.lastIndexOf('.'));
const b64 = (text: string) => Buffer.from(text).toString('base64url');

function ofTheForm(): RefusedVector[] {
  const token = sign(GOOD);
  const [body, footer] = [bodyOf(token), footerOf(token)];
  const loose = (text: string) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`;
  // One byte short of a multiple of three, so that its last character has bits to spare.
  const spare = bodyOf(sign(GOOD.padEnd(Math.ceil(GOOD.length / 3) * 3 + 1)));
  return [
    refuse('malformed', 'nothing', ''),
    refuse('malformed', 'the header alone', HEADER),
    refuse('malformed', 'cut off by a character', token.slice(0, -1)),
    refuse('malformed', 'cut off in the middle', token.slice(0, token.length / 2)),
    refuse('malformed', 'the header of version 2', token.replace('v4.', 'v2.')),
    refuse('wrong-version', 'the header of version 3', token.replace('v4.', 'v3.')),
    refuse('malformed', 'the header of another purpose', token.replace('.public.', '.local.')),
    refuse('malformed', 'a header in capitals', token.replace('v4.public', 'V4.PUBLIC')),
    refuse('malformed', 'no footer', `${HEADER}${body}`),
    refuse('malformed', 'an empty footer', `${HEADER}${body}.`),
    refuse('malformed', 'a fifth part', `${token}.${footer}`),
    refuse('malformed', 'padding', `${token}=`),
    refuse('malformed', 'a space before it', ` ${token}`),
    refuse('malformed', 'a line end after it', `${token}\n`),
    refuse('malformed', 'a character of the other base64', `${HEADER}+${body.slice(1)}.${footer}`),
    refuse(
      'malformed',
      'a body shorter than a signature',
      `${HEADER}${b64('{}'.repeat(31))}.${footer}`,
    ),
    refuse('malformed', 'a JWT without an algorithm', `${b64('{"alg":"none"}')}.${b64(GOOD)}.`),
    refuse('malformed', 'the public key itself', KEY_A.publicPaserk),
    refuse(
      'bad-signature',
      'a body whose last character has bits to spare',
      `${HEADER}${loose(spare)}.${footer}`,
    ),
    refuse('too-long', 'of 4097 characters', sign(padded(GOOD, 4097))),
  ];
}

function ofFooterAndKey(): RefusedVector[] {
  const footers: [string, string][] = [
    ['a footer that is no JSON', KEY_A.kid],
    ['a footer that is a list', JSON.stringify([KEY_A.kid])],
    ['a footer that is a text', JSON.stringify(KEY_A.kid)],
    ['a footer without a key id', '{}'],
    ['a footer with a second field', JSON.stringify({ kid: KEY_A.kid, wpk: 'x' })],
    ['a footer that names its key twice', `{"kid":"${KEY_B.kid}","kid":"${KEY_A.kid}"}`],
    ['a footer with a byte order mark', `\u{FEFF}{"kid":"${KEY_A.kid}"}`],
    ['a key id that is a path', JSON.stringify({ kid: '../../../dev/null' })],
    ['a key id that is a number', JSON.stringify({ kid: 1 })],
    ['a public key in place of its id', JSON.stringify({ kid: KEY_A.publicPaserk })],
    ['a key id cut short', JSON.stringify({ kid: KEY_A.kid.slice(0, -1) })],
    ['a key id in capitals', JSON.stringify({ kid: KEY_A.kid.toUpperCase() })],
  ];
  const otherKey = JSON.stringify({ kid: KEY_B.kid });
  return [
    ...footers.map(([name, footer]) => refuse('malformed', name, sign(GOOD, { footer }))),
    refuse('unknown-key', 'a key that is not published', sign(GOOD, { key: STRANGER })),
    refuse(
      'bad-signature',
      'a key that is not published, under the id of one that is',
      sign(GOOD, { key: STRANGER, footer: JSON.stringify({ kid: KEY_A.kid }) }),
    ),
    refuse('bad-signature', 'the id of another published key', sign(GOOD, { footer: otherKey })),
  ];
}

function ofTheSignature(): RefusedVector[] {
  const token = sign(GOOD);
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(bodyOf(token), 'base64url');
    change(bytes);
    return `${HEADER}${bytes.toString('base64url')}.${footerOf(token)}`;
  };
  const turn = (at: number) => (bytes: Buffer) => {
    const place = at < 0 ? bytes.length + at : at;
    bytes[place] = (bytes[place] ?? 0) ^ 1;
  };
  const addOrder = (bytes: Buffer) => {
    const s = BigInt(`0x${Buffer.from(bytes.subarray(-32).toReversed()).toString('hex')}`);
    const hex = (s + GROUP_ORDER).toString(16).padStart(64, '0');
    bytes.set(Buffer.from(hex, 'hex').toReversed(), bytes.length - 32);
  };
  const spaced = ` {"kid":"${KEY_A.kid}"}`;
  return [
    refuse('bad-signature', 'a bit of R turned', changed(turn(-64))),
    refuse('bad-signature', 'a bit of S turned', changed(turn(-32))),
    refuse('bad-signature', 'a bit of the payload turned', changed(turn(10))),
    refuse('bad-signature', "the group's order added to S", changed(addOrder)),
    refuse(
      'bad-signature',
      'zeros for a signature',
      changed((bytes) => bytes.fill(0, bytes.length - 64)),
    ),
    refuse('bad-signature', 'an implicit assertion signed along', sign(GOOD, { implicit: 'x' })),
    refuse(
      'bad-signature',
      'another footer than the one that was signed',
      `${token.slice(0, token.lastIndexOf('.'))}.${b64(spaced)}`,
    ),
    refuse(
      'bad-signature',
      'the payload of another token',
      `${HEADER}${Buffer.concat([
        Buffer.from(GOOD.replace('"strict"', '"resumable"')),
        Buffer.from(bodyOf(token), 'base64url').subarray(-64),
      ]).toString('base64url')}.${footerOf(token)}`,
    ),
  ];
}

/** Signed as they are: what is wrong is what the minter signed. */
function ofTheJson(): RefusedVector[] {
  const bytes = Buffer.from(GOOD);
  const broken = Buffer.concat([bytes.subarray(0, -2), Buffer.from([0xff]), bytes.subarray(-2)]);
  const noJson: [string, string | Uint8Array][] = [
    ['a payload that is no JSON', 'hello'],
    ['an empty payload', ''],
    ['a payload that is a list', `[${GOOD}]`],
    ['a payload that is null', 'null'],
    ['a payload that is not UTF-8', broken],
    ['something after the JSON', `${GOOD}x`],
    ['a comma too many', GOOD.replace(/\}$/, ',}')],
    ['NaN for a number', GOOD.replace('12345678', 'NaN')],
  ];
  const twice: [string, string][] = [
    ['a field twice, the same', GOOD.replace('{', '{"act":"download",')],
    ['a field twice, another first', GOOD.replace('{', '{"aud":"https://evil.example",')],
    [
      'a field twice, once with an escape',
      GOOD.replace('{', String.raw`{"\u0061ud":"https://evil.example",`),
    ],
    ['a field of the file twice', GOOD.replace('"fil":{', '"fil":{"key":"other",')],
    ['a byte order mark', `\u{FEFF}${GOOD}`],
  ];
  return [
    ...noJson.map(([name, payload]) => refuse('bad-signature', name, sign(payload))),
    ...twice.map(([name, payload]) => refuse('bad-shape', name, sign(payload))),
  ];
}

function ofTheAddressee(): RefusedVector[] {
  const issuers = [
    `${ISSUER}/`,
    'https://evil.example',
    ISSUER.toUpperCase(),
    `${ISSUER}.evil.example`,
  ];
  const audiences = [`${AUDIENCE}/`, ISSUER, AUDIENCE.replace('https', 'http'), `${AUDIENCE}:443`];
  const late = { nowMs: EXP_MS + DAY_MS * 2 };
  return [
    ...issuers.map((iss) =>
      refuse('wrong-issuer', `the issuer ${iss}`, signed({ ...DOWNLOAD, iss })),
    ),
    ...audiences.map((aud) =>
      refuse('wrong-audience', `the audience ${aud}`, signed({ ...DOWNLOAD, aud })),
    ),
    refuse(
      'wrong-audience',
      'expired, and for another audience: that it expired is not told',
      signed({ ...DOWNLOAD, aud: ISSUER }),
      late,
    ),
    ...OTHER_ACTS.map((claim) =>
      refuse('bad-shape', `a claim of the act ${claim.act} for a download`, signed(claim)),
    ),
    ...OTHER_ACTS.map(({ act }) =>
      refuse('bad-shape', `a download claim for the act ${act}`, signed(DOWNLOAD), { act }),
    ),
    refuse('bad-shape', 'a hand-off for a download', signed(HAND_OFF)),
    refuse('bad-shape', 'a sign-in for a hand-off', signed(OTHER_ACTS[0]), { act: 'hand-off' }),
    ...OTHER_ACTS.map(({ act }, at) => {
      const other = OTHER_ACTS[(at + 1) % OTHER_ACTS.length];
      return refuse('bad-shape', `a claim of the act ${other?.act} for ${act}`, signed(other), {
        act,
      });
    }),
  ];
}

function ofTheTimes(): RefusedVector[] {
  const resumable = { ...DOWNLOAD, mod: 'resumable' };
  const expired = (name: string, claim: object, nowMs: number): RefusedVector => ({
    name,
    act: 'download',
    nowMs,
    token: signed(claim),
    refusal: 'expired',
  });
  return [
    refuse(
      'life-too-long',
      'of a life of 15 minutes and a second',
      signed({ ...DOWNLOAD, exp: '2026-11-22T12:15:01Z' }),
    ),
    refuse(
      'life-too-long',
      'of a life of a year',
      signed({ ...DOWNLOAD, exp: '2027-11-22T12:00:00Z' }),
    ),
    refuse('life-too-long', 'of no life', signed({ ...DOWNLOAD, exp: DOWNLOAD.iat })),
    refuse(
      'life-too-long',
      'that expires before it is issued',
      signed({ ...DOWNLOAD, exp: '2026-11-22T11:59:59Z' }),
    ),
    refuse(
      'issued-in-future',
      'a millisecond before five seconds before it was issued',
      signed(DOWNLOAD),
      { nowMs: NOW_MS - 5001 },
    ),
    expired('a millisecond after five seconds after it expired', DOWNLOAD, EXP_MS + 5001),
    expired('a year after it expired', DOWNLOAD, EXP_MS + 365 * DAY_MS),
    expired(
      'resumable, a millisecond after a day and five seconds',
      resumable,
      EXP_MS + 5001 + DAY_MS,
    ),
    {
      ...expired(
        'for signing in, a millisecond after five seconds after it expired',
        OTHER_ACTS[0] ?? {},
        EXP_MS + 5001,
      ),
      act: 'sign-in',
    },
  ];
}
