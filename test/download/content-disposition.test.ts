// Names that a stranger chose, as they reach a browser. Asked for by HEAD, which never burns; parsed here by
// the grammar of RFC 6266 and RFC 8187, not by the code that wrote it.
import { afterAll, beforeAll, describe, expect, it, test } from '@jest/globals';
import type { ClaimedFile } from '@claimcheck/shared/claim';
import * as fc from 'fast-check';
import { startTestDownloadServer, type TestDownloadServer } from './start-download-server.js';

let on: TestDownloadServer;
let file: ClaimedFile;
beforeAll(async () => {
  on = await startTestDownloadServer({ logLevel: 'silent' });
  file = await on.addFile('content');
});
afterAll(async () => await on.stop());

const HEADER =
  /^attachment; filename="([\x20-\x21\x23-\x5b\x5d-\x7e]*)"(?:; filename\*=UTF-8''((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+))?$/;

async function headerFor(name: string): Promise<string> {
  const { url } = await on.mint({ ...file, name });
  const { status, headers } = await fetch(url, { method: 'HEAD' });
  expect(status).toBe(200);
  return headers.get('content-disposition') ?? '';
}

/** The name that a client which knows RFC 6266 saves under, and the one for those which do not. */
async function namesFor(name: string): Promise<{ saved: string; fallback: string }> {
  const header = await headerFor(name);
  expect(header).toMatch(HEADER);
  const [, fallback = '', extended] = HEADER.exec(header) ?? [];
  return { saved: extended === undefined ? fallback : decodeURIComponent(extended), fallback };
}

describe('a file name', () => {
  const long = `${'ä'.repeat(125)}.pdf`;
  test.each([
    ['report.pdf', 'report.pdf', 'report.pdf'],
    ['Übersicht 2026.pdf', 'Übersicht 2026.pdf', '_bersicht 2026.pdf'],
    ['日本語.txt', '日本語.txt', '___.txt'],
    [long, long, `${'_'.repeat(125)}.pdf`],
    ['"; filename=evil.exe; x="', '"; filename=evil.exe; x="', '_; filename=evil.exe; x=_'],
    ['50%41.txt', '50%41.txt', '50_41.txt'],
    ["it's (1)*.txt", "it's (1)*.txt", "it's (1)*.txt"],
    ['a\r\nSet-Cookie: b=c.txt', 'a Set-Cookie: b=c.txt', 'a Set-Cookie: b=c.txt'],
    ['a\u0000b\u0085c.txt', 'a b c.txt', 'a b c.txt'],
    ['../../etc/passwd', '___.._etc_passwd', '___.._etc_passwd'],
    ['..\\..\\boot.ini', '___.._boot.ini', '___.._boot.ini'],
    ['.bashrc', '_bashrc', '_bashrc'],
    ['..', 'download', 'download'],
    [' \u200b ', 'download', 'download'],
    ['invoice\u202Efdp.exe', 'invoicefdp.exe', 'invoicefdp.exe'],
    ['photo.jpg\u200b.e\u200dxe', 'photo.jpg.exe', 'photo.jpg.exe'],
    ['photo.jpg\u3164\u3164\u2800\u00a0.exe', 'photo.jpg .exe', 'photo.jpg .exe'],
    ['photo.jpg                    .exe', 'photo.jpg .exe', 'photo.jpg .exe'],
    ['setup.exe. . ', 'setup.exe', 'setup.exe'],
    ['setup.e\u200dxe.\u200b', 'setup.exe', 'setup.exe'],
    ['tag\u{E0041}s.txt', 'tags.txt', 'tags.txt'],
    ['می\u200cخواهم.pdf', 'می\u200cخواهم.pdf', '________.pdf'],
    ['👨\u200d👩\u200d👧.png', '👨\u200d👩\u200d👧.png', '_____.png'],
  ])('%j is saved as %j, or by old clients as %j', async (name, saved, fallback) => {
    expect(await namesFor(name)).toEqual({ saved, fallback });
  });

  it('of any kind gives a header of the grammar, and a name that hides nothing', async () => {
    const trouble = fc.constantFrom(
      ...Array.from(`"\\/.%';\r\n\0\t a`),
      ...Array.from('é本😀\u202e\u2066\u200b\u200c\u200d\ufeff\u2028\u3164\ufe0f'),
    );
    const name = fc
      .oneof(
        fc.string({ unit: trouble, minLength: 1 }),
        fc.string({ unit: 'binary', minLength: 1 }),
      )
      .filter((text) => text.isWellFormed() && Buffer.byteLength(text) <= 255);
    await fc.assert(
      fc.asyncProperty(name, async (text) => {
        const { saved } = await namesFor(text);
        expect(saved).not.toBe('');
        expect(saved).not.toMatch(/^[. ]|[. ]$|[/\\]|\s\s|[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(saved).not.toMatch(/(?![\u200c\u200d])\p{Cf}/u);
        const extension = saved.includes('.') ? saved.slice(saved.lastIndexOf('.')) : '';
        expect(extension).not.toMatch(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/u);
        expect(Buffer.byteLength(saved)).toBeLessThanOrEqual(255);
      }),
      { numRuns: 1000 },
    );
  });
});
