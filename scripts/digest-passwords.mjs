// Makes packages/app-server/passwords/common.digests from a list of passwords, one a line, the commonest first:
//   node scripts/digest-passwords.mjs LIST
// Only digests are kept: they are small, they are searched fast, and nobody has to read the words.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Of those long enough to be chosen here at all. */
const KEPT = 20_000;
const MIN_CHARACTERS = 10;
const DIGEST_BYTES = 5;

const [, , list] = process.argv;
if (list === undefined) throw new Error('usage: node scripts/digest-passwords.mjs LIST');
const words = (await readFile(list, 'utf8')).split(/\r?\n/);
const spelled = words.map((word) => word.normalize('NFKC').toLowerCase());
const long = spelled.filter((word) => Array.from(word).length >= MIN_CHARACTERS);
const digests = [...new Set(long)]
  .slice(0, KEPT)
  .map((word) => createHash('sha256').update(word).digest().subarray(0, DIGEST_BYTES))
  .toSorted((a, b) => Buffer.compare(a, b));
const target = fileURLToPath(
  new URL('../packages/app-server/passwords/common.digests', import.meta.url),
);
await writeFile(target, Buffer.concat(digests));
console.log(`${digests.length} digests in ${target}`);
