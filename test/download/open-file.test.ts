// Nothing but a regular file at exactly root/key is ever served, whatever stands or is put in its place.
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import {
  mkdir,
  mkdtemp,
  open,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ClaimedFile } from '@claimcheck/shared/claim';
import { createMemoryLedger, type Ledger } from '@claimcheck/shared/ledger';
import { PublicProtocol, type JsonValue } from 'paseto';
import { SignFactory } from 'paseto/v4/public';
import {
  addFile,
  startTestDownloadServer,
  type TestDownloadServer,
} from './start-download-server.js';

const SECRET = 'secret of another';

let on: TestDownloadServer;
let outside: string;
let secret: ClaimedFile;
let beforeBurn: () => Promise<void> = async () => {};
beforeAll(async () => {
  const ledger = createMemoryLedger();
  const burn: Ledger['burn'] = async (request) => {
    await beforeBurn();
    return await ledger.burn(request);
  };
  on = await startTestDownloadServer({ ledger: { ...ledger, burn } });
  outside = await mkdtemp(join(tmpdir(), 'claimcheck-outside-'));
});
afterAll(async () => {
  await on.stop();
  await rm(outside, { recursive: true });
});
beforeEach(async () => {
  beforeBurn = async () => {};
  secret = await addFile(outside, SECRET, { key: 'secret.txt' });
});

/** Asks for a storage key with the secret file's own size and time, so that only the place can refuse it. */
async function ask(key: string, claimed: Partial<ClaimedFile> = {}): Promise<[number, string]> {
  const { url } = await on.mint({ ...secret, key, ...claimed });
  const response = await fetch(url);
  const text = await response.text();
  return [
    response.status,
    text.includes(SECRET) ? text : (/problem:([a-z-]+)/.exec(text)?.[1] ?? text),
  ];
}

/** Sometimes for long enough to be met, sometimes in the middle of an open. */
async function linger(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, randomInt(4)));
}

function pathOf(key: string): string {
  return join(on.root, key);
}

/** Signed by our own key: what our own minter refuses to sign. */
async function forge(key: string): Promise<string> {
  const { claim } = await on.mint(secret);
  const claims = claim as unknown as Record<string, JsonValue>;
  const signed = await new PublicProtocol(SignFactory).Sign(
    on.key.secret,
    { ...claims, fil: { ...secret, key } },
    { footer: new TextEncoder().encode(JSON.stringify({ kid: on.key.id })), addIssuedAt: false },
  );
  return signed;
}

describe('a storage key that is no plain relative path', () => {
  test.each(
    [
      [
        '../secret.txt',
        'a/../../secret.txt',
        '..',
        '.',
        './a',
        'a/./b',
        '',
        '/',
        'a/',
        '/etc/passwd',
      ],
      ['a//b', 'a\\b', '..\\secret.txt', 'a\0b', 'a\nb', 'x'.repeat(256), 'a/'.repeat(300) + 'b'],
    ]
      .flat()
      .map((key) => [key]),
  )('%j is not even a claim', async (key) => {
    const response = await fetch(`${on.url}/d/${await forge(key)}`);
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('invalid-claim'),
    ]);
    expect(on.logged.at(-1)).toMatchObject({ reason: 'bad-shape' });
  });

  it('is refused for that alone: the same forger gets a plain key through', async () => {
    await addFile(on.root, SECRET, { key: 'plain.txt' });
    const { mtimeMs } = await stat(pathOf('plain.txt'));
    secret.mtime = Math.trunc(mtimeMs);
    expect((await fetch(`${on.url}/d/${await forge('plain.txt')}`)).status).toBe(200);
  });
});

describe('what is not the file itself', () => {
  test('a link to a file', async () => {
    await symlink(join(outside, 'secret.txt'), pathOf('link'));
    expect(await ask('link')).toEqual([404, 'file-missing']);
  });

  test('a link to a file inside the root', async () => {
    const { key, mtime } = await on.addFile(SECRET);
    await symlink(pathOf(key), pathOf('inside-link'));
    expect(await ask('inside-link', { mtime })).toEqual([404, 'file-missing']);
  });

  test('a file behind a linked directory', async () => {
    await symlink(outside, pathOf('linked'));
    expect(await ask('linked/secret.txt')).toEqual([404, 'file-missing']);
  });

  test('a file behind a linked directory further up', async () => {
    await mkdir(join(outside, 'deep'), { recursive: true });
    const { mtime } = await addFile(outside, SECRET, { key: 'deep/secret.txt' });
    await symlink(outside, pathOf('upper'));
    expect(await ask('upper/deep/secret.txt', { mtime })).toEqual([404, 'file-missing']);
  });

  test('a directory, and a file as a directory', async () => {
    await on.addFile('x', { key: 'directory/file' });
    expect(await ask('directory')).toEqual([404, 'file-missing']);
    expect(await ask('directory/file/x')).toEqual([404, 'file-missing']);
  });

  test('a FIFO, which must not block', async () => {
    execFileSync('mkfifo', [pathOf('fifo')]);
    expect(await ask('fifo', { size: 0 })).toEqual([404, 'file-missing']);
  });

  test('a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(pathOf('socket'), resolve));
    expect(await ask('socket', { size: 0 })).toEqual([404, 'file-missing']);
    await new Promise((resolve) => server.close(resolve));
  });

  test('a device', async () => {
    // Making one takes root; a link to one is refused in any case.
    const path = pathOf('device');
    if (process.getuid?.() === 0) execFileSync('mknod', [path, 'c', '1', '5']);
    else await symlink('/dev/zero', path);
    expect(await ask('device', { size: 0 })).toEqual([404, 'file-missing']);
  });

  test('a file that was deleted, or whose name is too long for the disk', async () => {
    const { key } = await on.addFile(SECRET);
    await unlink(pathOf(key));
    expect(await ask(key)).toEqual([404, 'file-missing']);
    expect(await ask('ä'.repeat(127))).toEqual([404, 'file-missing']);
  });

  test('a file of another size or time', async () => {
    const { key, size, mtime } = await on.addFile(SECRET);
    expect(await ask(key, { size: size + 1, mtime })).toEqual([409, 'file-changed']);
    expect(await ask(key, { size, mtime: mtime + 1 })).toEqual([409, 'file-changed']);
    expect(await ask(key, { size, mtime })).toEqual([200, SECRET]);
  });
});

