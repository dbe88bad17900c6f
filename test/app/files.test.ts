// Files over real HTTP: what comes in, what is refused, and that nothing is left behind.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LedgerUnavailableError } from '@claimcheck/shared/ledger';
import { waitFor } from '../support/wait-for.js';
import type { Client } from './client.js';
import { mint, upload, type UploadedFile } from './files-and-claims.js';
import { startTestAppServer, type TestAppServer } from './start-app-server.js';

const MAX_FILE_BYTES = 1_000_000;

let app: TestAppServer;
let client: Client;
let isLedgerAway = false;

beforeAll(async () => {
  app = await startTestAppServer({
    config: { maxFileBytes: MAX_FILE_BYTES },
    wrapLedger: (ledger) => ({
      ...ledger,
      revoke: async (revocation) => {
        if (isLedgerAway) throw new LedgerUnavailableError('away');
        await ledger.revoke(revocation);
      },
    }),
  });
  client = await app.signedIn();
});
afterAll(async () => await app.stop());

/** Everything below FILES_ROOT, the temporary files too. */
async function onDisk(): Promise<string[]> {
  const names = await readdir(app.config.filesRoot, { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function listFiles(of: Client = client, query = ''): Promise<UploadedFile[]> {
  const response = await of.get(`/api/files${query}`);
  return ((await response.json()) as { files: UploadedFile[] }).files;
}

async function problemOf(
  response: Response,
): Promise<{ status: number; code: string; detail: string }> {
  const { type, status, detail } = (await response.json()) as Record<string, string>;
  expect(Number(status)).toBe(response.status);
  return { status: response.status, code: type?.split(':').at(-1) ?? '', detail: detail ?? '' };
}

async function put(name: string, init: Parameters<Client['request']>[2]): Promise<Response> {
  return await client.request('PUT', `/api/files?name=${encodeURIComponent(name)}`, init);
}

describe('a raw upload', () => {
  test('is stored byte for byte, and answered with its size, type and SHA-256', async () => {
    const content = randomBytes(300_000);
    const before = new Set(await onDisk());
    const response = await put('holiday.jpg', {
      body: content,
      headers: { 'Content-Type': 'image/jpeg' },
    });
    expect(response.status).toBe(201);
    const file = (await response.json()) as UploadedFile;
    expect(file).toMatchObject({
      name: 'holiday.jpg',
      size: 300_000,
      type: 'image/jpeg',
      sha256: createHash('sha256').update(content).digest('hex'),
    });
    expect((await listFiles())[0]).toEqual(file);
    const [key = '', ...others] = (await onDisk()).filter((name) => !before.has(name));
    expect(others).toEqual([]);
    expect(key).toMatch(/^[A-Za-z0-9_-]{16}$/);
    const path = join(app.config.filesRoot, key);
    expect(await readFile(path)).toEqual(content);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  test('may be empty', async () => {
    expect(await upload(client, 'empty', '')).toMatchObject({ size: 0 });
  });

  test.each([
    ['none', undefined],
    ['one that is not a media type', 'nonsense'],
    ['one too long for a claim', `text/${'x'.repeat(200)}`],
  ])('with no usable media type (%s) is "any bytes"', async (_, type) => {
    const headers = { 'Content-Type': type ?? '' };
    const response = await put('x', { body: new Uint8Array([1]), headers });
    expect(await response.json()).toMatchObject({ type: 'application/octet-stream' });
  });

  test.each([
    '漢'.repeat(85),
    '"quoted".txt',
    "it's; rm -rf.sh",
    'a\u202egpj.exe',
    '%2e%2e%2f',
    '…',
  ])('may be called %j', async (name) => {
    expect(await upload(client, name)).toMatchObject({ name });
    expect((await listFiles())[0]).toMatchObject({ name });
  });

  test.each([
    ['a name is missing', '', 'needs a name'],
    ['a line break', 'name=a%0Ab', 'control characters'],
    ['NUL', 'name=a%00b', 'control characters'],
    ['a C1 control', 'name=a%C2%85b', 'control characters'],
    ['a slash', 'name=..%2Fetc', 'slashes'],
    ['a backslash', 'name=..%5Cetc', 'slashes'],
    ['the folder above', 'name=..', 'means a folder'],
    ['256 bytes', `name=${'x'.repeat(256)}`, '256 bytes long'],
    ['two names', 'name=a&name=b', 'give it once'],
  ])('is refused for %s, which the answer names, and leaves nothing', async (_, query, words) => {
    const before = await onDisk();
    const response = await client.request('PUT', `/api/files?${query}`, { body: 'x' });
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 422, code: 'invalid-input' });
    expect(problem.detail).toContain('name: ');
    expect(problem.detail).toContain(words);
    expect(await onDisk()).toEqual(before);
  });

  test('of a stated size over the limit is refused', async () => {
    const before = await onDisk();
    const response = await put('big', { body: Buffer.alloc(MAX_FILE_BYTES + 1) });
    expect(await problemOf(response)).toMatchObject({ status: 413, code: 'too-large' });
    expect(await onDisk()).toEqual(before);
  });

  test('of an unstated size is refused when it has grown over the limit, and leaves nothing', async () => {
    const before = await onDisk();
    const chunk = new Uint8Array(100_000);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += chunk.length;
        if (sent > 3 * MAX_FILE_BYTES) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const response = await put('big', { body });
    expect(await problemOf(response)).toMatchObject({ status: 413, code: 'too-large' });
    expect(await onDisk()).toEqual(before);
    expect(await listFiles(client, '?limit=1')).not.toContainEqual(
      expect.objectContaining({ name: 'big' }),
    );
  });

  test('that is refused half-way may be sent to its end, and its connection used again', async () => {
    const cookies = [...client.cookies].map((pair) => pair.join('=')).join('; ');
    const common = `Host: localhost\r\nOrigin: ${app.config.appOrigin}\r\nCookie: ${cookies}\r\n`;
    const socket = connect(app.server.port, '127.0.0.1');
    let answers = '';
    socket.on('data', (data) => (answers += data.toString()));
    socket.on('error', (error) => (answers += String(error)));
    const chunk = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
    const send = async (times: number) => {
      for (let i = 0; i < times; i += 1) {
        await new Promise((resolve) => socket.write(chunk, resolve));
      }
    };
    socket.write(`PUT /api/files?name=a HTTP/1.1\r\n${common}Transfer-Encoding: chunked\r\n\r\n`);
    await send(Math.ceil(MAX_FILE_BYTES / 0x10000) + 1);
    await waitFor('the refusal arrives', () => answers.startsWith('HTTP/1.1 413 '));
    await send(300);
    socket.write(`0\r\n\r\nGET /livez HTTP/1.1\r\n${common}\r\n`);
    await waitFor('the next answer arrives', () => answers.includes('HTTP/1.1 200 '));
    socket.destroy();
  }, 15_000);

  test('of exactly the largest size is stored', async () => {
    expect(await upload(client, 'full', Buffer.alloc(MAX_FILE_BYTES))).toMatchObject({
      size: MAX_FILE_BYTES,
    });
  });

  test('in a content coding or in parts is refused', async () => {
    const coded = await put('x', { body: 'x', headers: { 'Content-Encoding': 'gzip' } });
    expect(await problemOf(coded)).toMatchObject({ status: 415 });
    const part = await put('x', { body: 'x', headers: { 'Content-Range': 'bytes 0-0/2' } });
    expect(await problemOf(part)).toMatchObject({ status: 422 });
  });

  test('needs somebody signed in', async () => {
    const response = await app.visitor().request('PUT', '/api/files?name=x', { body: 'x' });
    expect(await problemOf(response)).toMatchObject({ status: 401, code: 'not-signed-in' });
  });
});

const FORM_HEAD = '--xx\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';

describe.each([
  ['PUT', '/api/files?name=a', 'application/octet-stream'],
  ['POST', '/files', 'multipart/form-data; boundary=xx'],
])('an upload by %s %s that breaks off', (method, path, type) => {
  test('leaves nothing on disk and no row', async () => {
    const [disk, rows] = [await onDisk(), await listFiles()];
    const cookies = [...client.cookies].map((pair) => pair.join('=')).join('; ');
    const socket = connect(app.server.port, '127.0.0.1');
    socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nOrigin: ${app.config.appOrigin}\r\n` +
        `Cookie: ${cookies}\r\nContent-Type: ${type}\r\nContent-Length: 500000\r\n\r\n` +
        `${FORM_HEAD}${'x'.repeat(200_000)}`,
    );
    await waitFor('the upload has begun', async () => (await onDisk()).length > disk.length);
    socket.destroy();
    await waitFor('its file is gone', async () => (await onDisk()).length === disk.length);
    expect(await onDisk()).toEqual(disk);
    expect(await listFiles()).toEqual(rows);
  });
});

function formOf(...files: [name: string, content: BlobPart, type?: string][]): FormData {
  const form = new FormData();
  for (const [name, content, type] of files) {
    form.append('file', new Blob([content], type === undefined ? {} : { type }), name);
  }
  return form;
}
async function post(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return await client.request('POST', '/files', {
    body,
    headers: { Accept: 'text/html', ...headers },
  });
}

describe('an upload by the page’s form', () => {
  test('stores all its files and goes back to the list', async () => {
    const response = await post(
      formOf(['one "ü" 漢.txt', 'first', 'text/plain'], ['two', Buffer.alloc(200_000, 7)]),
    );
    expect([response.status, response.headers.get('Location')]).toEqual([
      303,
      '/files?done=uploaded',
    ]);
    const listed = (await listFiles(client, '?limit=2')).toSorted((a, b) => a.size - b.size);
    expect(listed).toEqual([
      expect.objectContaining({ name: 'one "ü" 漢.txt', type: 'text/plain', size: 5 }),
      expect.objectContaining({ name: 'two', size: 200_000 }),
    ]);
    const page = await (await client.get('/files?done=uploaded')).text();
    expect(page).toContain('one &quot;ü&quot; 漢.txt');
  });

  test('with one file too large keeps those before it, and the page says which was refused', async () => {
    const before = (await listFiles(client, '?limit=500')).length;
    const response = await post(
      formOf(['fits', 'x'], ['huge <b>', Buffer.alloc(8 * MAX_FILE_BYTES)], ['never', 'x']),
    );
    expect(response.status).toBe(413);
    const page = await response.text();
    expect(page).toContain('“huge &lt;b');
    expect(page).toContain('The 1 before it in the form were kept.');
    const after = await listFiles(client, '?limit=500');
    expect(after.length).toBe(before + 1);
    expect(after[0]).toMatchObject({ name: 'fits' });
  });

  test.each<[string, BodyInit, Record<string, string>, number]>([
    ['no file chosen', formOf(['', '']), {}, 422],
    [
      'over 100 files',
      formOf(...Array.from({ length: 101 }, () => ['f', 'x'] as [string, string])),
      {},
      422,
    ],
    ['a path for a name', formOf(['../../etc/passwd', 'x']), {}, 422],
    [
      'a form cut short',
      `${FORM_HEAD}abc`,
      { 'Content-Type': 'multipart/form-data; boundary=xx' },
      422,
    ],
    ['no boundary', 'abc', { 'Content-Type': 'multipart/form-data' }, 422],
    ['an empty body', '', { 'Content-Type': 'multipart/form-data; boundary=xx' }, 422],
    ['another kind of body', 'a=b', { 'Content-Type': 'text/plain' }, 415],
  ])('with %s is refused and leaves nothing', async (_, body, headers, status) => {
    const [disk, rows] = [await onDisk(), await listFiles()];
    const response = await post(body, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('Content-Type')).toContain('text/html');
    await response.text();
    expect(await onDisk()).toEqual(disk);
    expect(await listFiles()).toEqual(rows);
  });

  test('from another site is refused before its body is read', async () => {
    const disk = await onDisk();
    const response = await post(formOf(['x', 'x']), { Origin: 'https://evil.example' });
    expect(response.status).toBe(403);
    expect(await onDisk()).toEqual(disk);
  });
});

describe('the list', () => {
  test('comes in pages that neither repeat nor skip a file while others arrive', async () => {
    const owner = await app.addMember();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await upload(owner, name);
    const seen: string[] = [];
    let path: string | undefined = '/api/files?limit=2';
    while (path !== undefined) {
      const page = (await (await owner.get(path)).json()) as {
        files: UploadedFile[];
        next?: string;
      };
      seen.push(...page.files.map(({ name }) => name));
      if (seen.length === 2) await upload(owner, 'late');
      path = page.next === undefined ? undefined : `${page.next}&limit=2`;
    }
    expect(seen).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  test('names the parameter it cannot read', async () => {
    for (const [query, name] of [
      ['limit=0', 'limit'],
      ['limit=501', 'limit'],
      ['limit=many', 'limit'],
      ['after=yesterday', 'after'],
    ]) {
      const problem = await problemOf(await client.get(`/api/files?${query}`));
      expect(problem).toMatchObject({ status: 422, code: 'invalid-input' });
      expect(problem.detail).toMatch(new RegExp(`^${name}: `));
    }
  });

  test('shows nobody another’s files', async () => {
    const [other, file] = [await app.addMember(), await upload(client, 'mine')];
    expect(await listFiles(other)).toEqual([]);
    const theirs = await problemOf(await other.request('DELETE', `/api/files/${file.id}`));
    const nobodys = await problemOf(await other.request('DELETE', '/api/files/AAAAAAAAAAAA'));
    expect(theirs).toEqual(nobodys);
    expect(theirs).toMatchObject({ status: 404, code: 'not-found' });
    expect((await listFiles())[0]).toMatchObject({ id: file.id });
  });
});

describe('deleting a file', () => {
  test('removes its row and its bytes', async () => {
    const before = await onDisk();
    const file = await upload(client, 'short-lived');
    expect((await onDisk()).length).toBe(before.length + 1);
    expect((await client.request('DELETE', `/api/files/${file.id}`)).status).toBe(204);
    expect(await onDisk()).toEqual(before);
    expect((await client.request('DELETE', `/api/files/${file.id}`)).status).toBe(404);
    expect((await client.json('POST', '/api/claims', { fileId: file.id })).status).toBe(404);
  });

  test('by the page goes back to the list', async () => {
    const file = await upload(client, 'short-lived');
    const response = await client.form(`/files/${file.id}/delete`);
    expect([response.status, response.headers.get('Location')]).toEqual([
      303,
      '/files?done=deleted',
    ]);
    expect(await listFiles()).not.toContainEqual(file);
  });

  test('is refused while the ledger is away, and the file stays whole', async () => {
    const file = await upload(client, 'kept');
    isLedgerAway = true;
    try {
      const response = await client.request('DELETE', `/api/files/${file.id}`);
      expect(await problemOf(response)).toMatchObject({ status: 503, code: 'ledger-unavailable' });
    } finally {
      isLedgerAway = false;
    }
    expect((await listFiles())[0]).toMatchObject({ id: file.id });
    expect((await mint(client, file.id)).url).toContain('/d/v4.public.');
  });
});

test('a start removes what dead uploads left, and not what another server is writing', async () => {
  const first = await startTestAppServer({ dataDir: join(app.config.dataDir, 'second') });
  const incoming = join(first.config.filesRoot, '.incoming');
  await mkdir(incoming, { recursive: true });
  for (const name of ['dead', 'alive']) await writeFile(join(incoming, name), 'half');
  const anHourAgo = Date.now() / 1000 - 3600;
  await utimes(join(incoming, 'dead'), anHourAgo, anHourAgo);
  await first.stop();
  const again = await startTestAppServer({ dataDir: join(app.config.dataDir, 'second') });
  expect(await readdir(incoming)).toEqual(['alive']);
  await again.stop();
});
