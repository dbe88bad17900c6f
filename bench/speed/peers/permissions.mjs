// Starts permission-server.mjs: one process of Node that does one kind of check a request and nothing else.
import { fileURLToPath } from 'node:url';
import { AUDIENCE, ISSUER } from '../furnish.mjs';
import { freePort, startProcess, untilAnswers } from '../processes.mjs';

const SERVER = fileURLToPath(new URL('permission-server.mjs', import.meta.url));

/**
 * @typedef {'nothing' | 'opaque' | 'verify' | 'burn' | 'session'} Mode
 * @param {import('../furnish.mjs').House} house
 * @param {{ mode: Mode, cores?: string | undefined, redisUrl?: string }} options redisUrl: another way to the same Redis
 * @returns {Promise<import('./peer.mjs').Peer>}
 */
export async function startPermissionServer(house, { mode, cores, redisUrl = house.redis.url }) {
  const port = await freePort();
  const key = house.key.publicPaserk;
  const settings = { mode, port, redisUrl, key, issuer: ISSUER, audience: AUDIENCE };
  const child = startProcess(process.execPath, [SERVER, JSON.stringify(settings)], { cores });
  await untilAnswers(child, `http://127.0.0.1:${port}/`);
  return { ports: [port], processes: [child], stop: () => child.stop() };
}
