// Puts the tables of a run into docs/speed.md, between its two marks and nowhere else, in the house's format.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { tablesOf } from './tables.mjs';

const DOCUMENT = fileURLToPath(new URL('../../../docs/speed.md', import.meta.url));
const BEGIN = '<!-- figures: written by npm run bench -- --write-docs -->';
const END = '<!-- end of figures -->';

/**
 * @param {import('./tables.mjs').Report} report
 * @throws Error when the document has lost its marks
 */
export async function writeDocument(report, document = DOCUMENT) {
  const text = await readFile(document, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${document} has no place for figures`);
  const whole = `${before}${BEGIN}\n\n${tablesOf(report)}\n\n${END}${after}`;
  const config = await resolveConfig(document);
  await writeFile(document, await format(whole, { ...config, parser: 'markdown' }));
}
