// Secret keys on disk, and what minting refuses.
import { mkdtemp, readdir, readFile, rm, stat, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readPublishedKeys } from '@claimcheck/shared/claim';
import { loadSigningKeys, mintClaim, publishKeys } from '@claimcheck/shared/mint';
import { downloadVerifier, NOW_MS, sampleKeys, sampleSentence } from './sample-claim.js';

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'claimcheck-keys-')), 'keys');
});
afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true });
});

describe('the signing keys', () => {
  test('are made on the first start, for their owner alone, and found on the next', async () => {
    const first = await loadSigningKeys(directory, NOW_MS);
    expect(first.all).toHaveLength(1);
    const [name = ''] = await readdir(directory);
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    const second = await loadSigningKeys(directory, NOW_MS + 1000);
    expect(second.active.id).toBe(first.active.id);
    expect(await readdir(directory)).toEqual([name]);
  });

  test('that others may read are closed to them', async () => {
    await loadSigningKeys(directory, NOW_MS);
    const [name = ''] = await readdir(directory);
    await chmod(join(directory, name), 0o644);
    await loadSigningKeys(directory, NOW_MS);
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  test('are all published, the newest one signs, and the older one still verifies', async () => {
    const first = await loadSigningKeys(directory, NOW_MS);
    const old = await mintClaim(first.active, sampleSentence(), NOW_MS);
    const other = await loadSigningKeys(`${directory}-2`, NOW_MS + 1000);
    const [name = ''] = await readdir(`${directory}-2`);
    await writeFile(join(directory, name), await readFile(join(`${directory}-2`, name)), {
      mode: 0o600,
    });

    const both = await loadSigningKeys(directory, NOW_MS);
    expect(both.active.id).toBe(other.active.id);
    expect(publishKeys(both).keys.map(({ kid }) => kid)).toEqual([
      first.active.id,
      other.active.id,
    ]);
    const verify = downloadVerifier(await readPublishedKeys(publishKeys(both)));
    const fresh = await mintClaim(both.active, sampleSentence(), NOW_MS);
    expect(await verify(old.token, NOW_MS)).toMatchObject({ ok: true });
    expect(await verify(fresh.token, NOW_MS)).toMatchObject({ ok: true });
  });

  test.each(['', 'k4.public.AAAA', 'k4.secret.AAAA', 'hello'])(
    'holding %j stop the start, without quoting it',
    async (text) => {
      await loadSigningKeys(directory, NOW_MS);
      const [name = ''] = await readdir(directory);
      await writeFile(join(directory, name), text);
      const failure = await loadSigningKeys(directory, NOW_MS).catch(
        (error: Error) => error.message,
      );
      expect(failure).toContain(name);
      if (text !== '') expect(failure).not.toContain(text);
    },
  );
});

describe('minting', () => {
  test.each([0, -1, 1.5, 901, Number.NaN])('refuses a life of %d seconds', async (life) => {
    const { key } = await sampleKeys();
    await expect(mintClaim(key, sampleSentence(), NOW_MS, life)).rejects.toThrow(RangeError);
  });

  test('refuses what no verifier would accept', async () => {
    const { key } = await sampleKeys();
    const { fil } = sampleSentence();
    const escaping = sampleSentence({ fil: { ...fil, key: '../x' } });
    await expect(mintClaim(key, escaping, NOW_MS)).rejects.toThrow(/fil\.key/);
  });
});
