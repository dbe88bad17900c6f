// The secret keys of the app server, on disk: one PASERK `k4.secret` a file in `DATA_DIR/keys`, mode
// 0600, named by creation time. The newest one signs, all of them are published. Keys are made on the first start;
// a file that is not a key stops the start, since signing with less than all keys would hide a loss.
import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
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
import { StaticKeyRing, type PublishedKeys } from '../claim/key-ring.js';

const protocol = new PublicProtocol(
  ExportPublicKeyFactory,
  ExportSecretKeyFactory,
  GenerateKeyPairFactory,
  GetPublicKeyFactory,
  ImportSecretKeyFactory,
);

const KEY_FILE = /^(\d{13})\.k4\.secret$/;

/** A secret key with its public half and id. */
export interface SigningKey {
  id: KeyId;
  secret: SecretKey;
  publicKey: PublicKey;
  publicPaserk: PublicPaserk;
}

/** Several public keys and the one secret key that signs. */
export interface SigningKeys {
  active: SigningKey;
  all: readonly SigningKey[];
}

/**
 * Reads every key of a directory, making the directory and a first key when there is none.
 * @throws Error naming the file when one cannot be read, is not a key, or is open to others.
 */
export async function loadSigningKeys(directory: string, nowMs: number): Promise<SigningKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let names = await keyFiles(directory);
  if (names.length === 0) {
    await createKeyFile(directory, nowMs);
    names = await keyFiles(directory);
  }
  const all: SigningKey[] = [];
  for (const name of names) all.push(await readKeyFile(join(directory, name)));
  const active = all.at(-1);
  if (active === undefined) throw new Error(`no signing key in ${directory}`);
  return { active, all };
}

/** A new key pair that is on no disk. */
export async function generateSigningKey(): Promise<SigningKey> {
  const { secretKey } = await protocol.GenerateKeyPair({ extractable: true });
  return await signingKeyOf(secretKey);
}

/** The document for `GET /.well-known/claimcheck/keys`. */
export function publishKeys({ all }: SigningKeys): PublishedKeys {
  return { keys: all.map(({ id, publicPaserk }) => ({ kid: id, key: publicPaserk })) };
}

/** The same keys for the app server's own verifier (sign-in claims). */
export function keyRingOf({ all }: SigningKeys): StaticKeyRing {
  return new StaticKeyRing(new Map(all.map(({ id, publicKey }) => [id, publicKey])));
}

async function keyFiles(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => KEY_FILE.test(name)).toSorted();
}

/** Writes a whole file under a temporary name and links it, so that no half a key is ever read. */
async function createKeyFile(directory: string, nowMs: number): Promise<void> {
  const { secretKey } = await protocol.GenerateKeyPair({ extractable: true });
  const temporary = join(directory, `.${randomUUID()}.new`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(`${await protocol.ExportSecretKey(secretKey)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(temporary, join(directory, `${String(nowMs).padStart(13, '0')}.k4.secret`));
  await rm(temporary);
}

async function readKeyFile(path: string): Promise<SigningKey> {
  await chmod(path, 0o600);
  const text = (await readFile(path, 'utf8')).trim();
  if (!text.startsWith('k4.secret.')) throw new Error(`${path} does not hold a k4.secret key`);
  try {
    return await signingKeyOf(
      await protocol.ImportSecretKey(text as `k4.secret.${string}`, { extractable: true }),
    );
  } catch {
    // The library's error may quote the input, which here is the secret key.
    throw new Error(`${path} holds a damaged k4.secret key`);
  }
}

async function signingKeyOf(secret: SecretKey): Promise<SigningKey> {
  const publicKey = await protocol.GetPublicKey(secret);
  const publicPaserk = await protocol.ExportPublicKey(publicKey);
  return { id: keyIdOf(publicPaserk), secret, publicKey, publicPaserk };
}
