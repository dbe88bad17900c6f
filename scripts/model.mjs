// `npm run model`: checks the protocol's models (model/*.pml) exhaustively with spin, then takes their
// safeguards away one at a time and sees that each loss is found out. A check that would pass without
// the safeguard it is for proves nothing. `--json` prints the results for the test that runs this.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, root } from './prepare.mjs';
import { MODEL_CHECKER, provide } from './programs.mjs';

const BURN = join(root, 'model/burn.pml');
const BUDGET = join(root, 'model/budget.pml');
const LONGEST_SEARCH_MS = 240_000;
const MOST_MEMORY_MIB = 2000;

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {string[]} defines
 * @property {string} [model] the burn's, where none is named
 * @property {'holds' | 'broken'} expected `broken`: spin must find a counterexample
 */

/** @type {Variant[]} */
const VARIANTS = [
  { name: 'the protocol', defines: ['FAULTS=4'], expected: 'holds' },
  {
    name: 'the protocol, with revocations',
    defines: ['FAULTS=4', 'REVOCATION'],
    expected: 'holds',
  },
  // run_id need not be part of the fence, as long as each start draws a new replication id, which
  // test/ledger/redis-fence.test.ts sees on real servers.
  {
    name: 'were a restart to keep the replication id',
    defines: ['RESTART_KEEPS_REPLID'],
    expected: 'broken',
  },
  {
    name: 'the same, with run_id in the fence',
    defines: ['RESTART_KEEPS_REPLID', 'WITH_RUN_ID'],
    expected: 'holds',
  },
  { name: 'without the fence', defines: ['NO_FENCE'], expected: 'broken' },
  {
    name: 'a fence of the stored epoch alone (restart, failover)',
    defines: ['NO_REPLID'],
    expected: 'broken',
  },
  { name: 'a fence without the epoch (flush)', defines: ['NO_EPOCH'], expected: 'broken' },
  { name: 'without NX', defines: ['NO_NX'], expected: 'broken' },
  { name: 'look first, then set', defines: ['TWO_STEPS'], expected: 'broken' },
  {
    name: 'a marker’s life without the tolerance',
    defines: ['SHORT_MARKER'],
    expected: 'broken',
  },
  {
    name: 'without the expiry check by the ledger’s clock',
    defines: ['NO_EXPIRY_CHECK'],
    expected: 'broken',
  },
  { name: 'without the margin (clock set back)', defines: ['NO_MARGIN'], expected: 'broken' },
  { name: 'without the deadline of a burn', defines: ['NO_DEADLINE'], expected: 'broken' },
  { name: 'serving when the answer was lost', defines: ['FAIL_OPEN'], expected: 'broken' },
  {
    name: 'without the look at revocations',
    defines: ['REVOCATION', 'NO_REVOCATION_CHECK'],
    expected: 'broken',
  },
  {
    name: 'permission read before the fence',
    defines: ['REVOCATION', 'PERMISSION_FIRST'],
    expected: 'broken',
  },
  { model: BUDGET, name: 'the budget', defines: [], expected: 'holds' },
  { model: BUDGET, name: 'a budget without the fence', defines: ['NO_FENCE'], expected: 'broken' },
  { model: BUDGET, name: 'a budget without its limit', defines: ['NO_LIMIT'], expected: 'broken' },
  {
    model: BUDGET,
    name: 'sending first and paying afterwards',
    defines: ['SEND_FIRST'],
    expected: 'broken',
  },
  {
    model: BUDGET,
    name: 'giving back what was sent',
    defines: ['REFUNDS_ALL'],
    expected: 'broken',
  },
  {
    model: BUDGET,
    name: 'every response going on unpaid',
    defines: ['NO_ALONE'],
    expected: 'broken',
  },
];

/**
 * @param {string} folder
 * @param {string} command
 * @param {string[]} args
 */
function output(folder, command, args) {
  const options = /** @type {const} */ ({ cwd: folder, encoding: 'utf8' });
  const done = spawnSync(command, args, {
    ...options,
    timeout: LONGEST_SEARCH_MS,
    maxBuffer: 2 ** 26,
  });
  if (done.error) fail(`${command}: ${done.error.message}`);
  return `${done.stdout}${done.stderr}`;
}

/**
 * Searches one variant. A search that was cut short (depth, memory, time) is neither result.
 * @param {Variant} variant
 */
function search({ name, defines, expected, model = BURN }) {
  const folder = mkdtempSync(join(tmpdir(), 'claimcheck-model-'));
  const startedAt = performance.now();
  try {
    const flags = defines.map((define) => `-D${define}`);
    const translated = output(folder, 'spin', [...flags, '-a', model]);
    const limits = ['-DSAFETY', '-DCOLLAPSE', `-DMEMLIM=${MOST_MEMORY_MIB}`];
    const compiled = output(folder, 'cc', ['-O2', '-w', ...limits, '-o', 'pan', 'pan.c']);
    if (!existsSync(join(folder, 'pan'))) fail(`${name}: ${translated}${compiled}`);
    const report = output(folder, join(folder, 'pan'), ['-m100000']);
    const complete = /errors: 0/.test(report) && !/Search not completed|max search/.test(report);
    const violated = /assertion violated (.*) \(at depth/.exec(report)?.[1];
    const found = violated !== undefined ? 'broken' : complete ? 'holds' : 'unfinished';
    const states = Number(/(\d+) states, stored/.exec(report)?.[1] ?? 0);
    const memoryMiB = Math.round(Number(/([\d.]+)\ttotal actual/.exec(report)?.[1] ?? 0));
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    return { name, expected, found, violated, states, memoryMiB, seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

provide(MODEL_CHECKER, 'npm run model');
const asJson = process.argv.includes('--json');
const results = VARIANTS.map((variant) => {
  const result = search(variant);
  const right = result.found === result.expected;
  if (!asJson) {
    const seen = result.found === 'broken' ? `counterexample to ${result.violated}` : result.found;
    const cost = `${result.states} states, ${result.memoryMiB} MiB, ${result.seconds} s`;
    console.log(`${right ? 'as it should' : 'WRONG       '}  ${result.name}: ${seen} (${cost})`);
  }
  return result;
});
if (asJson) console.log(JSON.stringify(results));
process.exitCode = results.every(({ found, expected }) => found === expected) ? 0 : 1;
