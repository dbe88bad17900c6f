// One measured run of small requests: wrk with a fresh token for each request, and the CPU that each side
// used meanwhile. A refusal or a broken connection fails the run: nothing is averaged over.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '../processes.mjs';

const SCRIPT = new URL('tokens.lua', import.meta.url);

/**
 * @typedef {object} Run
 * @property {number} perSecond
 * @property {number} requests
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} serverCpuMicros of all server processes, per request
 * @property {number} redisCpuMicros per request
 * @property {number} loadCpuMicros of wrk, per request
 */

/**
 * @param {object} order
 * @param {string} order.name for the message when it fails
 * @param {import('../peers/peer.mjs').Peer} order.peer
 * @param {readonly string[]} order.tokens each is used at most once
 * @param {number} order.seconds
 * @param {number} order.connections in all
 * @param {string} order.directory for temporary files
 * @param {{ cpuMicros: () => Promise<number> }} [order.redis]
 * @param {string} [order.cores] of wrk
 * @returns {Promise<Run | 'exhausted'>} `exhausted`: the tokens ran out before the time did, so there is no figure
 * @throws Error when a request was refused or broken
 */
export async function runWrk({
  name,
  peer,
  tokens,
  seconds,
  connections,
  directory,
  redis,
  cores,
}) {
  const threads = Math.max(2, peer.ports.length);
  const folder = await mkdtemp(join(directory, 'load-'));
  const share = Math.ceil(tokens.length / threads);
  for (let i = 0; i < threads; i += 1)
    await writeFile(
      join(folder, `tokens-${i + 1}`),
      tokens.slice(i * share, (i + 1) * share).join('\n'),
    );
  const script = join(folder, 'load.lua');
  await writeFile(script, `PORTS = {${peer.ports.join()}}\n${readFileSync(SCRIPT, 'utf8')}`);
  const cpu = () => peer.processes.reduce((sum, one) => sum + one.cpuSeconds(), 0);
  const [cpuBefore, redisBefore] = [cpu(), (await redis?.cpuMicros()) ?? 0];
  const wrk = startProcess(
    'wrk',
    [
      '-t',
      String(threads),
      '-c',
      String(connections),
      '-d',
      `${seconds}s`,
      '--timeout',
      '10s',
      '-s',
      script,
      `http://127.0.0.1:${peer.ports[0]}`,
      '--',
      folder,
    ],
    { cores },
  );
  // The kernel forgets a process's CPU once it has ended: it is read until then.
  let loadCpu = 0;
  const reading = setInterval(() => {
    try {
      loadCpu = wrk.cpuSeconds();
    } catch {
      // It ended between two readings.
    }
  }, 50);
  const status = await wrk.ended;
  clearInterval(reading);
  const [cpuAfter, redisAfter] = [cpu(), (await redis?.cpuMicros()) ?? 0];
  await rm(folder, { recursive: true, force: true });
  const line = /^RESULT (.*)$/m.exec(wrk.output())?.[1];
  if (status !== 0 || line === undefined)
    throw new Error(`wrk failed (${status}): ${wrk.output()}`);
  const result = /** @type {Record<string, number>} */ (JSON.parse(line));
  const { requests = 0, microseconds = 1, p50 = 0, p99 = 0, refused, broken, exhausted } = result;
  if (exhausted) return 'exhausted';
  if (refused || broken || requests === 0)
    throw new Error(
      `not a clean run of ${name}: ${line}\n${peer.processes.map((one) => one.output()).join('\n')}`,
    );
  return {
    perSecond: requests / (microseconds / 1e6),
    requests,
    p50Ms: p50 / 1000,
    p99Ms: p99 / 1000,
    serverCpuMicros: ((cpuAfter - cpuBefore) * 1e6) / requests,
    redisCpuMicros: (redisAfter - redisBefore) / requests,
    loadCpuMicros: (loadCpu * 1e6) / requests,
  };
}

/**
 * Runs until a run had tokens enough: a peer may be faster than it was in the warm-up.
 * @param {object} order
 * @param {() => Promise<Run | 'exhausted'>} order.run
 * @param {() => Promise<void>} order.mintMore
 * @returns {Promise<Run>}
 */
export async function runWithTokens({ run, mintMore }) {
  for (;;) {
    const result = await run();
    if (result !== 'exhausted') return result;
    await mintMore();
  }
}
