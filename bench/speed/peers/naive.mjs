// N: starts the naive server of naive-server.mjs, one process or several.
import { fileURLToPath } from 'node:url';
import { AUDIENCE, ISSUER } from '../furnish.mjs';
import { freePort, startProcess, untilAnswers } from '../processes.mjs';

const SERVER = fileURLToPath(new URL('naive-server.mjs', import.meta.url));

/**
 * @param {import('../furnish.mjs').House} house
 * @param {import('./peer.mjs').PeerOptions} options
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
export async function startNaivePeer(house, { processes, cores }) {
  /** @type {import('../processes.mjs').Measured[]} */
  const started = [];
  const ports = [];
  for (let i = 0; i < processes; i += 1) {
    const port = await freePort();
    const settings = {
      port,
      root: house.root,
      redisUrl: house.redis.url,
      key: house.key.publicPaserk,
      issuer: ISSUER,
      audience: AUDIENCE,
    };
    const child = startProcess(process.execPath, [SERVER, JSON.stringify(settings)], { cores });
    started.push(child);
    ports.push(port);
    await untilAnswers(child, `http://127.0.0.1:${port}/`);
  }
  return {
    ports,
    processes: started,
    stop: async () => void (await Promise.all(started.map((one) => one.stop()))),
  };
}
