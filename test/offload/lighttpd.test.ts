// OFFLOAD=x-sendfile with a real lighttpd: strict claims are sent by it, resumable ones, whose budget it could not
// tell anything to, and whatever it would judge itself, by the download server.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { etagOf } from '@claimcheck/shared/claim';
import { readSome } from '../download/read-some.js';
import {
  someBytes,
  startTestDownloadServer,
  type TestDownloadServer,
} from '../download/start-download-server.js';
import { startChild, type Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { waitFor } from '../support/wait-for.js';

const SHIPPED = fileURLToPath(new URL('../../../docs/lighttpd.conf', import.meta.url));
const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter);
const content = someBytes(2_000_001);

let server: TestDownloadServer;
let lighttpd: Child;
let directory: string;
let front: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claimcheck-lighttpd-'));
  // The prefix is the files root, which the fixture only has once it has started.
  const offload = { mode: 'x-sendfile' as const, prefix: '', logPort: 0, fromBytes: 1 };
  server = await startTestDownloadServer({ config: { offload } });
  offload.prefix = `${server.root}/`;
  const port = await freePort();
  const replacements = {
    'server.port = 80': `server.port = ${port}\nserver.bind = "127.0.0.1"`,
    '/var/log/lighttpd/': `${directory}/`,
    '/var/www/html': directory,
    '"port" => 3001': `"port" => ${new URL(server.url).port}`,
    '/srv/claimcheck/files/': `${server.root}/`,
  };
  const file = join(directory, 'lighttpd.conf');
  let text = await readFile(SHIPPED, 'utf8');
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`docs/lighttpd.conf does not have ${from}`);
    text = text.replaceAll(from, to);
  }
  await writeFile(file, text);
  lighttpd = startChild('lighttpd', ['-D', '-f', file], { env: { ...process.env, PATH } });
  front = `http://127.0.0.1:${port}`;
  await waitFor('lighttpd answers', async () => {
    if (lighttpd.process.exitCode !== null) throw new Error(lighttpd.output());
    return await fetch(`${front}/livez`).then(
      ({ status }) => status === 200,
      () => false,
    );
  });
});
afterAll(async () => {
  await lighttpd.end();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

async function fetchThrough(
  mod: 'strict' | 'resumable',
  headers: Record<string, string> = {},
  key?: string,
) {
  const file = await server.addFile(content, key === undefined ? {} : { key });
  const { url, claim, token } = await server.mint(file, { mod });
  const got = await readSome(url.replace(server.url, front), headers);
  const line = await waitFor('it is logged', () =>
    server.logged.find((logged) => logged['claim'] === claim.jti && 'status' in logged),
  );
  return {
    got,
    token,
    file,
    again: url.replace(server.url, front),
    byFront: line['outcome'] === 'handed-over',
  };
}

it('sends a strict claim’s file once', async () => {
  const { got, again, byFront, file } = await fetchThrough('strict');
  expect([got.status, byFront, got.body.equals(content)]).toEqual([200, true, true]);
  expect(got.headers).toMatchObject({
    etag: `"${etagOf(file)}"`,
    'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'base64url').toString('base64')}:`,
    'content-type': file.type,
    'cache-control': 'no-store, no-transform',
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
  });
  expect((await readSome(again)).status).toBe(410);
});

it.each(['%2e%2e/%2e%2e/etc/passwd', 'a b/größe?.bin', '+;#.bin'])(
  'finds the file with the storage key %j',
  async (key) => {
    const { got, byFront } = await fetchThrough('strict', {}, key);
    expect([got.status, byFront, got.body.equals(content)]).toEqual([200, true, true]);
  },
);

it.each([
  ['a resumable claim', 'resumable', {}, 200],
  ['a resumable claim’s range', 'resumable', { range: 'bytes=10-' }, 206],
  ['a strict claim with a Range', 'strict', { range: 'bytes=10-' }, 200],
  ['a strict claim with a condition', 'strict', { 'if-none-match': '"other"' }, 200],
] as const)('leaves %s to the download server', async (_, mod, headers, status) => {
  const { got, byFront } = await fetchThrough(mod, headers);
  expect([got.status, byFront]).toEqual([status, false]);
  expect(got.body.equals(status === 206 ? content.subarray(10) : content)).toBe(true);
});

it('does not log a token under the shipped configuration', async () => {
  const { token } = await fetchThrough('strict');
  const file = await server.addFile(content);
  const gone = await server.mint(file);
  await readSome(`${front}/d/${gone.token}/${'n'.repeat(9000)}`);
  const logs = await Promise.all(
    ['error.log', 'access.log'].map((name) => readFile(join(directory, name), 'utf8')),
  );
  const text = `${logs.join('\n')}${lighttpd.output()}`;
  expect(text).toContain(' 200 ');
  expect([token, gone.token].some((secret) => text.includes(secret.slice(0, 20)))).toBe(false);
});
