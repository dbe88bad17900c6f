// A secret key that signs claims: how one is made, read and written as text, and how its public half is published.
// Where keys lie and when they sign is the app server's to know (its `keys/`); nothing here touches a disk.
import { PublicProtocol } from 'paseto';
import {
  ExportPublicKeyFactory,
  ExportSecretKeyFactory,
  GenerateKeyPairFactory,
  GetPublicKeyFactory,
  ImportSecretKeyFactory,
  type PublicKey,
  type SecretKey,
} from 'paseto/v4/public';
import { keyIdOf, type KeyId, type PublicPaserk } from '../claim/key-id.js';
import type { PublishedKeys } from '../claim/key-ring.js';

const protocol = new PublicProtocol(
  ExportPublicKeyFactory,
  ExportSecretKeyFactory,
  GenerateKeyPairFactory,
  GetPublicKeyFactory,
  ImportSecretKeyFactory,
);

const SECRET_PREFIX = 'k4.secret.';
/** Seed and public key (RFC 8032 section 5.1.5), as PASERK `k4.secret` holds them. */
export const SECRET_KEY_BYTES = 64;

/** A secret key with its public half and id. */
export interface SigningKey {
  id: KeyId;
  secret: SecretKey;
  publicKey: PublicKey;
  publicPaserk: PublicPaserk;
}

/** A new key pair that is on no disk. */
export async function generateSigningKey(): Promise<SigningKey> {
  const { secretKey } = await protocol.GenerateKeyPair({ extractable: true });
  return await signingKeyOf(secretKey);
}

/** The 64 bytes of the secret key: to be written, wrapped, and shown to nobody. */
export async function exportSecretBytes({ secret }: Pick<SigningKey, 'secret'>): Promise<Buffer> {
  const text = await protocol.ExportSecretKey(secret);
  return Buffer.from(text.slice(SECRET_PREFIX.length), 'base64url');
}

/** @throws Error when they are not a secret key and its own public key. Nothing of them is in its message. */
export async function importSecretBytes(bytes: Uint8Array): Promise<SigningKey> {
  const text = `${SECRET_PREFIX}${Buffer.from(bytes).toString('base64url')}` as const;
  try {
    if (bytes.length !== SECRET_KEY_BYTES) throw new RangeError('not 64 bytes');
    return await signingKeyOf(await protocol.ImportSecretKey(text, { extractable: true }));
  } catch {
    // The library's error may quote the input, which here is the secret key.
    throw new Error('a damaged k4.secret key');
  }
}

/** The document for `GET /.well-known/claimcheck/keys`. */
export function publishKeys({
  all,
  retired = [],
}: {
  all: readonly Pick<SigningKey, 'id' | 'publicPaserk'>[];
  retired?: readonly KeyId[];
}): PublishedKeys {
  return {
    keys: all.map(({ id, publicPaserk }) => ({ kid: id, key: publicPaserk })),
    ...(retired.length === 0 ? {} : { retired: [...retired] }),
  };
}

async function signingKeyOf(secret: SecretKey): Promise<SigningKey> {
  const publicKey = await protocol.GetPublicKey(secret);
  const publicPaserk = await protocol.ExportPublicKey(publicKey);
  return { id: keyIdOf(publicPaserk), secret, publicKey, publicPaserk };
}
