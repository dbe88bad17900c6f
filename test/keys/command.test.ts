// `keys` as an operator types it: real processes beside each other on one directory, and no secret on any terminal.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createKeyStore,
  NO_WRAPPING,
  readArguments,
  UsageError,
} from '@claimcheck/app-server/keys';
import { startChild } from '../support/child.js';
import { root } from '../system/start-system.js';

const MAIN = join(root, 'packages/app-server/dist/keys/command/main.js');
const PASSPHRASE = 'a passphrase with  two spaces';

let dataDir: string;
let printed = '';
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-command-'));
  await createKeyStore(join(dataDir, 'keys'), NO_WRAPPING).open(Date.now());
  printed = '';
});
afterEach(async () => {
  const secrets = await secretsOnDisk();
  for (const secret of secrets) expect(printed).not.toContain(secret);
  await rm(dataDir, { recursive: true });
});

async function keys(words: string[], env: Record<string, string> = {}) {
  const child = startChild(process.execPath, [MAIN, ...words], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', DATA_DIR: dataDir, ...env },
  });
  const status = await child.ended;
  printed += child.output();
  return { status, output: child.output() };
}

interface Described {
  id: string;
  state: string;
  secret: string | null;
}

async function list(env: Record<string, string> = {}): Promise<Described[]> {
  const { status, output } = await keys(['list', '--json'], env);
  expect(status).toBe(0);
  return (JSON.parse(output) as { keys: Described[] }).keys;
}

/** Some characters of each secret that lies here in any form. */
async function secretsOnDisk(): Promise<string[]> {
  const directory = join(dataDir, 'keys');
  const names = (await readdir(directory)).filter((name) => name.endsWith('.k4.secret'));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.map((text) => text.trim().slice(-40));
}