describe('a file that is swapped under a download', () => {
  it('gives the bytes that were opened, when a link takes its place', async () => {
    const file = await on.addFile('the right bytes');
    const { url } = await on.mint(file);
    beforeBurn = async () => {
      await unlink(pathOf(file.key));
      await symlink(join(outside, 'secret.txt'), pathOf(file.key));
    };
    expect(await (await fetch(url)).text()).toBe('the right bytes');
  });

  it('gives the bytes that were opened, when another file is renamed over it', async () => {
    const content = 'a'.repeat(300_000);
    const file = await on.addFile(content);
    const { url } = await on.mint(file);
    beforeBurn = async () => {
      await writeFile(pathOf('other'), 'b'.repeat(300_000));
      await rename(pathOf('other'), pathOf(file.key));
    };
    expect(await (await fetch(url)).text()).toBe(content);
  });

  it('never gives another, however often file and link change places meanwhile', async () => {
    const file = await on.addFile('x'.repeat(SECRET.length), { key: 'parent/flip.txt' });
    await mkdir(join(outside, 'parent'), { recursive: true });
    await writeFile(join(outside, 'parent/flip.txt'), SECRET);
    for (const path of [pathOf(file.key), join(outside, 'parent/flip.txt')])
      await utimes(path, 7, 7);
    await symlink(join(outside, 'parent'), pathOf('parent-link'));
    const done = new AbortController();
    const flips = (async () => {
      while (!done.signal.aborted) {
        await linger();
        await rename(pathOf('parent'), pathOf('parent-real'));
        await rename(pathOf('parent-link'), pathOf('parent'));
        await linger();
        await rename(pathOf('parent'), pathOf('parent-link'));
        await rename(pathOf('parent-real'), pathOf('parent'));
      }
    })();
    const outcomes = new Map<string, number>();
    for (let i = 0; i < 400; i += 1) {
      const [status, text] = await ask(file.key, { mtime: 7000 });
      expect(text).not.toContain(SECRET);
      outcomes.set(`${status}`, (outcomes.get(`${status}`) ?? 0) + 1);
    }
    done.abort();
    await flips;
    // Both sides were met, or this proves nothing.
    expect([...outcomes.keys()].toSorted()).toEqual(['200', '404']);
  });
});

test('the walk that other systems than Linux take finds the same', async () => {
  const module = new URL('../../../packages/download-server/dist/open-file.js', import.meta.url)
    .href;
  const { isReachedWithoutLinks } = (await import(module)) as {
    isReachedWithoutLinks: (handle: unknown, path: string, root: string) => Promise<boolean>;
  };
  await on.addFile(SECRET, { key: 'walk/deep/file' });
  await symlink(pathOf('walk'), pathOf('walk-link'));
  await symlink(pathOf('walk/deep/file'), pathOf('walk/file-link'));
  const reached = async (key: string) => {
    const handle = await open(pathOf(key));
    try {
      return await isReachedWithoutLinks(handle, pathOf(key), on.root);
    } finally {
      await handle.close();
    }
  };
  expect(await reached('walk/deep/file')).toBe(true);
  expect(await reached('walk-link/deep/file')).toBe(false);
  expect(await reached('walk/file-link')).toBe(false);
  const handle = await open(pathOf('walk/deep/file'));
  await rename(pathOf('walk/deep/file'), pathOf('walk/deep/old'));
  await writeFile(pathOf('walk/deep/file'), SECRET);
  expect(await isReachedWithoutLinks(handle, pathOf('walk/deep/file'), on.root)).toBe(false);
  await handle.close();
});

async function startAt(filesRoot: string): Promise<TestDownloadServer> {
  return await startTestDownloadServer({ config: { filesRoot } });
}

test('a files root that cannot be used stops the start with a message', async () => {
  await expect(startAt(join(outside, 'nowhere'))).rejects.toThrow(
    /^FILES_ROOT is .*nowhere.*not exist/,
  );
  await expect(startAt(join(outside, 'secret.txt'))).rejects.toThrow(
    /FILES_ROOT .* not a directory/,
  );
});

test('a files root that is a link itself is followed once, at the start', async () => {
  const link = join(outside, 'root-link');
  await mkdir(join(outside, 'real-root'));
  await symlink(join(outside, 'real-root'), link);
  const other = await startTestDownloadServer({ config: { filesRoot: link } });
  const file = await addFile(join(outside, 'real-root'), 'content');
  const { url } = await other.mint(file);
  await unlink(link);
  await symlink(dirname(outside), link);
  expect(await (await fetch(url)).text()).toBe('content');
  await other.stop();
});
