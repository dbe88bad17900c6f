// The secret that keys what a link's page and code are checked by. It lies beside the signing keys and
// not in the database, so that a stolen database does not let six digits be tried; encrypted whenever they are.
import { createHmac, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createSecretFile,
  readSecretFile,
  readSecretText,
  replaceSecretFile,
  SecretFileError,
} from '../keys/secret-file.js';
import { wrappingOf, type Wrapping } from '../keys/wrapping.js';

const FILE = 'links.secret';
/** In clear it is 64 hex digits. */
const CLEAR = /^[0-9a-f]{64}$/;

/** Keyed digest, hex, of parts that are told apart from those of any other purpose. */
export type KeyedDigest = (purpose: string, ...parts: string[]) => string;

/**
 * Reads the secret from `directory`, making it at the first start. App servers that start at the same
 * time end up with the same one. One that lies in clear is encrypted if a wrapping is set.
 * @throws SecretFileError naming the file when it does not hold one, or one that the wrapping does not open.
 */
export async function loadLinkSecret(directory: string, wrapping: Wrapping): Promise<KeyedDigest> {
  const key = await readLinkSecret(directory, wrapping).then(
    async (found) => found ?? (await createLinkSecret(directory, wrapping)),
  );
  return (purpose, ...parts) =>
    createHmac('sha256', key)
      .update(JSON.stringify([purpose, ...parts]))
      .digest('hex');
}

/** Where it lies. */
export function linkSecretPath(directory: string): string {
  return join(directory, FILE);
}

/** The 32 bytes, or undefined when there are none yet. */
export async function readLinkSecret(
  directory: string,
  wrapping: Wrapping,
): Promise<Buffer | undefined> {
  const path = linkSecretPath(directory);
  const text = await readSecretText(path);
  if (text === undefined) return undefined;
  if (CLEAR.test(text)) {
    const bytes = Buffer.from(text, 'hex');
    if (wrapping.name !== 'none')
      await replaceSecretFile(path, await wrapping.wrap('local', bytes));
    return bytes;
  }
  if (wrappingOf('local', text) === undefined)
    throw new SecretFileError(`${path} does not hold a secret of 64 hex digits`);
  return await readSecretFile(path, 'local', wrapping);
}

/** As it is written into the file. */
export async function linkSecretText(bytes: Buffer, wrapping: Wrapping): Promise<string> {
  return wrapping.name === 'none' ? bytes.toString('hex') : await wrapping.wrap('local', bytes);
}

async function createLinkSecret(directory: string, wrapping: Wrapping): Promise<Buffer> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const text = await linkSecretText(randomBytes(32), wrapping);
  await createSecretFile(linkSecretPath(directory), text).catch((error: NodeJS.ErrnoException) => {
    // Another app server was faster: then it is that one's for both.
    if (error.code !== 'EEXIST') throw error;
  });
  const made = await readLinkSecret(directory, wrapping);
  if (made === undefined) throw new Error(`${linkSecretPath(directory)} cannot be kept`);
  return made;
}
