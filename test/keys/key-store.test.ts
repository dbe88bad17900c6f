// The directory of keys, as several processes see it at once: upgrades, files that are not keys, races, encryption.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readPublishedKeys } from '@claimcheck/shared/claim';
import {
  exportSecretBytes,
  generateSigningKey,
  mintClaim,
  publishKeys,
} from '@claimcheck/shared/mint';
import {
  keyState,
  KeyRefusedError,
  kill,
  openWrapping,
  passphraseWrapping,
  rotate,
  rotateWhenDue,
  forget,
  signingKeyAt,
  type Ring,
} from '@claimcheck/app-server/keys';
import { downloadVerifier, sampleSentence } from '../claim/sample-claim.js';
import { AHEAD_MS, createTestStore, NOW_MS, type TestStore } from './open-store.js';

const DAY_MS = 24 * 60 * 60_000;
const SECRETS = /\.k4\.secret$/;

let on: TestStore;
beforeEach(async () => {
  on = await createTestStore();
});
afterEach(async () => await on.remove());

const secretFiles = async () =>
  (await readdir(on.directory)).filter((name) => SECRETS.test(name)).toSorted();
const idOf = (ring: Ring, index: number) => ring.keys[index]?.id ?? 'k4.pid.';

/** Keys as they lay on disk before there was a ring: one file each, named by its time. */
async function writeLegacy(...timesMs: number[]): Promise<string[]> {
  await mkdir(on.directory, { recursive: true });
  const ids: string[] = [];
  for (const timeMs of timesMs) {
    const key = await generateSigningKey();
    const text = `k4.secret.${(await exportSecretBytes(key)).toString('base64url')}\n`;
    await writeFile(join(on.directory, `${timeMs}.k4.secret`), text, { mode: 0o644 });
    ids.push(key.id);
  }
  return ids;
}

