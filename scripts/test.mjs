// `npm test`: from a fresh clone to the whole suite, on real servers. Arguments go on to jest.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepareForTests, root } from './prepare.mjs';
import { findChromium, MODEL_CHECKER, provide, SPEED_BENCH, TEST_SERVERS } from './programs.mjs';

prepareForTests();
provide([...new Set([...TEST_SERVERS, ...MODEL_CHECKER, ...SPEED_BENCH])], 'npm test');

const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, CHROMIUM_PATH: findChromium() ?? '' } },
);
process.exit(status ?? 1);
