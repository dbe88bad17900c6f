// Ours: the download server's own executable, as an operator starts it, but for the log level.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AUDIENCE, ISSUER } from '../furnish.mjs';
import { freePort, startProcess, untilAnswers } from '../processes.mjs';

const PACKAGE = new URL('../../../packages/download-server/', import.meta.url);
const MAIN = fileURLToPath(new URL('dist/main.js', PACKAGE));
const WITHOUT_SODIUM = new URL('without-sodium.mjs', import.meta.url).href;

/** Far above what any case needs: how many may run at once is not what is measured. */
const MAX_DOWNLOADS = '100000';

/** Whether this version of the download server reads a setting. @param {string} name */
export function hasSetting(name) {
  const config = fileURLToPath(new URL('dist/config.js', PACKAGE));
  return existsSync(config) && readFileSync(config, 'utf8').includes(`'${name}'`);
}

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
 * Several processes on one port where this version has `WORKERS`, else each on a port of its own.
 * @param {import('../furnish.mjs').House} house
 * @param {import('./peer.mjs').PeerOptions & { withoutSodium?: boolean, env?: Record<string, string> }} order
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
export async function startDownloadServers(house, order) {
  const { processes, cores, withoutSodium = false, env = {} } = order;
  const workers = processes > 1 && hasSetting('WORKERS') ? { WORKERS: String(processes) } : {};
  const servers = 'WORKERS' in workers ? 1 : processes;
  /** @type {import('../processes.mjs').Measured[]} */
  const started = [];
  const ports = [];
  for (let i = 0; i < servers; i += 1) {
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
        ...workers,
        ...env,
      },
    });
    started.push(child);
    ports.push(port);
    await untilAnswers(child, `http://127.0.0.1:${port}/readyz`, (status) => status === 200);
  }
  return {
    ports,
    processes: started,
    stop: async () => void (await Promise.all(started.map((one) => one.stop()))),
  };
}
