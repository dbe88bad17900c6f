// A download server that is killed while nginx sends for it, as an operator runs it: its own process, a real Redis.
// nginx goes on, nobody takes its word on what was sent, and the budget only becomes smaller by that.
import { createHash } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from '@jest/globals';
import { budgetOf } from '@claimcheck/shared/claim';
import { connectRedis, createRedisLedger } from '@claimcheck/shared/ledger';
import { generateSigningKey, mintClaim, newNonce } from '@claimcheck/shared/mint';
import { readSome } from '../download/read-some.js';
import { addFile, AUDIENCE, ISSUER, someBytes } from '../download/start-download-server.js';
import { startKeyServer } from '../download/start-key-server.js';
import { startChild } from '../support/child.js';
import { freePort } from '../support/free-port.js';
import { startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { freeUdpPort, startFront } from './start-front.js';

const MIB = 1024 * 1024;
const SIZE = 40 * MIB;
const MAIN = fileURLToPath(
  new URL('../../../packages/download-server/dist/main.js', import.meta.url),
);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

it('leaves nginx sending, and costs budget only', async () => {
  const redis = await startRedis();
  cleanups.push(() => redis.stop());
  const connection = connectRedis(redis.url);
  cleanups.push(async () => connection.disconnect());
  const ledger = createRedisLedger({ redis: connection });
  const key = await generateSigningKey();
  const keyServer = await startKeyServer([key]);
  cleanups.push(() => keyServer.stop());
  const root = await realpath(await mkdtemp(join(tmpdir(), 'claimcheck-files-')));
  cleanups.push(() => rm(root, { recursive: true, force: true }));
  const [port, logPort] = [await freePort(), await freeUdpPort()];

  async function startProcess() {
    const child = startChild(process.execPath, [MAIN], {
      env: {
        ...process.env,
        DOWNLOAD_PORT: String(port),
        DOWNLOAD_ORIGIN: AUDIENCE,
        APP_ORIGIN: ISSUER,
        KEYS_URL: keyServer.url,
        REDIS_URL: redis.url,
        FILES_ROOT: root,
        OFFLOAD: 'x-accel',
        OFFLOAD_LOG_PORT: String(logPort),
      },
    });
    cleanups.push(() => child.end('SIGKILL'));
    await waitFor('it is ready', async () => {
      if (child.process.exitCode !== null) throw new Error(child.output());
      return await fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ status }) => status === 200,
        () => false,
      );
    });
    return child;
  }

  const first = await startProcess();
  const front = await startFront({ upstreams: [port], logPorts: [logPort], root });
  cleanups.push(() => front.stop());
  await waitFor('nginx is heard', () => first.output().includes('the front server logs to us'));
  const content = someBytes(SIZE);
  const file = await addFile(root, content);
  const jti = newNonce();
  const sentence = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'acc_1',
    act: 'download' as const,
    fil: file,
    mod: 'resumable' as const,
    fen: await ledger.fence(jti),
    jti,
  };
  const { token } = await mintClaim<'download'>(key, sentence, Date.now());
  const url = `${front.url}/d/${token}`;

  const response = await fetch(url);
  const reader = response.body?.getReader();
  const hash = createHash('sha256');
  const begun = await reader?.read();
  hash.update(begun?.value ?? '');
  await first.end('SIGKILL');
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) break;
    hash.update(part.value);
  }
  expect(hash.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));

  const second = await startProcess();
  const part = async (i: number) =>
    (await readSome(url, { range: `bytes=${i * 4 * MIB}-${(i + 1) * 4 * MIB - 1}` })).status;
  // What the budget has beyond one copy, 11 MiB here, and no more.
  for (let i = 0; i < 3; i += 1) {
    expect(await part(i)).toBe(206);
    // It hears of nginx again, whatever was lost while nobody listened.
    await waitFor('nginx is heard', async () => {
      await readSome(`${front.url}/nothing`);
      return second.output().includes('the front server logs to us');
    });
  }
  const before = (await front.sent()).length;
  await waitFor('what is being sent is settled', async () => (await part(3)) === 410);
  await waitFor('nginx has logged all', async () => (await front.sent()).length > before);
  expect(second.output()).toContain('handed-over');
  const sent = (await front.sent()).filter(({ status }) => status === 200 || status === 206);
  expect(sent.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(budgetOf(SIZE));
});
