// Repr-Digest (RFC 9530) on the answers of a running download server: which of them carry it, case by case with the
// section that decides. That nginx passes it on is seen to in test/offload.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { etagOf } from '@claimcheck/shared/claim';
import {
  startTestDownloadServer,
  type TestDownloadServer,
} from '../download/start-download-server.js';
import { CONTENT } from './rfc-9110-cases.js';

const DIGEST = digestOf(CONTENT);
const RESUMABLE = { mod: 'resumable' } as const;

let server: TestDownloadServer;
beforeAll(async () => {
  server = await startTestDownloadServer({ logLevel: 'silent' });
});
afterAll(() => server.stop());

function digestOf(content: string | Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(content).digest('base64')}:`;
}

interface Row {
  section: string;
  says: string;
  method?: 'HEAD' | 'OPTIONS';
  /** `ETAG` stands for the strong entity tag of the file. */
  asks?: Readonly<Record<string, string>>;
  strict?: true;
  gives: number;
  /** The digest of the whole file, or none. */
  digest: boolean;
}

const RANGE = { range: 'bytes=2-5' };
const rows: readonly Row[] = [
  { section: '9530 3', says: 'the whole file', gives: 200, digest: true },
  { section: '9530 3', says: 'of a strict claim', strict: true, gives: 200, digest: true },
  { section: '9530 B.2', says: 'HEAD', method: 'HEAD', gives: 200, digest: true },
  { section: '9530 B.3', says: 'a part: of the whole', asks: RANGE, gives: 206, digest: true },
  {
    section: '9530 B.3',
    says: 'an open range that is all',
    asks: { range: 'bytes=0-' },
    gives: 206,
    digest: true,
  },
  {
    section: '9110 15.3.7',
    says: 'a part for a current If-Range',
    asks: { ...RANGE, 'if-range': 'ETAG' },
    gives: 206,
    digest: true,
  },
  {
    section: '9110 13.1.5',
    says: 'the whole for a stale If-Range',
    asks: { ...RANGE, 'if-range': '"another"' },
    gives: 200,
    digest: true,
  },
  {
    section: '9110 14.2',
    says: 'the whole for several ranges',
    asks: { range: 'bytes=0-1,4-5' },
    gives: 200,
    digest: true,
  },
  // It is a wish, and the sender may answer with another algorithm than the one that was wished for.
  {
    section: '9530 4',
    says: 'another algorithm is wanted',
    asks: { 'want-repr-digest': 'sha-512=10' },
    gives: 200,
    digest: true,
  },
  {
    section: '9530 4',
    says: 'this algorithm is not wanted',
    asks: { 'want-repr-digest': 'sha-256=0' },
    gives: 200,
    digest: true,
  },
  // Metadata that guides no cache: who has this version has its digest.
  {
    section: '9110 15.4.5',
    says: 'not modified',
    asks: { 'if-none-match': 'ETAG' },
    gives: 304,
    digest: false,
  },
  {
    section: '9110 15.4.5',
    says: 'not modified, on HEAD',
    method: 'HEAD',
    asks: { 'if-none-match': 'ETAG' },
    gives: 304,
    digest: false,
  },
  // What is sent then is about the refusal, and a digest would have to be that of it.
  {
    section: '9530 B.10',
    says: 'no such range',
    asks: { range: 'bytes=10-' },
    gives: 416,
    digest: false,
  },
  {
    section: '9530 B.10',
    says: 'a failed precondition',
    asks: { 'if-match': '"another"' },
    gives: 412,
    digest: false,
  },
  {
    section: '9530 B.10',
    says: 'a prefetch',
    asks: { 'sec-purpose': 'prefetch' },
    gives: 503,
    digest: false,
  },
  { section: '9110 9.3.7', says: 'OPTIONS', method: 'OPTIONS', gives: 204, digest: false },
];

describe('the digest of a file', () => {
  test.each(rows.map((row) => [row.section, row.says, row.gives, row] as const))(
    'RFC %s: %s: %s',
    async (_section, _says, gives, { method = 'GET', asks = {}, strict, digest }) => {
      const file = await server.addFile(CONTENT);
      const { url } = await server.mint(file, strict ? {} : RESUMABLE);
      const headers = Object.entries(asks).map(
        ([name, value]) => [name, value.replaceAll('ETAG', `"${etagOf(file)}"`)] as const,
      );
      const response = await fetch(url, { method, headers: Object.fromEntries(headers) });
      await response.arrayBuffer();
      const { headers: given, status } = response;
      expect([status, given.get('repr-digest')]).toEqual([gives, digest ? DIGEST : null]);
    },
  );

  test('is in the base64 that header fields have, whatever its bits (RFC 8941 section 3.3.5)', async () => {
    const told: string[] = [];
    for (let i = 0; i < 40; i += 1) {
      const content = `file ${i}`;
      const { url } = await server.mint(await server.addFile(content));
      const response = await fetch(url);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const digest = response.headers.get('repr-digest') ?? '';
      expect(digest).toBe(digestOf(bytes));
      told.push(digest);
    }
    // Both characters that base64url writes otherwise have come, more than once in one digest.
    for (const pattern of [/\+.*\+/, /\/.*\/.*=:$/]) {
      expect(told.filter((digest) => pattern.test(digest)).length).toBeGreaterThan(0);
    }
  });

  test('of an empty file is that of no bytes', async () => {
    const { url } = await server.mint(await server.addFile(''));
    expect((await fetch(url)).headers.get('repr-digest')).toBe(digestOf(''));
  });

  test('is not told where the claim knows only an entity tag, and the file is had all the same', async () => {
    const { sha256: _, ...file } = await server.addFile(CONTENT);
    const tagged = { ...file, etag: 'of-another-minter' };
    const { url } = await server.mint(tagged, RESUMABLE);
    const part = await fetch(url, { headers: { ...RANGE, 'if-range': '"of-another-minter"' } });
    expect([part.status, await part.text()]).toEqual([206, CONTENT.slice(2, 6)]);
    const whole = await fetch(url);
    expect([whole.status, await whole.text()]).toEqual([200, CONTENT]);
    for (const { headers } of [part, whole]) {
      expect([headers.get('etag'), headers.get('repr-digest')]).toEqual([
        '"of-another-minter"',
        null,
      ]);
    }
  });

  test('does not stop a copy that was begun under a claim with the entity tag of before', async () => {
    const file = await server.addFile(CONTENT);
    const { sha256, ...rest } = file;
    const before = await server.mint({ ...rest, etag: sha256.slice(0, 16) }, RESUMABLE);
    const etag = (await fetch(before.url, { method: 'HEAD' })).headers.get('etag') ?? '';
    const after = await server.mint(file, RESUMABLE);
    const response = await fetch(after.url, { headers: { ...RANGE, 'if-range': etag } });
    expect([response.status, await response.text()]).toEqual([206, CONTENT.slice(2, 6)]);
  });
});
