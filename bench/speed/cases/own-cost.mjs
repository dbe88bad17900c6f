// What a request costs our process beyond the signature check and the burn: the CPU of whole requests, less that of
// the two parts measured alone. Beside it Node's HTTP server answering from memory, below which nothing in Node goes.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasSodium, startDownloadServers } from '../peers/claimcheck.mjs';
import { startPermissionServer } from '../peers/permissions.mjs';
import { runWithTokens, runWrk } from '../load/run-wrk.mjs';
import { startProcess } from '../processes.mjs';
import { interleave, median, medians } from '../statistics.mjs';

const PARTS = fileURLToPath(new URL('../load/measure-parts.mjs', import.meta.url));
const CONNECTIONS = 64;
/** Requests that the bare server is given at first; it takes any token. */
const ANYTHING_A_SECOND = 60_000;
export const OWN_COST_GOAL_MICROS = 60;

/**
 * @param {import('../furnish.mjs').House} house
 * @param {import('../options.mjs').Scale} scale
 */
export async function measureOwnCost(house, scale) {
  const ours = await startDownloadServers(house, { processes: 1, cores: '0' });
  const bare = await startPermissionServer(house, { mode: 'nothing', cores: '0' });
  try {
    const { directory, redis } = house;
    /** @type {string[]} */
    let tokens = await house.mint('1 KiB', scale.claimsASecond * scale.seconds);
    let anything = Array.from({ length: scale.seconds * ANYTHING_A_SECOND }, () => 'x');
    const measure = async (/** @type {string} */ name) => {
      await house.forget();
      if (name === 'parts') return await measureParts(house, tokens.slice(0, scale.operations));
      const peer = name === 'ours' ? ours : bare;
      const order = {
        name,
        peer,
        seconds: scale.seconds,
        connections: CONNECTIONS,
        directory,
        redis,
        cores: '1',
      };
      const { serverCpuMicros } = await runWithTokens({
        run: async () => {
          await house.forget();
          return await runWrk({ ...order, tokens: name === 'ours' ? tokens : anything });
        },
        mintMore: async () => {
          if (name === 'ours') tokens = [...tokens, ...(await house.mint('1 KiB', tokens.length))];
          else anything = [...anything, ...anything];
        },
      });
      return { micros: serverCpuMicros };
    };
    if (scale.warmUpSeconds > 0) for (const name of ['ours', 'bare']) await measure(name);
    const results = await interleave(['ours', 'parts', 'bare'], scale.rounds, measure, async () => {
      tokens = await house.mint('1 KiB', scale.claimsASecond * scale.seconds);
    });
    const parts = medians(/** @type {Record<string, number>[]} */ (results['parts']));
    const of = (/** @type {string} */ name) =>
      median(
        (results[name] ?? []).map((result) => /** @type {{ micros: number }} */ (result).micros),
      );
    const { signatureMicros = NaN, verifyMicros = NaN, burnMicros = NaN } = parts;
    return {
      title: 'our own cost of a request, 1 KiB, one process on one core',
      micros: {
        request: of('ours'),
        signature: signatureMicros,
        burn: burnMicros,
        own: of('ours') - signatureMicros - burnMicros,
        nodeHttpAlone: of('bare'),
        wholeVerification: verifyMicros,
      },
      goalMicros: OWN_COST_GOAL_MICROS,
      signatureBy: hasSodium() ? 'libsodium' : 'node:crypto',
      rounds: results,
    };
  } finally {
    await ours.stop();
    await bare.stop();
  }
}

/**
 * @param {import('../furnish.mjs').House} house
 * @param {string[]} tokens
 */
async function measureParts(house, tokens) {
  const list = join(house.directory, 'parts');
  await writeFile(list, tokens.join('\n'));
  const settings = { list, key: house.key.publicPaserk, redisUrl: house.redis.url };
  const child = startProcess(process.execPath, [PARTS, JSON.stringify(settings)], { cores: '0' });
  if ((await child.ended) !== 0) throw new Error(`measuring the parts failed: ${child.output()}`);
  return /** @type {Record<string, number>} */ (JSON.parse(child.output()));
}
