// Claims that a verifier accepts: of every act, and at every edge of what it accepts.
import {
  budgetOf,
  claimSchemas,
  revocationSubjects,
  secondsOf,
  type Act,
  type Claim,
  type ClaimedFile,
  type KeyId,
} from '@claimcheck/shared/claim';
import { burnRequestOf, parseNonce, shardKeys } from '@claimcheck/shared/ledger';
import { HEADER, signToken, vectorKey } from './sign.js';

export const KEY_A = vectorKey('a', 1);
export const KEY_B = vectorKey('b', 2);
/** In no published document. */
export const STRANGER = vectorKey('stranger', 3);

export const ISSUER = 'https://app.example.org';
export const AUDIENCE = 'https://files.example.org';
export const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
export const EXP_MS = NOW_MS + 120_000;
export const DAY_MS = 24 * 60 * 60_000;
const TOKEN_CHARACTERS = 4096;

const common = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'q3cWlYvGxq0a',
  jti: 'AAECAwQFBgcICQoLDA0ODw',
  iat: '2026-11-22T12:00:00Z',
  exp: '2026-11-22T12:02:00Z',
  fen: 'Kx3_9aQf',
};

export const FILE = {
  key: 'k7Qe9dU2mWsR4tYx',
  name: 'report.pdf',
  type: 'application/pdf',
  size: 12_345_678,
  sha256: 'LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ',
  mtime: 1_795_348_800_123,
};

const { sha256: _sha256, ...unhashed } = FILE;
/** Of which no hash is known. */
export const TAGGED_FILE = { ...unhashed, etag: 'Zm9vYmFyYmF6cXV4' };

export const DOWNLOAD = {
  ...common,
  act: 'download' as const,
  ses: 'b1oT4fQm7yZx',
  fil: FILE,
  mod: 'strict' as const,
};

/** Of the acts that a verifier of the app server's own accepts. */
export const OTHER_ACTS = (['sign-in', 'reset-password', 'accept-invitation'] as const).map(
  (act) => ({ ...common, act }),
);

/** From one app server to another. */
export const HAND_OFF = {
  ...common,
  act: 'hand-off' as const,
  ses: 'b1oT4fQm7yZx',
  sta: 'LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ',
  met: 'password',
  prv: '2026-11-22T11:55:00Z',
};

export interface AcceptedVector {
  name: string;
  act: Act;
  /** Unix milliseconds. */
  nowMs: number;
  token: string;
  /** Id of the key that has signed. */
  kid: KeyId;
  claim: Claim;
  /** Past `exp`, only a copy that has begun may go on. */
  mayBegin: boolean;
  revocationSubjects: string[];
  /** What a burn in one Redis server with the prefix `claimcheck:` is given. */
  burn: {
    keys: string[];
    fence: string;
    forgetAtMs: number;
    issuedAtMs: number;
    member: string;
    setsExpireAt: number;
    budgetBytes?: number;
  };
  /** Of a download: what the headers of the answer say of the content. */
  answer?: ContentHeaders;
}

interface ContentHeaders {
  ETag: string;
  'Repr-Digest'?: string;
}

interface Wish {
  name: string;
  claim: Claim;
  nowMs?: number;
  mayBegin?: boolean;
  key?: typeof KEY_A;
  payload?: string;
  footer?: string;
}

