// Small files: every request a fresh claim, verified, burned, answered with the file. Requests a second of our two
// processes against two nginx workers that do the same work natively, and against one naive server.
import { hasSodium } from '../peers/claimcheck.mjs';
import { startUncheckedPeer } from '../peers/nginx.mjs';
import { PEERS } from '../peers/peer.mjs';
import { runWithTokens, runWrk } from '../load/run-wrk.mjs';
import { interleave, medians, ratio } from '../statistics.mjs';

/** Requests under way at once, over all connections. */
const CONNECTIONS = 64;
/** How many more claims to mint than the fastest peer used in the warm-up. */
const RESERVE = 1.6;

/** nginx with nothing to check: it takes any token, also one it has seen. */
const UNCHECKED = 'no claim at all';
const REPEATED = 4;

const GOALS = {
  '1 KiB': { 'P-openssl': 1.3, 'P-sodium': 1, N: 7 },
  '64 KiB': { 'P-openssl': 1.2, 'P-sodium': 1 },
};
const FALLBACK_GOAL = 0.95;

/**
 * @param {import('../furnish.mjs').House} house
 * @param {'1 KiB' | '64 KiB'} size
 * @param {import('../options.mjs').Scale} scale
 */
export async function measureSmallFiles(house, size, scale) {
  const names = ['ours', 'P-openssl', 'P-sodium', 'N', UNCHECKED];
  if (hasSodium()) names.splice(1, 0, 'ours without libsodium');
  /** @type {Map<string, import('../peers/peer.mjs').Peer>} */
  const peers = new Map();
  try {
    for (const name of names) {
      const options = { processes: name === 'N' ? 1 : 2, cores: undefined };
      const start = PEERS[/** @type {import('../peers/peer.mjs').PeerName} */ (name)];
      const started = start?.(house, options) ?? startUncheckedPeer(house, size, options);
      peers.set(name, await started);
    }
    /** @type {string[]} */
    let tokens = [];
    const run = async (/** @type {string} */ name, seconds = scale.seconds) => {
      const peer = peers.get(name);
      if (peer === undefined) throw new Error(name);
      const { directory, redis } = house;
      const order = { name, peer, seconds, connections: CONNECTIONS, directory, redis };
      return await runWithTokens({
        run: async () => {
          await house.forget();
          const again = name === UNCHECKED ? REPEATED : 1;
          return await runWrk({ ...order, tokens: Array(again).fill(tokens).flat() });
        },
        mintMore: async () => void (tokens = tokens.concat(await house.mint(size, tokens.length))),
      });
    };
    tokens = await house.mint(size, scale.claimsASecond * scale.warmUpSeconds);
    let fastest = 0;
    if (scale.warmUpSeconds > 0)
      for (const name of names.slice(0, -1))
        fastest = Math.max(fastest, (await run(name, scale.warmUpSeconds)).perSecond);
    const results = await interleave(
      names,
      scale.rounds,
      (name) => run(name),
      async () => {
        const count = Math.ceil(fastest * scale.seconds * RESERVE) || scale.claimsASecond;
        tokens = await house.mint(size, count);
      },
    );
    const rates = Object.fromEntries(
      names.map((name) => [name, (results[name] ?? []).map(({ perSecond }) => perSecond)]),
    );
    const goals = Object.entries(GOALS[size]).map(([to, goal]) => ratio('ours', to, rates, goal));
    if (hasSodium()) goals.push(ratio('ours without libsodium', 'P-openssl', rates, FALLBACK_GOAL));
    return {
      title: `${size}, burned and streamed`,
      contenders: Object.fromEntries(names.map((name) => [name, medians(results[name] ?? [])])),
      rounds: results,
      ratios: goals,
      notThereYet: hasSodium()
        ? []
        : ['without libsodium: this version checks no signature by libsodium'],
    };
  } finally {
    for (const peer of peers.values()) await peer.stop();
  }
}
