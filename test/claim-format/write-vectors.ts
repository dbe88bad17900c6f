// Writes `docs/claim-vectors.json` anew: `npm run vectors`.
import { writeFileSync } from 'node:fs';
import { makeVectors } from './make-vectors.js';

writeFileSync(
  new URL('../../../docs/claim-vectors.json', import.meta.url),
  `${JSON.stringify(makeVectors(), undefined, 2)}\n`,
);
