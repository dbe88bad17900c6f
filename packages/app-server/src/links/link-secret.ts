// The secret that keys what a link's page and code are checked by. It lies beside the signing keys and
// not in the database, so that a stolen database does not let six digits be tried.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'links.secret';
const SECRET = /^[0-9a-f]{64}$/;

/** Keyed digest, hex, of parts that are told apart from those of any other purpose. */
export type KeyedDigest = (purpose: string, ...parts: string[]) => string;

/**
 * Reads the secret from `directory`, making it at the first start. App servers that start at the same
 * time end up with the same one.
 * @throws Error naming the file when it cannot be read or does not hold one.
 */
export async function loadLinkSecret(directory: string): Promise<KeyedDigest> {
  const path = join(directory, FILE);
  const text = await readFile(path, 'utf8').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await createSecretFile(directory, path);
    return await readFile(path, 'utf8');
  });
  await chmod(path, 0o600);
  if (!SECRET.test(text.trim())) throw new Error(`${path} does not hold a secret of 64 hex digits`);
  const key = Buffer.from(text.trim(), 'hex');
  return (purpose, ...parts) =>
    createHmac('sha256', key)
      .update(JSON.stringify([purpose, ...parts]))
      .digest('hex');
}

/** Written whole under another name and linked, so that nobody reads half of it or replaces it. */
async function createSecretFile(directory: string, path: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = join(directory, `.${randomUUID()}.new`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString('hex')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(temporary);
}
