// Large files: four readers, one server process of ours against one nginx worker that sends the same files
// without any claim, on one core and free. GB/s, and what a GB costs in CPU.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDownloadServers } from '../peers/claimcheck.mjs';
import { startFrontOf, startStaticPeer } from '../peers/nginx.mjs';
import { startProcess } from '../processes.mjs';
import { interleave, medians, ratio } from '../statistics.mjs';

const READER = fileURLToPath(new URL('../load/read-whole.lua', import.meta.url));
const READERS = 4;
const GB = 1e9;

const BY_NGINX = 'ours, offloaded';
const OFFLOADED_GOAL = 0.97;
const SENDFILE = 'L, sendfile';
const BUFFERS = 'L, buffers of 1 MiB';
const WAYS = {
  'pinned to one core': { server: '0', reader: '1', goal: 1 },
  free: { server: undefined, reader: undefined, goal: 1.5 },
};

/**
 * @param {import('../furnish.mjs').House} house
 * @param {string} size a key of the scale's large files
 * @param {keyof typeof WAYS} way
 * @param {import('../options.mjs').Scale} scale
 */
export async function measureLargeFiles(house, size, way, scale) {
  const { server: cores, reader, goal } = WAYS[way];
  const options = { processes: 1, cores };
  /** @type {Record<string, import('../peers/peer.mjs').Peer>} */
  const peers = {};
  try {
    peers['ours'] = await startDownloadServers(house, options);
    const startServer = (/** @type {Record<string, string>} */ env) =>
      startDownloadServers(house, { ...options, env });
    peers[BY_NGINX] = await startFrontOf(house, { ...options, startServer });
    peers[SENDFILE] = await startStaticPeer(house, 'sendfile', options);
    peers[BUFFERS] = await startStaticPeer(house, 'buffers', options);
    const each = Math.max(1, Math.ceil(scale.largeBytes / house.file(size).size));
    const names = Object.keys(peers);
    const measure = async (/** @type {string} */ name) => {
      await house.forget();
      const peer = peers[name];
      if (peer === undefined) throw new Error(name);
      const paths =
        name === 'ours' || name === BY_NGINX
          ? (await house.mint(size, READERS * each)).map((token) => `/d/${token}`)
          : Array.from({ length: READERS * each }, () => `/d/${house.file(size).key}`);
      return await readAll({ directory: house.directory, peer, paths, cores: reader });
    };
    if (scale.warmUpSeconds > 0) for (const name of names) await measure(name);
    const results = await interleave(names, scale.rounds, measure);
    const speeds = Object.fromEntries(
      names.map((name) => [name, (results[name] ?? []).map(({ gbPerSecond }) => gbPerSecond)]),
    );
    return {
      title: `${size}, ${READERS} readers, ${way}`,
      contenders: Object.fromEntries(names.map((name) => [name, medians(results[name] ?? [])])),
      rounds: results,
      ratios: [
        ratio('ours', SENDFILE, speeds, goal),
        ratio('ours', BUFFERS, speeds),
        ratio(BY_NGINX, SENDFILE, speeds, OFFLOADED_GOAL),
      ],
      notThereYet: [],
    };
  } finally {
    for (const peer of Object.values(peers)) await peer.stop();
  }
}

/**
 * @param {{ directory: string, peer: import('../peers/peer.mjs').Peer, paths: string[], cores: string | undefined }} order
 */
async function readAll({ directory, peer, paths, cores }) {
  const folder = await mkdtemp(join(directory, 'load-'));
  const list = join(folder, 'addresses');
  await writeFile(list, paths.map((path) => `${peer.ports[0]} ${path}\n`).join(''));
  const cpu = () => peer.processes.reduce((sum, one) => sum + one.cpuSeconds(), 0);
  const before = cpu();
  const child = startProcess('luajit', [READER, list, String(READERS)], { cores });
  const status = await child.ended;
  const used = cpu() - before;
  await rm(folder, { recursive: true, force: true });
  const line = /^RESULT (.*)$/m.exec(child.output())?.[1];
  if (status !== 0 || line === undefined) throw new Error(`the reader failed: ${child.output()}`);
  const { bytes, seconds, cpuSeconds } = JSON.parse(line);
  return {
    gbPerSecond: bytes / GB / seconds,
    cpuSecondsPerGb: used / (bytes / GB),
    readerCpuSecondsPerGb: cpuSeconds / (bytes / GB),
  };
}
