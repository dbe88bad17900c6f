// What every peer looks like to the bench, and the list of them. A peer answers GET /d/TOKEN on each of its
// ports; the load is spread over them.
/**
 * @typedef {object} PeerOptions
 * @property {number} processes
 * @property {string | undefined} cores as taskset takes them; undefined: everywhere
 *
 * @typedef {object} Peer
 * @property {number[]} ports
 * @property {import('../processes.mjs').Measured[]} processes
 * @property {() => Promise<void>} stop
 */
import { startNativePeer } from './nginx.mjs';
import { startDownloadServers } from './claimcheck.mjs';
import { startNaivePeer } from './naive.mjs';

/** @typedef {'ours' | 'ours without libsodium' | 'P-openssl' | 'P-sodium' | 'N'} PeerName */

/** @type {Record<PeerName, (house: import('../furnish.mjs').House, options: PeerOptions) => Promise<Peer>>} */
export const PEERS = {
  ours: (house, options) => startDownloadServers(house, options),
  'ours without libsodium': (house, options) =>
    startDownloadServers(house, { ...options, withoutSodium: true }),
  'P-openssl': (house, options) => startNativePeer(house, 'openssl', options),
  'P-sodium': (house, options) => startNativePeer(house, 'sodium', options),
  N: (house, options) => startNaivePeer(house, options),
};