export function makeAccepted(): AcceptedVector[] {
  const resumable = { ...DOWNLOAD, mod: 'resumable' as const };
  const text = JSON.stringify(DOWNLOAD);
  const backwards = JSON.stringify(Object.fromEntries(Object.entries(DOWNLOAD).toReversed()));
  return [
    accepted({ name: 'a strict download claim', claim: DOWNLOAD }),
    accepted({ name: 'a resumable download claim', claim: resumable }),
    accepted({ name: 'of the second published key', claim: DOWNLOAD, key: KEY_B }),
    accepted({ name: 'without a session', claim: without(DOWNLOAD) }),
    accepted({
      name: "a link's claim, which names the account that answers for it",
      claim: { ...without(DOWNLOAD), sub: 'link:9mZ4kQ2tUw7a', acc: 'q3cWlYvGxq0a' },
    }),
    accepted({ name: 'minted by an API key', claim: { ...DOWNLOAD, ses: 'key_b1oT4fQm7yZx' } }),
    ...[...OTHER_ACTS, HAND_OFF].map((claim) =>
      accepted({ name: `a claim of the act ${claim.act}`, claim }),
    ),
    accepted({
      name: 'an empty file with a name in several scripts, and a type with a parameter',
      claim: {
        ...DOWNLOAD,
        fil: { ...FILE, name: 'naïve 報告 🧾.txt', type: 'text/plain; charset="utf-8"', size: 0 },
      },
    }),
    accepted({
      name: 'a storage key of several segments, one of them in another script',
      claim: { ...DOWNLOAD, fil: { ...FILE, key: 'a/..b/…/報告' } },
    }),
    accepted({
      name: 'the largest size and the earliest time that are whole numbers of 53 bits',
      claim: {
        ...DOWNLOAD,
        fil: { ...FILE, size: Number.MAX_SAFE_INTEGER, mtime: Number.MIN_SAFE_INTEGER },
      },
    }),
    accepted({
      name: 'a hash of 32 zero bytes',
      claim: { ...DOWNLOAD, fil: { ...FILE, sha256: 'A'.repeat(43) } },
    }),
    accepted({
      name: 'a file of which no hash is known, but a strong entity tag',
      claim: { ...DOWNLOAD, fil: TAGGED_FILE },
    }),
    accepted({
      name: 'an entity tag of 64 characters',
      claim: { ...DOWNLOAD, fil: { ...TAGGED_FILE, etag: 'Zm9vYmF_-mF6cXV4'.repeat(4) } },
    }),
    accepted({
      name: 'of the longest life, 15 minutes',
      claim: { ...DOWNLOAD, exp: '2026-11-22T12:15:00Z' },
    }),
    accepted({
      name: 'of the shortest life, a second',
      claim: { ...DOWNLOAD, exp: '2026-11-22T12:00:01Z' },
    }),
    accepted({
      name: 'over a leap day',
      claim: { ...DOWNLOAD, iat: '2028-02-29T23:59:59Z', exp: '2028-03-01T00:00:01Z' },
      nowMs: Date.parse('2028-03-01T00:00:00Z'),
    }),
    accepted({ name: 'five seconds before it was issued', claim: DOWNLOAD, nowMs: NOW_MS - 5000 }),
    accepted({ name: 'five seconds after it expired', claim: DOWNLOAD, nowMs: EXP_MS + 5000 }),
    accepted({
      name: 'resumable, a millisecond later: only to go on',
      claim: resumable,
      nowMs: EXP_MS + 5001,
      mayBegin: false,
    }),
    accepted({
      name: 'resumable, a day and five seconds after it expired: only to go on',
      claim: resumable,
      nowMs: EXP_MS + 5000 + DAY_MS,
      mayBegin: false,
    }),
    accepted({ name: 'with its fields in another order', claim: DOWNLOAD, payload: backwards }),
    accepted({
      name: 'with white space and escapes in its JSON',
      claim: DOWNLOAD,
      payload: ` ${text.replaceAll(',"', ' ,\n"').replace('report', String.raw`\u0072eport`)}\n`,
    }),
    accepted({
      name: 'with white space in its footer',
      claim: DOWNLOAD,
      footer: ` { "kid" : "${KEY_A.kid}" } `,
    }),
    accepted({
      name: 'of 4096 characters',
      claim: DOWNLOAD,
      payload: padded(text, TOKEN_CHARACTERS),
    }),
  ];
}

/** The payload with white space behind it, so that the whole token has this many characters. */
export function padded(payload: string, characters: number): string {
  const footer = Buffer.from(JSON.stringify({ kid: KEY_A.kid })).toString('base64url');
  const body = characters - HEADER.length - 1 - footer.length;
  return payload.padEnd(Math.floor((body * 3) / 4) - 64);
}

function accepted(wish: Wish): AcceptedVector {
  const { name, claim, nowMs = NOW_MS, mayBegin = true, key = KEY_A, footer } = wish;
  const token = signToken({
    key,
    // In the order in which our minter writes them.
    payload: wish.payload ?? JSON.stringify(claimSchemas[claim.act].parse(claim)),
    ...(footer === undefined ? {} : { footer }),
  });
  const { forgetAtMs, issuedAtMs, fence, subjects } = burnRequestOf(claim, key.kid);
  const keys = shardKeys('claimcheck:', undefined);
  const nonce = parseNonce(claim.jti);
  return {
    name,
    act: claim.act,
    nowMs,
    token,
    claim,
    kid: key.kid,
    mayBegin,
    revocationSubjects: revocationSubjects(claim, key.kid),
    burn: {
      keys: [
        keys.epoch,
        keys.events,
        ...keys.burned(nonce, forgetAtMs),
        keys.copy(claim.jti),
        ...subjects.map(keys.revoked),
      ],
      fence,
      forgetAtMs,
      issuedAtMs,
      member: nonce.member,
      setsExpireAt: Math.ceil((secondsOf(claim.exp) + 65) / 60) * 60,
      ...('mod' in claim && claim.mod === 'resumable'
        ? { budgetBytes: budgetOf(claim.fil.size) }
        : {}),
    },
    ...('fil' in claim ? { answer: contentHeadersOf(claim.fil) } : {}),
  };
}

/** By way of the bytes, which the download server does not take. */
function contentHeadersOf(file: ClaimedFile): ContentHeaders {
  if ('etag' in file) return { ETag: `"${file.etag}"` };
  const hash = Buffer.from(file.sha256, 'base64url');
  return {
    ETag: `"${hash.subarray(0, 12).toString('base64url')}"`,
    'Repr-Digest': `sha-256=:${hash.toString('base64')}:`,
  };
}

/** Without its `ses`. */
function without(claim: typeof DOWNLOAD) {
  const { ses: _ses, ...rest } = claim;
  return rest;
}
