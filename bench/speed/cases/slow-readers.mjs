// A thousand readers that each take a little at a time: what they cost in memory and CPU, and whether any of them
// gets less than its share. The peers are nginx sending the same file natively, with the claim checked or without.
import { startDownloadServers } from '../peers/claimcheck.mjs';
import { startNativePeer, startStaticPeer } from '../peers/nginx.mjs';
import { readSlowly } from '../load/read-slowly.mjs';
import { median } from '../statistics.mjs';

const MIB = 1024 * 1024;
/** All server processes together. */
export const MEMORY_GOAL_MIB = 200;
/** A reader with less than this part of the median has been starved. */
const STARVED = 0.5;

/**
 * @param {import('../furnish.mjs').House} house with a file named `slow`
 * @param {import('../options.mjs').Scale} scale
 */
export async function measureSlowReaders(house, scale) {
  const options = { processes: 1, cores: undefined };
  /** @type {Record<string, () => Promise<import('../peers/peer.mjs').Peer>>} */
  const starts = {
    ours: () => startDownloadServers(house, options),
    'P-openssl': () => startNativePeer(house, 'openssl', options),
    'L, sendfile': () => startStaticPeer(house, 'sendfile', options),
  };
  /** @type {Record<string, Record<string, number>>} */
  const contenders = {};
  for (const [name, start] of Object.entries(starts)) {
    await house.forget();
    const peer = await start();
    try {
      const paths =
        name === 'L, sendfile'
          ? Array.from({ length: scale.slowReaders }, () => `/d/${house.file('slow').key}`)
          : (await house.mint('slow', scale.slowReaders)).map((token) => `/d/${token}`);
      contenders[name] = await measure(peer, paths, scale.slowSeconds);
    } finally {
      await peer.stop();
    }
  }
  return { title: `${scale.slowReaders} slow readers`, contenders, memoryGoalMiB: MEMORY_GOAL_MIB };
}

/**
 * @param {import('../peers/peer.mjs').Peer} peer
 * @param {string[]} paths
 * @param {number} seconds
 */
async function measure(peer, paths, seconds) {
  const sum = (/** @type {(one: import('../processes.mjs').Measured) => number} */ of) =>
    peer.processes.reduce((total, one) => total + of(one), 0);
  const [port = 0] = peer.ports;
  let cpuFirst = 0;
  let ticks = 0;
  let resident = 0;
  const onTick = () => {
    resident = Math.max(
      resident,
      sum((one) => one.residentBytes()),
    );
    if (ticks === 0) cpuFirst = sum((one) => one.cpuSeconds());
    ticks += 1;
  };
  const idle = sum((one) => one.residentBytes());
  const { bytes, seconds: took } = await readSlowly({ port, paths, seconds, onTick });
  const typical = median(bytes);
  return {
    residentMiB: resident / MIB,
    idleMiB: idle / MIB,
    cpuCores: (sum((one) => one.cpuSeconds()) - cpuFirst) / (took * (1 - 1 / ticks)),
    kibPerSecondEach: typical / 1024 / took,
    leastOfMedian: Math.min(...bytes) / typical,
    starved: bytes.filter((one) => one < STARVED * typical).length,
  };
}
