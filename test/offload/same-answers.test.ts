// With nginx sending the files a client gets what it would get from the download server itself: the case table of
// RFC 9110 with each header and byte, hostile storage keys, whole files and ranges.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createHash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import { etagOf, type ClaimedFile, type DownloadClaim } from '@claimcheck/shared/claim';
import { readSome } from '../download/read-some.js';
import { someBytes, startTestDownloadServer } from '../download/start-download-server.js';
import { cases, CONTENT, MODIFIED, type Case } from '../http/rfc-9110-cases.js';
import { summary } from '../http/sample-plan.js';
import { waitFor } from '../support/wait-for.js';
import { startOffloading, type OffloadingSystem } from './start-front.js';

const MIB = 1024 * 1024;
/** Of the connection, or of one request alone. */
const NOT_COMPARED = ['date', 'server', 'connection', 'keep-alive', 'x-request-id'];

let system: OffloadingSystem;
const files = new Map<Case['of'], ClaimedFile>();
beforeAll(async () => {
  system = await startOffloading();
  for (const [of, content] of [
    [undefined, CONTENT],
    ['an empty file', ''],
  ] as const) {
    const file = await system.server.addFile(content, { name: 'naïve “report”.txt' });
    const mtime = Date.parse(MODIFIED);
    await utimes(join(system.server.root, file.key), mtime / 1000, mtime / 1000);
    files.set(of, { ...file, mtime });
  }
});
afterAll(() => system.stop());

const digestOf = (content: string) =>
  `sha-256=:${createHash('sha256').update(content).digest('base64')}:`;

/** What the download server has logged of a claim's one request. */
async function outcomeOf({ jti }: Pick<DownloadClaim, 'jti'>): Promise<unknown> {
  const line = await waitFor('the request is logged', () =>
    system.server.logged.find(({ claim, url }) => claim === jti && url !== undefined),
  );
  return line['outcome'];
}

/** The rows of the table that are sent from here, by what they say. */
const sentFromHere: string[] = [];

async function ask(url: string, row: Case, etag: string) {
  const headers = Object.entries(row.asks).map(([name, value]) => {
    const values = [value].flat().map((text) => text.replaceAll('ETAG', etag));
    return [name, Array.isArray(value) ? values : values.join()];
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      method: row.method ?? 'GET',
      headers: Object.fromEntries(headers) as Record<string, string>,
      agent: false,
      timeout: 10_000,
    };
    httpRequest(url, options, resolve).on('error', reject).end();
  });
  let bytes = '';
  for await (const part of response.setEncoding('latin1')) bytes += String(part);
  const { statusCode = 0, headers: given } = response;
  const compared = Object.entries(given).filter(([name]) => !NOT_COMPARED.includes(name));
  const carriesFile = statusCode === 200 || statusCode === 206;
  return {
    summary: summary(statusCode, given['content-range']),
    headers: Object.fromEntries(compared),
    // A problem's body names the request.
    bytes: carriesFile ? bytes : undefined,
    requestId: given['x-request-id'],
  };
}

