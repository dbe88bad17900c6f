// The same requests to a running download server and to a real nginx that serves the same files: the same
// status, Content-Range, length and bytes, except where a row of the table says otherwise and why. Both
// halves are asserted, so a difference that nginx no longer shows must leave the table.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { etagOf, type ClaimedFile } from '@claimcheck/shared/claim';
import {
  startTestDownloadServer,
  type TestDownloadServer,
} from '../download/start-download-server.js';
import { startNginx, type TestNginx } from '../support/nginx.js';
import { cases, CONTENT, MODIFIED, type Case } from './rfc-9110-cases.js';
import { summary } from './sample-plan.js';

interface Answer {
  summary: string;
  etag: string;
  /** For what carries the file: Content-Length, and the bytes themselves. */
  file: { length: number; bytes: string } | undefined;
}

const files = new Map<Case['of'], ClaimedFile>();
let ours: TestDownloadServer;
let nginx: TestNginx;
beforeAll(async () => {
  ours = await startTestDownloadServer({ logLevel: 'silent' });
  nginx = await startNginx(ours.root);
  files.set(undefined, await addOldFile(CONTENT));
  files.set('an empty file', await addOldFile(''));
});
afterAll(async () => {
  await nginx.stop();
  await ours.stop();
});

async function addOldFile(content: string): Promise<ClaimedFile> {
  const file = await ours.addFile(content);
  const mtime = Date.parse(MODIFIED);
  await utimes(join(ours.root, file.key), mtime / 1000, mtime / 1000);
  return { ...file, mtime };
}

function fileOf(row: Pick<Case, 'of'>): ClaimedFile {
  const file = files.get(row.of);
  if (file === undefined) throw new Error(`no file for ${row.of}`);
  return file;
}

/** Node's own client, which sends every header as it is told, twice if need be. */
async function ask(url: string, method: string, asks: Case['asks'], etag: string): Promise<Answer> {
  const headers = Object.entries(asks).map(([name, value]) => {
    const values = [value].flat().map((text) => text.replaceAll('ETAG', etag));
    return [name, Array.isArray(value) ? values : values.join()];
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, headers: Object.fromEntries(headers), agent: false, timeout: 10_000 };
    httpRequest(url, options, resolve).on('error', reject).end();
  });
  let bytes = '';
  for await (const part of response.setEncoding('latin1')) bytes += String(part);
  const { statusCode = 0, headers: given } = response;
  const multipart = String(given['content-type']).startsWith('multipart/')
    ? 'multipart'
    : undefined;
  const length = Number(given['content-length']);
  return {
    summary: summary(statusCode, given['content-range'] ?? multipart),
    etag: given.etag ?? '',
    file: statusCode === 200 || statusCode === 206 ? { length, bytes } : undefined,
  };
}

async function askOurs(row: Case) {
  const file = fileOf(row);
  const { url, claim } = await ours.mint(file, { mod: row.claim ?? 'resumable' });
  const answer = await ask(url, row.method ?? 'GET', row.asks, `"${etagOf(file)}"`);
  return { ...answer, burned: ours.ledger.burns.some(({ nonce }) => nonce === claim.jti) };
}

async function askNginx(row: Case): Promise<Answer> {
  const url = `${nginx.url}/${fileOf(row).key}`;
  const { etag } = await ask(url, 'HEAD', {}, '');
  return await ask(url, row.method ?? 'GET', row.asks, etag);
}

const named = (rows: readonly Case[]) =>
  rows.map((row) => [row.section, row.says, row.nginx?.[0] ?? row.gives, row] as const);

describe('like nginx', () => {
  const same = cases.filter((row) => row.nginx === undefined);
  test.each(named(same))('%s: %s: %s', async (_section, _says, _gives, row) => {
    const [us, them] = [await askOurs(row), await askNginx(row)];
    expect(us.summary).toBe(row.gives);
    expect(us.file).toEqual(them.file);
    expect(us.summary).toBe(them.summary);
  });
});

describe('unlike nginx, for a reason', () => {
  const different = cases.filter((row) => row.nginx !== undefined && row.nginx[0] !== '-');
  test.each(named(different))('%s: %s: nginx %s', async (_section, _says, gives, row) => {
    expect((await askOurs(row)).summary).toBe(row.gives);
    expect((await askNginx(row)).summary).toBe(gives);
    expect(gives).not.toBe(row.gives);
  });
});

describe('unlike nginx', () => {
  test('a claim is burned by what carries the file, even no byte of it, and by nothing else', async () => {
    for (const row of cases) {
      const { burned, file, summary: given } = await askOurs(row);
      expect([row.says, given, burned]).toEqual([
        row.says,
        row.gives,
        file !== undefined && row.method !== 'HEAD',
      ]);
    }
  });
});
