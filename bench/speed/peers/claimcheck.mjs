// Ours: the download server's own executable, as an operator starts it, but for the log level.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AUDIENCE, ISSUER } from '../furnish.mjs';
import { freePort, startProcess, untilAnswers } from '../processes.mjs';

const PACKAGE = new URL('../../../packages/download-server/', import.meta.url);
const MAIN = fileURLToPath(new URL('dist/main.js', PACKAGE));
const WITHOUT_SODIUM = new URL('without-sodium.mjs', import.meta.url).href;

/** Far above what any case needs: how many may run at once is not what is measured. */
const MAX_DOWNLOADS = '100000';

/** Whether signatures are checked by libsodium here: its binding is installed and loads. */
export function hasSodium() {
  try {
    createRequire(MAIN)('sodium-native');
    return true;
  } catch {
    return false;
  }
}

/**
 * Several processes share one port (`WORKERS`).
 * @param {import('../furnish.mjs').House} house
 * @param {import('./peer.mjs').PeerOptions & { withoutSodium?: boolean, env?: Record<string, string> }} order
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
export async function startDownloadServers(house, order) {
  const { processes, cores, withoutSodium = false, env = {} } = order;
  const port = await freePort();
  const hook = withoutSodium ? ['--import', WITHOUT_SODIUM] : [];
  const child = startProcess(process.execPath, [...hook, MAIN], {
    cores,
    env: {
      HOST: '127.0.0.1',
      DOWNLOAD_PORT: String(port),
      DOWNLOAD_ORIGIN: AUDIENCE,
      APP_ORIGIN: ISSUER,
      KEYS_URL: house.keysUrl,
      FILES_ROOT: house.root,
      REDIS_URL: house.redis.url,
      LOG_LEVEL: 'warn',
      MAX_DOWNLOADS,
      WORKERS: String(processes),
      ...env,
    },
  });
  await untilAnswers(child, `http://127.0.0.1:${port}/readyz`, (status) => status === 200);
  return { ports: [port], processes: [child], stop: () => child.stop() };
}
