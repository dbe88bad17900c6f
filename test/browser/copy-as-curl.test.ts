// Copy as curl with script: the command goes straight to the clipboard, and from there to a shell.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  chooseFiles,
  rowOf,
  startBrowsing,
  type Browsing,
  type LocalFile,
} from './start-browsing.js';

const run = promisify(execFile);

let browsing: Browsing;
let file: LocalFile;
beforeAll(async () => {
  browsing = await startBrowsing();
  file = await browsing.makeFile('Fünf & $(echo 5) `x`.bin', 70_000);
  const page = await browsing.openSignedIn();
  await chooseFiles(page, [file]);
  await rowOf(page, file.name).waitFor();
  await page.context().close();
});
afterEach(() => expect(browsing.takeFaults()).toEqual([]));
afterAll(async () => await browsing.stop());

describe('Copy as curl', () => {
  it('puts a command into the clipboard that fetches the file', async () => {
    const page = await browsing.openSignedIn({
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const row = rowOf(page, file.name);
    await row.getByRole('button', { name: 'Copy as curl' }).click();
    await row.getByText(/^Copied\. It works once, until \d/).waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());

    expect(command).toMatch(/^curl -f -C - -o "Fünf & _\(echo 5\) _x_-\w{6}\.bin" "http:[^"]+"$/);
    expect(await savedBy(command)).toEqual(file.content);
    expect(new URL(page.url()).pathname).toBe('/files');
    await page.context().close();
  });

  it('shows the command, selected, where the browser does not let us copy', async () => {
    const page = await browsing.openSignedIn();
    // As over plain HTTP, where browsers leave it out.
    await page.evaluate(() => Reflect.deleteProperty(Navigator.prototype, 'clipboard'));
    await rowOf(page, file.name).getByRole('button', { name: 'Copy as curl' }).click();
    const field = page.getByLabel('Command');
    await field.waitFor();
    const command = await field.inputValue();

    expect(await selectedText(page)).toBe(command);
    expect(await savedBy(command)).toEqual(file.content);
    await page.context().close();
  });
});

/** Runs the command in an empty folder, and reads the one file that it makes there. */
async function savedBy(command: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'claimcheck-curl-'));
  try {
    const { stdout } = await run('sh', ['-c', `${command} && ls -A`], { cwd: folder });
    return await readFile(join(folder, stdout.replace(/\n$/, '')));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function selectedText(page: Page): Promise<string> {
  return await page.evaluate(() => {
    const field = document.activeElement as HTMLTextAreaElement;
    return field.value.slice(field.selectionStart, field.selectionEnd);
  });
}