describe('an answer through nginx', () => {
  const named = cases.map((row) => [row.section, row.says, row.gives, row] as const);
  test.each(named)('%s: %s: %s', async (_section, _says, gives, row) => {
    const file = files.get(row.of);
    if (file === undefined) throw new Error('no file');
    const mod = row.claim ?? 'resumable';
    const etag = `"${etagOf(file)}"`;
    const direct = await ask((await system.server.mint(file, { mod })).url, row, etag);
    const minted = await system.server.mint(file, { mod });
    const through = await ask(system.atFront(minted.url), row, etag);
    expect(through.summary).toBe(gives);
    expect(through.bytes).toBe(direct.bytes);
    if (direct.bytes === undefined) return;
    expect(through.headers).toEqual(direct.headers);
    expect(through.headers['repr-digest']).toBe(digestOf(row.of === undefined ? CONTENT : ''));
    expect(through.requestId).toMatch(/^[0-9a-f-]{36}$/);
    if (row.method === 'HEAD' || row.of !== undefined) return;
    if ((await outcomeOf(minted.claim)) !== 'handed-over') sentFromHere.push(row.says);
  });

  test('is sent by nginx, but where nginx would judge otherwise', () => {
    expect(sentFromHere).toEqual([
      // Numbers that do not fit into 64 bits, and forms that nginx reads otherwise.
      'a last position of 40 digits',
      'a suffix of 40 digits',
      'the unit in capitals',
      'empty list elements around one range',
      'space before the first element, as lists bear elsewhere',
      // Not the text that nginx compares with.
      'the date in its RFC 850 form',
      'the date in its asctime form',
      // All other preconditions: nginx has no tag of its own there, and no precedence among them.
      'the tag',
      'any',
      'one of a list',
      'not since',
      'no date',
      'another tag',
      'modified since',
      'If-Match outweighs the date',
      'If-None-Match outweighs the date, and does not match',
    ]);
  });
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a file', () => {
  it('comes whole and in any range, byte for byte', async () => {
    const content = someBytes(3 * MIB + 7);
    const file = await system.server.addFile(content);
    const ranges: [string | undefined, number, number][] = [
      [undefined, 0, content.length],
      ['bytes=0-', 0, content.length],
      ['bytes=1-1', 1, 2],
      ['bytes=1048577-2097151', 1048577, 2097152],
      ['bytes=-5', content.length - 5, content.length],
      [`bytes=${content.length - 1}-`, content.length - 1, content.length],
      ['bytes=65536-9999999999', 65536, content.length],
    ];
    for (const [range, first, end] of ranges) {
      const { url, claim } = await system.server.mint(file, { mod: 'resumable' });
      const got = await readSome(system.atFront(url), range === undefined ? {} : { range });
      expect([range, got.status, sha256(got.body)]).toEqual([
        range,
        range === undefined ? 200 : 206,
        sha256(content.subarray(first, end)),
      ]);
      expect(await outcomeOf(claim)).toBe('handed-over');
    }
  });

  it.each([
    'plain.bin',
    'a folder/and another/file.bin',
    '%2e%2e/%2e%2e/etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    'what?is=this&that#there;x=1',
    '+ plus+.bin',
    '@named',
    '"quoted" \'and\' $request_id <b>',
    '...',
    '.hidden/..double',
    'größe/日本語/🙂.bin',
    '%00%0d%0aX-Injected: yes',
    'e\u0301/\u202egpj.exe',
    '~root/*',
  ])('with the storage key %j is that file and no other', async (key) => {
    const content = someBytes(70_001);
    const file = await system.server.addFile(content, { key });
    const { url, claim } = await system.server.mint(file);
    const got = await readSome(system.atFront(url));
    expect([got.status, got.body.equals(content)]).toEqual([200, true]);
    expect(got.headers['x-injected']).toBeUndefined();
    expect(await outcomeOf(claim)).toBe('handed-over');
  });

  it('is not to be had from nginx without a claim', async () => {
    const file = await system.server.addFile('secret');
    for (const part of ['whole', 'part', '']) {
      const got = await readSome(`${system.front.url}/_claimcheck_files/${part}/${file.key}`);
      expect(got.status).toBe(404);
    }
  });

  it('comes from the download server when it was not asked through nginx', async () => {
    const content = someBytes(100_000);
    const { url, claim } = await system.server.mint(await system.server.addFile(content));
    expect((await readSome(url)).body.equals(content)).toBe(true);
    expect(await outcomeOf(claim)).not.toBe('handed-over');
  });

  it('is never an empty answer where a front server does not know what to do', async () => {
    const prefix = '/somewhere/';
    const alone = await startTestDownloadServer({
      config: { offload: { mode: 'x-sendfile', prefix, logPort: 0, fromBytes: 1 } },
    });
    try {
      const { url } = await alone.mint(await alone.addFile(someBytes(100_000)));
      const got = await readSome(url, { 'x-claimcheck-request': 'some proxy' });
      expect([got.status, got.body.length, got.whole]).toEqual([200, 0, false]);
    } finally {
      await alone.stop();
    }
  });
});