describe('the keys command', () => {
  test('lists, rotates, refuses to rotate again, and takes the new key back', async () => {
    expect(await list()).toMatchObject([{ state: 'signs', secret: 'none' }]);
    const rotated = await keys(['rotate']);
    expect([rotated.status, rotated.output]).toEqual([0, expect.stringContaining('signs from')]);
    expect(await keys(['rotate'])).toMatchObject({ status: 3 });
    const [, next] = await list();
    expect(next?.state).toBe('published');
    expect((await keys(['retire', next?.id ?? ''])).status).toBe(0);
    expect((await list()).map(({ state }) => state)).toEqual(['signs', 'verifies']);
  }, 120_000);

  test('kills what it is told to, at once and for ever', async () => {
    const [first] = await list();
    const { status, output } = await keys(['retire', '--now', first?.id ?? '']);
    expect([status, output]).toEqual([0, expect.stringContaining('killed')]);
    const states = await list();
    expect(states.map(({ state, secret }) => [state, secret])).toEqual([
      ['killed', null],
      [expect.stringMatching(/published|signs/), 'none'],
    ]);
  }, 120_000);

  test('says so when the ledger cannot be told of an emergency', async () => {
    const [first] = await list();
    const env = { REDIS_URL: 'redis://127.0.0.1:1' };
    const { status, output } = await keys(['retire', '--now', first?.id ?? ''], env);
    expect([status, output]).toEqual([4, expect.stringContaining('COULD NOT BE TOLD')]);
    expect((await list())[0]?.state).toBe('killed');
  }, 120_000);

  test('moves a secret key to another installation, encrypted on its way', async () => {
    const passphrase = join(dataDir, 'passphrase');
    await writeFile(passphrase, `${PASSPHRASE}\n`);
    const [first] = await list();
    const file = join(dataDir, 'moved');
    const id = first?.id ?? '';
    expect((await keys(['export', id, '--secret', file])).status).toBe(3);
    const how = ['--passphrase-file', passphrase];
    expect((await keys(['export', id, '--secret', file, ...how])).status).toBe(0);
    expect(await readFile(file, 'utf8')).toMatch(/^k4\.secret-pw\./);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await keys(['export', id, '--secret', file, ...how])).status).toBe(3);
    expect((await keys(['export', id])).output).toMatch(/^k4\.public\./);

    const elsewhere = join(dataDir, 'elsewhere');
    await createKeyStore(join(elsewhere, 'keys'), NO_WRAPPING).open(Date.now());
    expect((await keys(['import', file], { DATA_DIR: elsewhere })).status).toBe(1);
    const imported = await keys(['import', file, ...how], { DATA_DIR: elsewhere });
    expect([imported.status, imported.output]).toEqual([0, expect.stringContaining(id)]);
    expect((await keys(['import', file, ...how])).status).toBe(3);
    await keys(['retire', '--now', id], { DATA_DIR: elsewhere });
    const back = await keys(['import', file, ...how], { DATA_DIR: elsewhere });
    expect([back.status, back.output]).toEqual([3, expect.stringContaining('killed')]);
  }, 240_000);

  test('changes the encryption of everything that lies here', async () => {
    const files = [1, 2].map((n) => join(dataDir, `passphrase-${n}`));
    for (const [i, file] of files.entries()) await writeFile(file, `${PASSPHRASE} ${i}`);
    const [one = '', two = ''] = files;
    await writeFile(join(dataDir, 'keys/links.secret'), `${'ab'.repeat(32)}\n`, { mode: 0o600 });
    expect((await keys(['rewrap', '--passphrase-file', one])).status).toBe(0);
    expect(await readFile(join(dataDir, 'keys/links.secret'), 'utf8')).toMatch(/^k4\.local-pw\./);
    const wrong = await keys(['rewrap', '--passphrase-file', one], {
      KEYS_PASSPHRASE: 'this is another one',
    });
    expect(wrong.status).toBe(0);
    const env = { KEYS_PASSPHRASE_FILE: one };
    expect((await keys(['rewrap', '--passphrase-file', two], env)).status).toBe(0);
    const refused = await keys(['export', (await list())[0]?.id ?? '', '--secret', 'x'], env);
    expect([refused.status, refused.output]).toEqual([
      1,
      expect.stringContaining('KEYS_PASSPHRASE'),
    ]);
    expect((await keys(['rewrap', '--clear'], { KEYS_PASSPHRASE_FILE: two })).status).toBe(0);
    expect(await readFile(join(dataDir, 'keys/links.secret'), 'utf8')).toBe(`${'ab'.repeat(32)}\n`);
    expect((await list())[0]?.secret).toBe('none');
  }, 240_000);

  test.each([
    [[], 'missing'],
    [['lst'], 'lst'],
    [['rotate', 'now'], 'rotate'],
    [['retire'], 'retire'],
    [['retire', '--all'], '--all'],
    [['retire', '--now'], '--now'],
    [['list', '--now'], '--now'],
    [['rewrap'], 'rewrap'],
    [['rewrap', '--clear', '--wrap-file', 'x'], 'at most'],
    [['export', 'x', '--clear'], '--secret'],
    [['list', '--jsn'], '--jsn'],
  ])('refuses %j by name', (words, named) => {
    expect(() => readArguments(words)).toThrow(UsageError);
    expect(() => readArguments(words)).toThrow(named);
  });

  test('does nothing that it does not understand', async () => {
    const { status, output } = await keys(['retire', '--nwo', '--all']);
    expect([status, output]).toEqual([2, expect.stringContaining('--nwo')]);
    expect((await readdir(join(dataDir, 'keys'))).length).toBe(2);
  }, 60_000);

  test('takes no directory for one of keys that is none', async () => {
    const env = { DATA_DIR: join(dataDir, 'mistyped') };
    const { status, output } = await keys(['retire', '--now', '--all'], env);
    expect([status, output]).toEqual([3, expect.stringContaining('mistyped')]);
    expect(await readdir(dataDir)).toEqual(['keys']);
  }, 60_000);

  test('explains itself', async () => {
    const { status, output } = await keys(['--help']);
    expect([status, output]).toEqual([0, expect.stringContaining('EMERGENCY')]);
  }, 60_000);
});
