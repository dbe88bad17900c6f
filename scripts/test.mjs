// `npm test`: from a fresh clone to the whole suite, on real servers. Arguments go on to jest.
//
// The tests drive real servers, browsers and clocks beside each other, and a machine that is busy with
// something else can starve one of them. So when a few suites fail, they are run once more, alone, and named
// in any case; what fails alone, or many suites at once, is a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareForTests, root } from './prepare.mjs';
import { findChromium, MODEL_CHECKER, provide, SPEED_BENCH, TEST_SERVERS } from './programs.mjs';

/** More than these are not chance. */
const MOST_TRIED_AGAIN = 3;

prepareForTests();
provide([...new Set([...TEST_SERVERS, ...MODEL_CHECKER, ...SPEED_BENCH])], 'npm test');

/** @param {readonly string[]} args */
function jest(args) {
  const { status } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(root, 'node_modules/jest/bin/jest.js'),
      ...args,
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, CHROMIUM_PATH: findChromium() ?? '' } },
  );
  return status ?? 1;
}

const folder = mkdtempSync(join(tmpdir(), 'claimcheck-tests-'));
const report = join(folder, 'report.json');
let status = jest([...process.argv.slice(2), '--json', `--outputFile=${report}`]);
if (status !== 0) status = tryAgain();
rmSync(folder, { recursive: true, force: true });
process.exit(status);

/** Runs what failed once more, if it is little, one suite at a time. Returns the status. */
function tryAgain() {
  /** @type {{ testResults: { name: string, status: string }[] }} */
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return 1;
  }
  const failed = results.testResults.filter((suite) => suite.status === 'failed');
  const names = failed.map(({ name }) => name);
  if (names.length === 0 || names.length > MOST_TRIED_AGAIN) return 1;
  console.error(`claimcheck: tried again, alone: ${names.join(', ')}`);
  const again = jest(['--runInBand', '--runTestsByPath', ...names]);
  const verdict = again === 0 ? 'failed among others and passed alone' : 'failed twice';
  console.error(`claimcheck: ${verdict}: ${names.join(', ')}`);
  return again;
}
