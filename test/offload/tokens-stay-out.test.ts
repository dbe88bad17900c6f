// No token reaches a log of nginx under the shipped configuration, whatever goes wrong: each of these makes nginx
// write its request line into the error log when it is configured as most are.
import { request } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { readSome } from '../download/read-some.js';
import { someBytes } from '../download/start-download-server.js';
import { freePort } from '../support/free-port.js';
import { waitFor } from '../support/wait-for.js';
import { startOffloading, type OffloadingOptions, type OffloadingSystem } from './start-front.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function start(options: OffloadingOptions = {}): Promise<OffloadingSystem> {
  const system = await startOffloading(options);
  cleanups.push(() => system.stop());
  return system;
}

/** As a badly formed request: Node's own client refuses to send these. */
async function sendRaw(url: string, path: string, headers: Record<string, string> = {}) {
  await new Promise<void>((resolve) => {
    const asked = request(url, { path, headers, agent: false }, (response) => response.resume());
    asked
      .on('error', () => resolve())
      .on('close', resolve)
      .end();
  });
}

async function provoke(system: OffloadingSystem): Promise<string[]> {
  const file = await system.server.addFile(someBytes(3_000_000));
  const mint = async () => {
    const { url } = await system.server.mint(file, { mod: 'resumable' });
    return { url: system.atFront(url), path: new URL(url).pathname };
  };
  const claims = await Promise.all(Array.from({ length: 7 }, mint));
  const [plain, broken, long, tooLong, badHost, inQuery, bigHeader] = claims.map(
    ({ path }) => path,
  );
  await readSome(`${system.front.url}${plain}`);
  await readSome(`${system.front.url}${broken}`, {}, 1000);
  await sendRaw(system.front.url, `${long}/${'n'.repeat(9000)}`);
  await sendRaw(system.front.url, `${tooLong}/${'n'.repeat(70_000)}`);
  await sendRaw(system.front.url, badHost ?? '', { Host: 'bad host/..' });
  await sendRaw(system.front.url, `/nowhere/..%00/?token=${inQuery?.slice(3)}`);
  await sendRaw(system.front.url, bigHeader ?? '', { 'X-Big': 'b'.repeat(70_000) });
  return claims.map(({ path }) => path.slice('/d/'.length));
}

/** Whether any part of a token that would be of use to somebody stands in the text. */
const holds = (text: string, tokens: string[]) =>
  tokens.some((token) => text.includes(token.slice(0, 20)) || text.includes(token.slice(-60, -20)));

describe('no log of nginx holds a token', () => {
  const troubles: [string, () => Promise<OffloadingOptions>][] = [
    ['when all is well', async () => ({})],
    ['when the file is missing there', async () => ({ front: { root: '/nonexistent' } })],
    [
      'when the download server is dead',
      async () => ({ front: { upstreams: [await freePort()] } }),
    ],
  ];
  it.each(troubles)('%s', async (_, trouble) => {
    const system = await start(await trouble());
    const tokens = await provoke(system);
    await waitFor('nginx has logged', async () => (await system.front.sent()).length >= 6);
    const logs = await system.front.logs();
    expect(logs).toContain(' GET ');
    expect(holds(logs, tokens)).toBe(false);
    expect(logs).not.toContain('v4.public');
  });

  it('and this test would see it', async () => {
    const loud = { 'error_log log/error.log emerg;': 'error_log log/error.log info;' };
    const system = await start({ front: { root: '/nonexistent', changes: loud } });
    const tokens = await provoke(system);
    await waitFor('nginx has logged', async () => (await system.front.sent()).length >= 6);
    expect(holds(await system.front.logs(), tokens)).toBe(true);
  });
});
