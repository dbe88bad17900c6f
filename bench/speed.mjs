// `npm run bench`: the download server against peers that do the same work natively, every request a fresh claim.
// Prints tables, writes JSON and a plot; what is compared with what, and what each figure leaves out: docs/speed.md.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { provide, SPEED_BENCH } from '../scripts/programs.mjs';
import { measureLargeFiles } from './speed/cases/large-files.mjs';
import { measureOwnCost } from './speed/cases/own-cost.mjs';
import { measurePermissions } from './speed/cases/permissions.mjs';
import { measureSlowReaders } from './speed/cases/slow-readers.mjs';
import { measureSmallFiles } from './speed/cases/small-files.mjs';
import { furnish } from './speed/furnish.mjs';
import { describeMachine } from './speed/machine.mjs';
import { readOptions } from './speed/options.mjs';
import { proveAll } from './speed/prove-peer.mjs';
import { drawPlot } from './speed/report/draw-plot.mjs';
import { tablesOf } from './speed/report/tables.mjs';
import { writeDocument } from './speed/report/write-document.mjs';

if (process.platform !== 'linux') {
  console.error(
    'The speed bench needs Linux: it pins processes to cores and reads their CPU from /proc.',
  );
  process.exit(1);
}
const options = readOptions(process.argv.slice(2));
provide(SPEED_BENCH, 'npm run bench');
const { scale, only } = options;
const startedAt = Date.now();
const machine = describeMachine();
const house = await furnish({
  '1 KiB': 1024,
  '64 KiB': 64 * 1024,
  ...(only.has('large') ? scale.largeFiles : {}),
  ...(only.has('slow') ? { slow: scale.slowFileBytes } : {}),
});

/** @type {import('./speed/report/tables.mjs').Report} */
const report = { mode: options.mode, machine, proofs: {}, cases: [] };
const say = (/** @type {string} */ what) =>
  console.error(`${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${what} …`);
try {
  say('every peer verifies and burns');
  report.proofs = await proveAll(house);
  if (only.has('small')) {
    for (const size of /** @type {const} */ (['1 KiB', '64 KiB'])) {
      say(`${size}, burned and streamed`);
      report.cases.push(await measureSmallFiles(house, size, scale));
    }
  }
  if (only.has('own-cost')) {
    say('our own cost of a request');
    report.ownCost = await measureOwnCost(house, scale);
  }
  if (only.has('large')) {
    for (const size of Object.keys(scale.largeFiles)) {
      for (const way of /** @type {const} */ (['pinned to one core', 'free'])) {
        say(`${size}, ${way}`);
        report.cases.push(await measureLargeFiles(house, size, way, scale));
      }
    }
  }
  if (only.has('slow')) {
    say(`${scale.slowReaders} slow readers`);
    report.slowReaders = await measureSlowReaders(house, scale);
  }
  if (only.has('permissions')) {
    say('opaque token, claim, session');
    report.permissions = await measurePermissions(house, scale);
  }
} finally {
  await house.close();
}

report.tookSeconds = Math.round((Date.now() - startedAt) / 1000);
await mkdir(options.results, { recursive: true });
const name = join(options.results, `speed-${machine.date}-${options.mode}`);
await writeFile(`${name}.json`, `${JSON.stringify(report, undefined, 1)}\n`);
await writeFile(`${name}.svg`, drawPlot(report));
console.log(tablesOf(report));
console.log(`\nwritten: ${name}.json, ${name}.svg`);
if (options.writeDocs) await writeDocument(report);
