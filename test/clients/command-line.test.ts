// The clients that people have on a command line, against a real download server that is killed in the middle
// of the body and started again on the same port. Each must end with the exact file from the one claim.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeClientFolder, sha256, type ClientFolder } from './run-client.js';
import { startFront, type Front } from './start-front.js';
import { startMortalServer, type MortalServer } from './start-mortal-server.js';

const MIB = 1024 * 1024;
/** More than the sockets between two processes hold, so that a held body is one that is being sent. */
const SIZE = 48 * MIB;
/** No settings of the person's, and no waits. */
const ARIA2 = ['--no-conf', '--retry-wait=0', '--file-allocation=none'];

let server: MortalServer;
let front: Front;
let folder: ClientFolder;
beforeAll(async () => {
  server = await startMortalServer();
  front = await startFront(server.port);
});
afterAll(async () => {
  await front.stop();
  await server.stop();
});
beforeEach(async () => {
  folder = await makeClientFolder();
});
afterEach(async () => await folder.remove());

/** Kills the server when so many bytes of answers have passed the front, and brings it back. */
async function dieAfter(bytes: number, how: 'drain' | 'reset' = 'drain'): Promise<void> {
  await front.holdAfter(bytes);
  await server.kill();
  await server.start();
  front.release(how);
}

describe.each(['drain', 'reset'] as const)('a server killed in mid-body (%s)', (how) => {
  it('curl -C - finishes the file when it is run again', async () => {
    const { url, content } = await server.offer(SIZE, { port: front.port });
    const command = ['-sS', '-f', '-C', '-', '-o', 'got', url];
    const death = dieAfter(5 * MIB, how);
    const first = await folder.run('curl', ...command);
    await death;
    expect([18, 56]).toContain(first.status);
    expect((await stat(join(folder.path, 'got'))).size).toBeLessThan(SIZE);
    expect(await folder.run('curl', ...command)).toMatchObject({ status: 0 });
    expect(await folder.sha256('got')).toBe(sha256(content));
  });

  it('wget -c goes on by itself', async () => {
    const { url, content } = await server.offer(SIZE, { port: front.port });
    const death = dieAfter(5 * MIB, how);
    const run = await folder.run(
      'wget',
      '-c',
      '-nv',
      '--no-proxy',
      '--waitretry=0',
      '-O',
      'got',
      url,
    );
    await death;
    expect(run).toMatchObject({ status: 0 });
    expect(await folder.sha256('got')).toBe(sha256(content));
  });

  it('aria2c with four connections goes on by itself', async () => {
    const { url, content } = await server.offer(SIZE, { port: front.port });
    const death = dieAfter(9 * MIB, how);
    const run = await folder.run('aria2c', '-x4', '-s4', '-k1M', ...ARIA2, '-o', 'got', url);
    await death;
    expect(run).toMatchObject({ status: 0 });
    expect(await folder.sha256('got')).toBe(sha256(content));
  });
});

describe('a server killed while a slow client reads straight from it', () => {
  it.each([
    ['curl', ['-sS', '-f', '-C', '-', '-o', 'got'], ['--limit-rate', '4M']],
    ['wget', ['-nv', '--no-proxy', '-c', '--tries=1', '-O', 'got'], ['--limit-rate=4m']],
    [
      'aria2c',
      [...ARIA2, '-x4', '-s4', '-k1M', '-m1', '-o', 'got'],
      ['--max-overall-download-limit=4M'],
    ],
  ])('%s goes on when it is run again', async (program, options, slowly) => {
    const { url, content } = await server.offer(SIZE);
    const broken = folder.run(program, ...options, ...slowly, url);
    await folder.holds('got', MIB);
    await server.kill();
    expect((await broken).status).not.toBe(0);
    await server.start();
    expect(await folder.run(program, ...options, url)).toMatchObject({ status: 0 });
    expect(await folder.sha256('got')).toBe(sha256(content));
  });
});

describe('a file that is whole', () => {
  it('is asked for once more by curl -C -, which is told 416 and leaves it alone', async () => {
    const { url, content } = await server.offer(MIB);
    const command = ['-sS', '-C', '-', '-o', 'got', '-w', '%{http_code}', url];
    expect(await folder.run('curl', ...command)).toMatchObject({ status: 0, output: '200' });
    const again = await folder.run('curl', '-f', ...command);
    expect(again.output).toContain('416');
    expect(await folder.sha256('got')).toBe(sha256(content));
  });

  it('is asked for once more by wget -c and aria2c -c, which say that there is nothing to do', async () => {
    const { url, content } = await server.offer(MIB);
    const wget = ['-c', '--no-proxy', '-O', 'got', url];
    expect(await folder.run('wget', ...wget)).toMatchObject({ status: 0 });
    const again = await folder.run('wget', ...wget);
    expect(again).toMatchObject({ status: 0 });
    expect(again.output).toContain('already fully retrieved');
    expect(await folder.run('aria2c', ...ARIA2, '-c', '-o', 'got', url)).toMatchObject({
      status: 0,
    });
    expect(await folder.sha256('got')).toBe(sha256(content));
  });
});
