// The claim: what a token says once its signature has been proven. Shape only; no clock, no keys.
// docs: ARCHITECTURE.md has the same table in prose, and each field's reason.
import { z } from 'zod';
import { MAX_NAME_BYTES } from './limits.js';
import { isStorageKey } from './storage-key.js';

/** 128 random bits, base64url without padding: 22 characters, of which the last carries 2 bits. */
const nonce = z.string().regex(/^[A-Za-z0-9_-]{21}[AQgw]$/);

/** RFC 3339 in UTC with whole seconds, as the PASETO registered claims ask. */
const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .refine((text) => !Number.isNaN(Date.parse(text)));

const origin = z.string().min(1).max(300);

/**
 * False for the 31st of April and for 24:00:00, which `Date.parse` takes for what follows. The PASETO library
 * looks at that for `iat` and `exp`, which are registered.
 */
function isOnTheCalendar(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text.replace('Z', '.000Z');
}

/** RFC 9110 section 8.3.1: `type/subtype` with optional parameters, visible ASCII only. */
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:;[\x20-\x7e]*)?$/;

/** A media type as `fil.type` carries it, at most 127 characters. */
export const mediaType = z.string().max(127).regex(MEDIA_TYPE);

/** A file's display name: at most 255 bytes of UTF-8, not empty, well-formed Unicode. */
export const fileName = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= MAX_NAME_BYTES && name.isWellFormed(), {
    message: `a file name has 1 to ${MAX_NAME_BYTES} bytes of UTF-8`,
  });

/** 32 bytes, base64url without padding: 43 characters, of which the last carries 4 bits. */
const bytes32 = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);

const place = {
  /** Where the file lies below the files root. */
  key: z.string().refine(isStorageKey),
  /** The name the recipient's browser saves it under. */
  name: fileName,
  type: mediaType,
  /** Bytes. */
  size: z.int().nonnegative(),
};

/** Modification time of the file when the claim was minted, in Unix milliseconds. */
const mtime = z.int();

/**
 * What the claim says of its file. The download server compares it with the file it opened. Of the content it
 * says exactly one thing: the whole SHA-256, as our minter does, or no more than a strong entity tag, for
 * minters that know no hash.
 */
export const claimedFile = z.union([
  z.strictObject({
    ...place,
    /** SHA-256 of the content. The entity tag follows from it, see `etagOf`. */
    sha256: bytes32,
    mtime,
  }),
  z.strictObject({
    ...place,
    /** Strong entity tag without its quotes. */
    etag: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/),
    mtime,
  }),
]);

const common = {
  /** Origin of the app server that minted it. */
  iss: origin,
  /** Origin of the one verifier that may accept it. */
  aud: origin,
  /** Account id, or `link:<id>`; opaque, never an e-mail address. */
  sub: z.string().regex(/^[A-Za-z0-9:_-]{1,64}$/),
  /** The nonce. */
  jti: nonce,
  iat: instant,
  exp: instant,
  /** The fence: the life of the ledger it was minted under. */
  fen: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
};

/** Public reference of the minting session, for revocation; never the session id. */
const ses = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

export const downloadClaim = z.strictObject({
  ...common,
  act: z.literal('download'),
  ses: ses.exactOptional(),
  /** The account that answers for it where `sub` is a link, for revocation. */
  acc: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .exactOptional(),
  fil: claimedFile,
  /** `strict`: one response. `resumable`: the same copy may be finished by later requests. */
  mod: z.enum(['strict', 'resumable']),
});

export const signInClaim = z.strictObject({ ...common, act: z.literal('sign-in') });
export const resetPasswordClaim = z.strictObject({ ...common, act: z.literal('reset-password') });
export const acceptInvitationClaim = z.strictObject({
  ...common,
  act: z.literal('accept-invitation'),
});

export const handOffClaim = z.strictObject({
  ...common,
  act: z.literal('hand-off'),
  ses,
  /** The state that the receiver gave: HMAC-SHA256 under the secret in its cookie, base64url. */
  sta: bytes32,
  /** How the minting session began: `password`, `identity-provider`, … */
  met: z.string().regex(/^[a-z0-9-]{1,32}$/),
  /** When it was last proven there who this is. */
  prv: instant.refine(isOnTheCalendar),
});

/** One schema per purpose; a verifier is built for exactly one of them. */
export const claimSchemas = {
  download: downloadClaim,
  'sign-in': signInClaim,
  'reset-password': resetPasswordClaim,
  'accept-invitation': acceptInvitationClaim,
  'hand-off': handOffClaim,
} as const;

export type Act = keyof typeof claimSchemas;
export type ClaimOf<A extends Act> = z.infer<(typeof claimSchemas)[A]>;
export type DownloadClaim = ClaimOf<'download'>;
export type SignInClaim = ClaimOf<'sign-in'>;
export type Claim = { [A in Act]: ClaimOf<A> }[Act];
export type ClaimedFile = z.infer<typeof claimedFile>;

/**
 * The entity tag of a claimed file, without its quotes: that which was claimed, or else the first 16 characters
 * of the SHA-256, 96 bits. Equal tags mean equal bytes, so it is strong (RFC 9110 section 8.8.1). A file keeps its
 * tag when claims of it change from the one to the other, so that a copy under way may go on.
 */
export function etagOf(file: ClaimedFile): string {
  return 'sha256' in file ? file.sha256.slice(0, 16) : file.etag;
}

/** Unix seconds of an RFC 3339 instant that has passed the schema. */
export function secondsOf(instantText: string): number {
  return Date.parse(instantText) / 1000;
}
