// Before anything is measured, every peer has to show that it does the work: the file for a fresh claim, and a
// refusal for a used and a forged one, for a stranger's signature and for a claim meant for another server.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PEERS } from './peers/peer.mjs';

/**
 * What a peer answered.
 * @typedef {object} Proof
 * @property {number} fresh status of a fresh claim
 * @property {boolean} wholeFile whether its body was the file
 * @property {number} again status of the same claim once more
 * @property {number} forged status of a claim with one bit of its signature turned
 * @property {number} stranger status of a claim signed by a key that is not ours
 * @property {number} foreignAudience status of a claim for another server
 */

/**
 * @param {import('./furnish.mjs').House} house with a file named `1 KiB`
 * @param {import('./peers/peer.mjs').Peer} peer
 * @returns {Promise<Proof>}
 */
export async function provePeer(house, peer) {
  await house.forget();
  const file = house.file('1 KiB');
  const [token = '', other = ''] = await house.mint('1 KiB', 2);
  const url = `http://127.0.0.1:${peer.ports[0]}/d/`;
  const ask = async (/** @type {string} */ it) => {
    const response = await fetch(url + it);
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  };
  const forged = (await ask(turnOneBit(other))).status;
  const stranger = (await ask(await house.mintByStranger('1 KiB'))).status;
  const foreignAudience = (await ask(await house.mintForOther('1 KiB'))).status;
  const fresh = await ask(token);
  const again = (await ask(token)).status;
  const content = await readFile(join(house.root, file.key));
  return {
    fresh: fresh.status,
    wholeFile: sha256(fresh.body) === sha256(content),
    again,
    forged,
    stranger,
    foreignAudience,
  };
}

/** What a peer that verifies and burns gives. */
const EXPECTED = {
  fresh: 200,
  wholeFile: true,
  again: 410,
  forged: 403,
  stranger: 403,
  foreignAudience: 403,
};

/**
 * Proves every peer, and ours together with each native one.
 * @param {import('./furnish.mjs').House} house
 * @throws Error that names the peer that does less than it should: its speed would mean nothing
 */
export async function proveAll(house) {
  /** @type {Record<string, Proof>} */
  const proofs = {};
  const options = { processes: 1, cores: undefined };
  const ours = await PEERS.ours(house, options);
  try {
    for (const name of /** @type {const} */ (['ours', 'P-openssl', 'P-sodium', 'N'])) {
      const peer = name === 'ours' ? ours : await PEERS[name](house, options);
      try {
        const proof = await provePeer(house, peer);
        if (JSON.stringify(proof) !== JSON.stringify(EXPECTED))
          throw new Error(`${name} does not do the work: ${JSON.stringify(proof)}`);
        proofs[name] = proof;
        if (!name.startsWith('P-')) continue;
        const statuses = [
          await burnAtOneAskOther(house, ours, peer),
          await burnAtOneAskOther(house, peer, ours),
        ];
        if (JSON.stringify(statuses) !== '[[200,410],[200,410]]')
          throw new Error(`${name} and ours burn in different places: ${JSON.stringify(statuses)}`);
      } finally {
        if (peer !== ours) await peer.stop();
      }
    }
  } finally {
    await ours.stop();
  }
  return proofs;
}

/**
 * Whether a claim that one peer has burned is refused by another: both keep nonces in the same place.
 * @param {import('./furnish.mjs').House} house
 * @param {import('./peers/peer.mjs').Peer} first
 * @param {import('./peers/peer.mjs').Peer} second
 * @returns {Promise<number[]>} the two statuses
 */
export async function burnAtOneAskOther(house, first, second) {
  const [token] = await house.mint('1 KiB', 1);
  const statuses = [];
  for (const { ports } of [first, second]) {
    const response = await fetch(`http://127.0.0.1:${ports[0]}/d/${token}`);
    await response.arrayBuffer();
    statuses.push(response.status);
  }
  return statuses;
}

/** @param {string} token */
function turnOneBit(token) {
  const [version, purpose, payload = '', footer] = token.split('.');
  const bytes = Buffer.from(payload, 'base64url');
  const last = bytes.length - 1;
  bytes[last - 40] = (bytes[last - 40] ?? 0) ^ 1;
  return [version, purpose, bytes.toString('base64url'), footer].join('.');
}

/** @param {Uint8Array} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
