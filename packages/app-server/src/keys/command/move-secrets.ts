// Secrets on their way: out into a file, in from one, and all of them from one encryption to another. A secret is written
// to a new file of mode 0600 or in the place of its former self, never to a terminal.
import { readFile } from 'node:fs/promises';
import { importSecretBytes, exportSecretBytes, type SigningKey } from '@claimcheck/shared/mint';
import { linkSecretPath, linkSecretText, readLinkSecret } from '../../links/link-secret.js';
import { KeyRefusedError } from '../change-ring.js';
import type { KeyRecord } from '../key-life.js';
import type { KeyStore } from '../key-store.js';
import type { RingChange } from '../ring-file.js';
import type { KeyActions } from '../rotate-keys.js';
import {
  createSecretFile,
  openSecretText,
  readSecretFile,
  replaceSecretFile,
  SecretFileError,
} from '../secret-file.js';
import { NO_WRAPPING, openWrapping, type Wrapping } from '../wrapping.js';
import { isSet, type NewWrapping } from './read-arguments.js';

/**
 * Writes a secret key into a new file, encrypted as the keys here are unless told otherwise.
 * @throws KeyRefusedError when it would be in clear and nobody said so, or the secret has been deleted.
 */
export async function exportSecret(
  actions: KeyActions,
  record: KeyRecord,
  path: string,
  wanted: NewWrapping,
): Promise<void> {
  const { store } = actions;
  const wrapping = isSet(wanted) ? await openNewWrapping(wanted) : store.wrapping;
  if (wrapping.name === 'none' && !wanted.clear)
    throw new KeyRefusedError(
      'the keys here are not encrypted; say --passphrase-file FILE or --wrap-file FILE, or --clear to write it in clear',
    );
  const key = await store.readSecret(record);
  if (key === undefined) throw new KeyRefusedError(`the secret of ${record.id} has been deleted`);
  const text = await wrapping.wrap('secret', await exportSecretBytes(key));
  // Noted first: a secret that left is known to have left.
  await note(actions, 'key.exported', [record]);
  await createSecretFile(path, text).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw new KeyRefusedError(`${path} is there already`);
    throw error;
  });
}

/** Reads a secret key from a file. @throws SecretFileError, KeyRefusedError */
export async function importSecret(
  store: KeyStore,
  path: string,
  wanted: NewWrapping,
): Promise<SigningKey> {
  const wrapping = isSet(wanted) ? await openNewWrapping(wanted) : store.wrapping;
  // Not by `readSecretFile`, which would close and encrypt in its place a file that is not ours.
  const text = (await readFile(path, 'utf8')).trim();
  const bytes = await openSecretText(path, 'secret', text, wrapping);
  return await importSecretBytes(bytes).catch((error: Error) => {
    throw new SecretFileError(`${path} holds ${error.message}`);
  });
}

/**
 * Encrypts every secret here anew, that of the links too. Stopped midway it can be run again: what the new setting opens
 * already is left as it is.
 * @returns how many were written.
 */
export async function rewrapAll(actions: KeyActions, wanted: NewWrapping): Promise<number> {
  const { store } = actions;
  const next = await openNewWrapping(wanted);
  const { keys } = await store.read();
  let count = 0;
  for (const record of keys) {
    const path = store.pathOf(record);
    const bytes = await openEither(next, store.wrapping, (by) =>
      readSecretFile(path, 'secret', by),
    );
    if (bytes === undefined) continue;
    await replaceSecretFile(path, await next.wrap('secret', bytes));
    count += 1;
  }
  const { directory } = store;
  const link = await openEither(next, store.wrapping, (by) => readLinkSecret(directory, by));
  if (link !== undefined) {
    await replaceSecretFile(linkSecretPath(directory), await linkSecretText(link, next));
    count += 1;
  }
  await note(actions, 'keys.rewrapped', keys);
  return count;
}

/** By the present setting, or by the new one where an earlier run came so far. */
async function openEither(
  next: Wrapping,
  present: Wrapping,
  read: (wrapping: Wrapping) => Promise<Buffer | undefined>,
): Promise<Buffer | undefined> {
  try {
    return await read(present);
  } catch (error) {
    if (!(error instanceof SecretFileError)) throw error;
    return await read(next).catch(() => {
      throw error;
    });
  }
}

/** A revision that changes no key, so that the audit trail knows. */
async function note(
  { store, now, by }: KeyActions,
  action: RingChange['action'],
  about: readonly KeyRecord[],
): Promise<void> {
  const ids = about.map(({ id }) => id);
  await store.change(async ({ keys }) => ({ keys, change: { action, ids, atMs: now(), by } }));
}

async function openNewWrapping({
  passphraseFile,
  wrapFile,
  clear,
}: NewWrapping): Promise<Wrapping> {
  return clear ? NO_WRAPPING : await openWrapping({ passphraseFile, wrapFile }, OPTIONS);
}

const OPTIONS = { passphraseFile: '--passphrase-file', wrapFile: '--wrap-file' };
