// How large a run is: whole, short (two minutes), or the smallest that still goes through everything, for the
// tests. Figures of the smallest say nothing; those of the short one say the order of magnitude.
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

const MIB = 1024 * 1024;

/**
 * @typedef {object} Scale
 * @property {number} rounds
 * @property {number} seconds of a run of small requests
 * @property {number} warmUpSeconds 0: none
 * @property {number} claimsASecond minted for a run of which nobody knows yet how many it uses
 * @property {Record<string, number>} largeFiles bytes by name
 * @property {number} largeBytes sent to each reader of a large file, at least
 * @property {number} slowReaders
 * @property {number} slowFileBytes
 * @property {number} slowSeconds
 * @property {number[]} delaysMs of the store in the table of permissions
 * @property {number} permissionSeconds of a run in that table
 * @property {number} permissions how many are stored to weigh them
 * @property {number} operations of each part in the table of our own cost
 */

/** @type {Record<'whole' | 'short' | 'smallest', Scale>} */
const SCALES = {
  whole: {
    rounds: 5,
    seconds: 4,
    warmUpSeconds: 3,
    claimsASecond: 15_000,
    largeFiles: { '100 MiB': 100 * MIB, '1 GiB': 1024 * MIB },
    largeBytes: 1024 * MIB,
    slowReaders: 1000,
    slowFileBytes: 1024 * MIB,
    slowSeconds: 20,
    delaysMs: [0, 1, 5],
    permissionSeconds: 2,
    permissions: 20_000,
    operations: 20_000,
  },
  short: {
    rounds: 1,
    seconds: 1,
    warmUpSeconds: 1,
    claimsASecond: 12_000,
    largeFiles: { '100 MiB': 100 * MIB },
    largeBytes: 400 * MIB,
    slowReaders: 1000,
    slowFileBytes: 256 * MIB,
    slowSeconds: 4,
    delaysMs: [0, 5],
    permissionSeconds: 1,
    permissions: 5000,
    operations: 5000,
  },
  smallest: {
    rounds: 1,
    seconds: 1,
    warmUpSeconds: 0,
    claimsASecond: 2000,
    largeFiles: { '100 MiB': 4 * MIB },
    largeBytes: 4 * MIB,
    slowReaders: 8,
    slowFileBytes: 16 * MIB,
    slowSeconds: 2,
    delaysMs: [1],
    permissionSeconds: 1,
    permissions: 500,
    operations: 300,
  },
};

export const CASES = ['small', 'large', 'slow', 'own-cost', 'permissions'];

/**
 * @param {readonly string[]} args
 * @throws Error that names what is not understood
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: 'boolean', default: false },
      smallest: { type: 'boolean', default: false },
      only: { type: 'string' },
      results: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
    },
  });
  /** @type {keyof typeof SCALES} */
  const mode = values.smallest ? 'smallest' : values.short ? 'short' : 'whole';
  const only = values.only?.split(',') ?? CASES;
  const unknown = only.filter((name) => !CASES.includes(name));
  if (unknown.length > 0)
    throw new Error(`--only takes ${CASES.join(', ')}, not ${unknown.join(', ')}`);
  return {
    mode,
    scale: SCALES[mode],
    only: new Set(only),
    results: values.results ?? fileURLToPath(new URL('../results', import.meta.url)),
    writeDocs: values['write-docs'],
  };
}
