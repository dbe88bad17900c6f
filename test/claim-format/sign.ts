// PASETO v4.public by node:crypto alone, for vectors: it signs whatever bytes it is given, also such as no minter of
// ours would, and with fixed keys, so that the vectors are the same each time (Ed25519 draws nothing, RFC 8032).
import { createPrivateKey, createPublicKey, sign as signBytes, type KeyObject } from 'node:crypto';
import { keyIdOf, type KeyId } from '@claimcheck/shared/claim';

export const HEADER = 'v4.public.';

export interface VectorKey {
  name: string;
  /** The seed of RFC 8032 section 5.1.5, hex. */
  seed: string;
  secretPaserk: string;
  publicPaserk: `k4.public.${string}`;
  kid: KeyId;
  secret: KeyObject;
}

/** A key whose seed is one byte, 32 times. */
export function vectorKey(name: string, byte: number): VectorKey {
  const seed = Buffer.alloc(32, byte);
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  const secret = createPrivateKey({
    key: Buffer.concat([prefix, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const raw = Buffer.from(createPublicKey(secret).export({ format: 'jwk' }).x ?? '', 'base64url');
  const publicPaserk = `k4.public.${raw.toString('base64url')}` as const;
  return {
    name,
    seed: seed.toString('hex'),
    secretPaserk: `k4.secret.${Buffer.concat([seed, raw]).toString('base64url')}`,
    publicPaserk,
    kid: keyIdOf(publicPaserk),
    secret,
  };
}

export interface Signing {
  key: VectorKey;
  /** Text or bytes; signed as they are. */
  payload: string | Uint8Array;
  footer?: string | Uint8Array;
  /** What is signed along and stands nowhere. */
  implicit?: string;
}

/** A token. The footer names the key unless another is given. */
export function signToken({ key, payload, footer, implicit = '' }: Signing): string {
  const message = Buffer.from(payload as string);
  const foot = Buffer.from((footer ?? JSON.stringify({ kid: key.kid })) as string);
  const signature = signBytes(
    null,
    preAuth([HEADER, message, foot, implicit].map((piece) => Buffer.from(piece as string))),
    key.secret,
  );
  const body = Buffer.concat([message, signature]).toString('base64url');
  return `${HEADER}${body}.${foot.toString('base64url')}`;
}

/** Pre-authentication encoding: the number of pieces, then each with its length, in 64 bits little-endian. */
function preAuth(pieces: readonly Buffer[]): Buffer {
  const length = (count: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(count));
    return bytes;
  };
  return Buffer.concat([
    length(pieces.length),
    ...pieces.flatMap((piece) => [length(piece.length), piece]),
  ]);
}
