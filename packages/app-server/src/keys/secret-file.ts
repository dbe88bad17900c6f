// One secret in one file, mode 0600: written whole or not at all, never half of it and never over another by mistake.
// The text says itself how it is wrapped; one that lies here in clear while a wrapping is set is wrapped when it is read.
import { randomUUID } from 'node:crypto';
import { chmod, link, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NotOpenedError, type SecretKind } from './wrap-secret.js';
import { NO_WRAPPING, wrappingOf, type Wrapping, type WrappingName } from './wrapping.js';

/** What to set for a file that is wrapped in this way. */
const SETTINGS: Record<WrappingName, string> = {
  none: 'none of KEYS_PASSPHRASE, KEYS_PASSPHRASE_FILE and KEYS_WRAP_FILE',
  passphrase: 'KEYS_PASSPHRASE or KEYS_PASSPHRASE_FILE',
  'key-file': 'KEYS_WRAP_FILE',
};

/** A secret cannot be read; the message names file and setting, and quotes nothing of the file. */
export class SecretFileError extends Error {
  override name = 'SecretFileError';
}

/** Writes a new file. @throws Error with the code EEXIST when there is one of this name. */
export async function createSecretFile(path: string, text: string): Promise<void> {
  const temporary = await writeTemporary(path, text);
  try {
    await link(temporary, path);
  } finally {
    await rm(temporary);
  }
}

/** Puts the text in the place of what the file held. */
export async function replaceSecretFile(path: string, text: string): Promise<void> {
  await rename(await writeTemporary(path, text), path);
}

/** The text of a secret file, closed to others; undefined when there is no such file. */
export async function readSecretText(path: string): Promise<string | undefined> {
  try {
    await chmod(path, 0o600);
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The bytes of a secret, or undefined when there is no such file. One that lies in clear is wrapped first if a wrapping
 * is set.
 * @throws SecretFileError
 */
export async function readSecretFile(
  path: string,
  kind: SecretKind,
  wrapping: Wrapping,
): Promise<Buffer | undefined> {
  const text = await readSecretText(path);
  if (text === undefined) return undefined;
  const bytes = await openSecretText(path, kind, text, wrapping);
  if (wrappingOf(kind, text) === 'none' && wrapping.name !== 'none')
    await replaceSecretFile(path, await wrapping.wrap(kind, bytes));
  return bytes;
}

/**
 * The bytes of a secret that is in clear, or wrapped as told.
 * @param path for the message alone.
 * @throws SecretFileError that names file and setting.
 */
export async function openSecretText(
  path: string,
  kind: SecretKind,
  text: string,
  wrapping: Wrapping,
): Promise<Buffer> {
  const found = wrappingOf(kind, text);
  if (found === undefined) throw new SecretFileError(`${path} does not hold a k4.${kind} key`);
  if (found !== 'none' && found !== wrapping.name) {
    const by = found === 'passphrase' ? 'a passphrase' : 'a key file';
    throw new SecretFileError(
      `${path} is encrypted by ${by}; expected ${SETTINGS[found]} to be set`,
    );
  }
  const opening = found === 'none' ? NO_WRAPPING : wrapping;
  try {
    return await opening.open(kind, text);
  } catch (error) {
    if (!(error instanceof NotOpenedError)) throw error;
    throw new SecretFileError(
      found === 'none'
        ? `${path} holds a damaged k4.${kind} key`
        : `${SETTINGS[found]} does not open ${path}: ${error.message}`,
    );
  }
}

/** Synced under another name in the same directory. */
async function writeTemporary(path: string, text: string): Promise<string> {
  const temporary = join(dirname(path), `.${randomUUID()}.new`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}
