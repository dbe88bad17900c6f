// Secrets as they lie on disk, encrypted: PASERK `k4.…-pw` by a passphrase and `k4.…-wrap.pie` by a key of 32 bytes,
// of signing keys (`secret`) and of the links' secret (`local`). Only the arithmetic of the specification is here; the
// primitives are the libraries'. Source: PASERK operations/PBKW and operations/Wrap/pie, version 4.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { xchacha20 } from '@noble/ciphers/chacha.js';
import { blake2b } from '@noble/hashes/blake2.js';
import { hashRaw } from '@node-rs/argon2';

/** What the secret is: 64 bytes of a signing key, or 32 of a symmetric one. */
export type SecretKind = 'secret' | 'local';

const BYTES = { secret: 64, local: 32 } as const;
const TAG_BYTES = 32;
const SALT_BYTES = 16;
const PIE_NONCE_BYTES = 32;
const XCHACHA_NONCE_BYTES = 24;
const PARAMETERS_BYTES = 16;
const BYTES_PER_KIB = 1024;

/** Argon2id: 64 MiB, three passes (RFC 9106 section 4, its second recommended option, in one lane). */
const COSTS = { memoryKib: 64 * 1024, passes: 3, lanes: 1 };
/** What a file may ask of this machine, so that an altered one cannot use it up. */
const MOST = { memoryKib: 1024 * 1024, passes: 64, lanes: 16 };

type Costs = typeof COSTS;

/** The secret cannot be had: another passphrase or key, or not the bytes that were written. Never says which. */
export class NotOpenedError extends Error {
  override name = 'NotOpenedError';
}

/**
 * Encrypts with a passphrase, drawing salt and nonce.
 * @param costs for tests; the default is what is meant.
 */
export async function wrapWithPassphrase(
  kind: SecretKind,
  secret: Uint8Array,
  passphrase: string,
  costs: Costs = COSTS,
): Promise<string> {
  const header = `k4.${kind}-pw.`;
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(XCHACHA_NONCE_BYTES);
  const keys = await keysOfPassphrase(passphrase, salt, costs);
  const encrypted = xchacha20(keys.encryption, nonce, checked(kind, secret));
  const body = Buffer.concat([salt, encodeCosts(costs), nonce, encrypted]);
  const tag = keyed(keys.authentication, TAG_BYTES, ascii(header), body);
  return header + Buffer.concat([body, tag]).toString('base64url');
}

/** @throws NotOpenedError when the passphrase is another one, or the text is not as it was written. */
export async function openWithPassphrase(
  kind: SecretKind,
  text: string,
  passphrase: string,
): Promise<Buffer> {
  const header = `k4.${kind}-pw.`;
  const fixed = SALT_BYTES + PARAMETERS_BYTES + XCHACHA_NONCE_BYTES;
  const bytes = decode(header, text, fixed + BYTES[kind] + TAG_BYTES);
  const body = bytes.subarray(0, -TAG_BYTES);
  const salt = body.subarray(0, SALT_BYTES);
  const costs = decodeCosts(body.subarray(SALT_BYTES, SALT_BYTES + PARAMETERS_BYTES));
  const keys = await keysOfPassphrase(passphrase, salt, costs);
  compare(keyed(keys.authentication, TAG_BYTES, ascii(header), body), bytes.subarray(-TAG_BYTES));
  const nonce = body.subarray(fixed - XCHACHA_NONCE_BYTES, fixed);
  return Buffer.from(xchacha20(keys.encryption, nonce, body.subarray(fixed)));
}

/** Encrypts with a key of 32 bytes, drawing a nonce. */
export function wrapWithKey(kind: SecretKind, secret: Uint8Array, wrappingKey: Uint8Array): string {
  const header = `k4.${kind}-wrap.pie.`;
  const nonce = randomBytes(PIE_NONCE_BYTES);
  const keys = keysOfNonce(wrappingKey, nonce);
  const encrypted = xchacha20(keys.encryption, keys.nonce, checked(kind, secret));
  const tag = keyed(keys.authentication, TAG_BYTES, ascii(header), nonce, encrypted);
  return header + Buffer.concat([tag, nonce, encrypted]).toString('base64url');
}

