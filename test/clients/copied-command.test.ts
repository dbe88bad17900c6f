// The commands that the files page offers, run by a real shell: broken off by the death of the server, run again,
// and once more when the file is whole.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { burnRequestOf } from '@claimcheck/shared/ledger';
import { curlCommand, savedName, wgetCommand } from '@claimcheck/app-server/pages';
import { SOME_KEY_ID } from '../claim/sample-claim.js';
import { makeClientFolder, sha256, type ClientFolder } from './run-client.js';
import { startFront, type Front } from './start-front.js';
import { startMortalServer, type MortalServer } from './start-mortal-server.js';

const MIB = 1024 * 1024;
/** More than the sockets between two processes hold. */
const SIZE = 48 * MIB;
const HOSTILE = 'Fünf & $(touch x) `y` "z" %PATH% #1 !.tar.gz';

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

async function offer(name: string) {
  const offered = await server.offer(SIZE, { port: front.port, name });
  const claim = { id: offered.claim.jti, url: offered.url };
  return { ...offered, fetchable: claim, saved: savedName(claim) };
}

const shell = (command: string) => folder.run('sh', '-c', command);

describe('the curl command', () => {
  it('run again after the server was killed gives the whole file, and then changes nothing', async () => {
    const { fetchable, saved, content } = await offer(HOSTILE);
    const command = curlCommand(fetchable);
    const held = front.holdAfter(5 * MIB);
    const breaking = shell(command);
    await held;
    await server.kill();
    front.release('drain');
    // 18: it ended short.
    expect((await breaking).status).toBe(18);
    // The server is away: 7, or 52 for the front that answers nothing. What is there stays.
    expect([7, 52, 56]).toContain((await shell(command)).status);
    await server.start();
    expect(await shell(command)).toMatchObject({ status: 0 });
    expect(await folder.sha256(saved)).toBe(sha256(content));

    const again = await shell(command);
    // Older curls call the 416 an error, newer ones take it for what it is.
    expect([0, 22]).toContain(again.status);
    expect(again.output).toMatch(/416|already|Resuming transfer from byte position/);
    expect(await folder.sha256(saved)).toBe(sha256(content));
    expect(await readdir(folder.path)).toEqual([saved]);
  });

  it('never appends to an older file of the same name', async () => {
    const [older, newer] = [await offer('minutes.pdf'), await offer('minutes.pdf')];
    await writeFile(join(folder.path, 'minutes.pdf'), 'as it was last week');
    await writeFile(join(folder.path, older.saved), 'what another link left');
    expect(await shell(curlCommand(newer.fetchable))).toMatchObject({ status: 0 });
    expect(await folder.sha256(newer.saved)).toBe(sha256(newer.content));
  });

  it('saves nothing of a refusal', async () => {
    const { fetchable, claim } = await offer('refused.pdf');
    expect(await server.ledger.burn(burnRequestOf(claim, SOME_KEY_ID))).toBe('burned');
    const refused = await shell(curlCommand(fetchable));
    expect(refused.status).toBe(22);
    expect(refused.output).toContain('410');
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe('the wget command', () => {
  it('goes on by itself when the server was killed, and changes nothing when it is run again', async () => {
    const { fetchable, saved, content } = await offer(HOSTILE);
    const command = wgetCommand(fetchable);
    const held = front.holdAfter(5 * MIB);
    const running = shell(command);
    await held;
    await server.kill();
    await server.start();
    front.release('drain');
    expect(await running).toMatchObject({ status: 0 });
    expect(await folder.sha256(saved)).toBe(sha256(content));

    const again = await shell(command);
    expect(again).toMatchObject({ status: 0 });
    expect(again.output).toContain('already fully retrieved');
    expect(await folder.sha256(saved)).toBe(sha256(content));
  });
});