describe('the directory of keys', () => {
  test('gets a first key, for its owner alone, which is found again', async () => {
    const ring = await on.store.open(NOW_MS);
    expect(ring.keys.map((key) => keyState(key, NOW_MS))).toEqual(['signs']);
    const [name = ''] = await secretFiles();
    expect((await stat(join(on.directory, name))).mode & 0o777).toBe(0o600);
    expect((await stat(on.directory)).mode & 0o777).toBe(0o700);
    expect(await on.again().open(NOW_MS + 1000)).toEqual(ring);
    expect(await secretFiles()).toEqual([name]);
  });

  test('gets no key from whoever may have mistyped it', async () => {
    await expect(on.store.openExisting(NOW_MS)).rejects.toThrow(on.directory);
    await mkdir(on.directory);
    await expect(on.store.openExisting(NOW_MS)).rejects.toThrow(KeyRefusedError);
    expect(await readdir(on.directory)).toEqual([]);
  });

  test('of before is taken over: the newest key signs, the others verify what they signed', async () => {
    const ids = await writeLegacy(NOW_MS - 2000, NOW_MS - 1000);
    const ring = await on.store.open(NOW_MS);
    expect(ring.keys.map(({ id }) => id)).toEqual(ids);
    expect(ring.keys.map((key) => keyState(key, NOW_MS))).toEqual(['verifies', 'signs']);
    expect((await stat(join(on.directory, `${NOW_MS - 1000}.k4.secret`))).mode & 0o777).toBe(0o600);

    const all = ring.keys.map(({ id, key }) => ({ id, publicPaserk: key }));
    const verify = downloadVerifier(await readPublishedKeys(publishKeys({ all })));
    for (const record of ring.keys) {
      const key = await on.store.readSecret(record);
      if (key === undefined) throw new Error('no secret');
      const { token } = await mintClaim(key, sampleSentence(), NOW_MS);
      expect(await verify(token, NOW_MS)).toMatchObject({ ok: true, keyId: record.id });
    }
  });

  test.each(['', 'k4.public.AAAA', 'k4.secret.AAAA', 'hello'])(
    'with %j for a secret stops the start, without quoting it',
    async (text) => {
      await writeLegacy(NOW_MS);
      await writeFile(join(on.directory, `${NOW_MS}.k4.secret`), text);
      const failure = await on.store.open(NOW_MS).catch((error: Error) => error.message);
      expect(failure).toContain(`${NOW_MS}.k4.secret`);
      if (text !== '') expect(failure).not.toContain(text);
    },
  );

  test('with the secret of another key in the place of one is refused', async () => {
    const ring = await on.store.open(NOW_MS);
    const [name = ''] = await secretFiles();
    const other = await exportSecretBytes(await generateSigningKey());
    await writeFile(join(on.directory, name), `k4.secret.${other.toString('base64url')}`);
    const [record] = ring.keys;
    if (record === undefined) throw new Error('no key');
    await expect(on.store.readSecret(record)).rejects.toThrow('another key');
  });

  test('with a ring that was tampered with is refused by the name of the file', async () => {
    await on.store.open(NOW_MS);
    const path = join(on.directory, 'ring.00000001.json');
    const other = (await generateSigningKey()).publicPaserk;
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/k4\.public\.[^"]+/, other));
    await expect(on.store.read()).rejects.toThrow('ring.00000001.json');
  });

  test('closes secrets that others may read', async () => {
    const ring = await on.store.open(NOW_MS);
    const [name = ''] = await secretFiles();
    await chmod(join(on.directory, name), 0o644);
    const [record] = ring.keys;
    if (record !== undefined) await on.store.readSecret(record);
    expect((await stat(join(on.directory, name))).mode & 0o777).toBe(0o600);
  });

  test('loses the secret of a key that no longer signs, and the key when its last claim is dead', async () => {
    await on.store.open(NOW_MS);
    const ring = await rotate(on.actions());
    await forget(on.actions(NOW_MS + AHEAD_MS + 60_000), ring);
    expect(await secretFiles()).toHaveLength(2);
    await forget(on.actions(NOW_MS + AHEAD_MS + 15 * 60_000), ring);
    expect(await secretFiles()).toEqual([`${idOf(ring, 1).slice('k4.pid.'.length)}.k4.secret`]);
    expect((await on.store.read()).keys).toHaveLength(2);
    await forget(on.actions(NOW_MS + 2 * DAY_MS), ring);
    expect((await on.store.read()).keys.map(({ id }) => id)).toEqual([idOf(ring, 1)]);
  });
});

describe('several app servers on one directory', () => {
  test('that all begin at once have one key', async () => {
    const rings = await Promise.all(Array.from({ length: 4 }, () => on.again().open(NOW_MS)));
    expect(new Set(rings.map((ring) => idOf(ring, 0))).size).toBe(1);
    expect(await secretFiles()).toHaveLength(1);
  });

  test('that all find a rotation due at once make one key, and leave no other secret', async () => {
    await on.store.open(NOW_MS);
    const due = NOW_MS + 30 * DAY_MS;
    const rings = await Promise.all(
      Array.from({ length: 4 }, () => rotateWhenDue(on.actions(due, 'schedule'), 30 * DAY_MS)),
    );
    for (const ring of rings) expect(ring.keys).toEqual(rings[0]?.keys);
    expect(rings[0]?.keys).toHaveLength(2);
    expect(await secretFiles()).toHaveLength(2);
    expect((await on.store.read()).revision).toBe(2);
  });

  test('that change different things at once lose none of the changes', async () => {
    await on.store.open(NOW_MS);
    const ring = await rotate(on.actions());
    const [killed, rotated] = await Promise.allSettled([
      kill(on.actions(NOW_MS + 1), [idOf(ring, 0)]),
      kill(on.actions(NOW_MS + 1), [idOf(ring, 1)]),
    ]);
    expect([killed.status, rotated.status]).toEqual(['fulfilled', 'fulfilled']);
    const { keys } = await on.store.read();
    expect(keys.slice(0, 2).map((key) => keyState(key, NOW_MS + 2))).toEqual(['killed', 'killed']);
    expect(signingKeyAt(keys, NOW_MS + 6000)?.id).toBe(keys[2]?.id);
  });

  test('never take a revision over from a writer that slept through many', async () => {
    await on.store.open(NOW_MS);
    let slept: Ring | undefined;
    const written = await on.store.change(async (ring) => {
      if (slept === undefined) {
        slept = ring;
        // Meanwhile so much happens that the number this writer goes for is free again.
        for (let i = 0; i < 60; i += 1) await touch();
      }
      return { keys: ring.keys, change: note };
    });
    expect(slept?.revision).toBe(1);
    expect(written.revision).toBe(62);
    expect((await on.store.read()).revision).toBe(62);
  });

  const note = {
    action: 'key.exported' as const,
    ids: [],
    atMs: NOW_MS,
    by: 'command' as const,
  };
  const touch = () => on.again().change(async ({ keys }) => ({ keys, change: note }));
});

describe('encryption at rest', () => {
  const PASSPHRASE = 'correct horse battery staple';

  test('is turned on by its setting: what lay in clear is encrypted in its place', async () => {
    const ring = await on.store.open(NOW_MS);
    const [record] = ring.keys;
    const [name = ''] = await secretFiles();
    const clear = (await readFile(join(on.directory, name), 'utf8')).trim();
    const store = on.again(passphraseWrapping(PASSPHRASE, 'KEYS_PASSPHRASE'));
    if (record === undefined) throw new Error('no key');
    expect((await store.readSecret(record))?.id).toBe(record.id);
    const after = await readFile(join(on.directory, name), 'utf8');
    expect(after).toMatch(/^k4\.secret-pw\.[\w-]+\n$/);
    expect(after).not.toContain(clear.slice('k4.secret.'.length, 40));
    expect((await readdir(on.directory)).filter((file) => file.endsWith('.new'))).toEqual([]);
    expect((await stat(join(on.directory, name))).mode & 0o777).toBe(0o600);
    expect((await store.readSecret(record))?.id).toBe(record.id);
  });

  test.each([
    [
      'another passphrase',
      () => passphraseWrapping('another passphrase', 'KEYS_PASSPHRASE'),
      'does not open',
    ],
    ['no setting', undefined, 'expected KEYS_PASSPHRASE'],
  ])('with %s stops by the name of setting and file', async (_, wrapping, message) => {
    const mine = passphraseWrapping(PASSPHRASE, 'KEYS_PASSPHRASE');
    const [record] = (await on.again(mine).open(NOW_MS)).keys;
    const [name = ''] = await secretFiles();
    if (record === undefined) throw new Error('no key');
    const failure = await (wrapping ? on.again(wrapping()) : on.again())
      .readSecret(record)
      .catch((error: Error) => error.message);
    expect(failure).toContain(message);
    expect(failure).toContain('KEYS_PASSPHRASE');
    expect(failure).toContain(name);
    expect(failure).not.toContain(PASSPHRASE);
  });

  test('by a key file takes exactly 32 bytes', async () => {
    const wrapFile = `${on.directory}.wrap`;
    await writeFile(wrapFile, randomBytes(32));
    const store = on.again(await openWrapping({ wrapFile }));
    const [record] = (await store.open(NOW_MS)).keys;
    if (record === undefined) throw new Error('no key');
    expect(await store.wrappingOf(record)).toBe('key-file');
    expect((await store.readSecret(record))?.id).toBe(record.id);
    await writeFile(wrapFile, randomBytes(31));
    await expect(openWrapping({ wrapFile })).rejects.toThrow('KEYS_WRAP_FILE');
    await rm(wrapFile);
    await expect(openWrapping({ wrapFile })).rejects.toThrow('KEYS_WRAP_FILE');
  });

  test('refuses a passphrase file with too little in it, by name', async () => {
    const passphraseFile = `${on.directory}.pass`;
    await writeFile(passphraseFile, 'short\n');
    await expect(openWrapping({ passphraseFile })).rejects.toThrow('KEYS_PASSPHRASE_FILE');
  });
});