/** @throws NotOpenedError when the key is another one, or the text is not as it was written. */
export function openWithKey(kind: SecretKind, text: string, wrappingKey: Uint8Array): Buffer {
  const header = `k4.${kind}-wrap.pie.`;
  const bytes = decode(header, text, TAG_BYTES + PIE_NONCE_BYTES + BYTES[kind]);
  const nonce = bytes.subarray(TAG_BYTES, TAG_BYTES + PIE_NONCE_BYTES);
  const encrypted = bytes.subarray(TAG_BYTES + PIE_NONCE_BYTES);
  const keys = keysOfNonce(wrappingKey, nonce);
  const tag = keyed(keys.authentication, TAG_BYTES, ascii(header), nonce, encrypted);
  compare(tag, bytes.subarray(0, TAG_BYTES));
  return Buffer.from(xchacha20(keys.encryption, keys.nonce, encrypted));
}

async function keysOfPassphrase(passphrase: string, salt: Uint8Array, costs: Costs) {
  const derived = await hashRaw(passphrase, {
    salt,
    memoryCost: costs.memoryKib,
    timeCost: costs.passes,
    parallelism: costs.lanes,
    outputLen: 32,
  });
  return {
    encryption: blake2b(Buffer.concat([Buffer.of(0xff), derived]), { dkLen: 32 }),
    authentication: blake2b(Buffer.concat([Buffer.of(0xfe), derived]), { dkLen: 32 }),
  };
}

function keysOfNonce(wrappingKey: Uint8Array, nonce: Uint8Array) {
  if (wrappingKey.length !== 32) throw new RangeError('a wrapping key has 32 bytes');
  const both = keyed(wrappingKey, 56, Buffer.of(0x80), nonce);
  return {
    encryption: both.subarray(0, 32),
    nonce: both.subarray(32),
    authentication: keyed(wrappingKey, 32, Buffer.of(0x81), nonce),
  };
}

function keyed(key: Uint8Array, length: number, ...parts: Uint8Array[]): Uint8Array {
  return blake2b(Buffer.concat(parts), { key, dkLen: length });
}

/** Memory in bytes (64 bits), passes and lanes (32 bits each), big-endian. */
function encodeCosts({ memoryKib, passes, lanes }: Costs): Buffer {
  const bytes = Buffer.alloc(PARAMETERS_BYTES);
  bytes.writeBigUInt64BE(BigInt(memoryKib * BYTES_PER_KIB), 0);
  bytes.writeUInt32BE(passes, 8);
  bytes.writeUInt32BE(lanes, 12);
  return bytes;
}

function decodeCosts(bytes: Buffer): Costs {
  const costs = {
    memoryKib: Number(bytes.readBigUInt64BE(0)) / BYTES_PER_KIB,
    passes: bytes.readUInt32BE(8),
    lanes: bytes.readUInt32BE(12),
  };
  const fits = (name: keyof Costs) => costs[name] >= 1 && costs[name] <= MOST[name];
  if (!Number.isInteger(costs.memoryKib) || !fits('memoryKib') || !fits('passes') || !fits('lanes'))
    throw new NotOpenedError('it asks for costs that are not taken');
  return costs;
}

function decode(header: string, text: string, length: number): Buffer {
  const encoded = text.slice(header.length);
  const bytes = Buffer.from(encoded, 'base64url');
  const isWhole =
    text.startsWith(header) && bytes.length === length && bytes.toString('base64url') === encoded;
  if (!isWhole) throw new NotOpenedError(`it is not a whole ${header.slice(0, -1)}`);
  return bytes;
}

/** Both have the length of a tag. */
function compare(expected: Uint8Array, found: Uint8Array): void {
  if (!timingSafeEqual(expected, found))
    throw new NotOpenedError('another passphrase or key, or a damaged file');
}

function checked(kind: SecretKind, secret: Uint8Array): Uint8Array {
  if (secret.length !== BYTES[kind]) throw new RangeError(`a ${kind} has ${BYTES[kind]} bytes`);
  return secret;
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'ascii');
}
