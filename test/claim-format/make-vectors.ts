// The test vectors of the claim format as they stand in `docs/claim-vectors.json`, for whoever writes a minter or a
// verifier. Made of fixed keys and a fixed clock, so they are the same at each making.
import {
  AUDIENCE,
  ISSUER,
  KEY_A,
  KEY_B,
  makeAccepted,
  NOW_MS,
  STRANGER,
} from './accepted-vectors.js';
import { makeRefused } from './refused-vectors.js';
import type { VectorKey } from './sign.js';

export type ClaimVectors = ReturnType<typeof makeVectors>;

export function makeVectors() {
  const keyOf = ({ name, seed, secretPaserk, publicPaserk, kid }: VectorKey) => ({
    name,
    seed,
    secret: secretPaserk,
    public: publicPaserk,
    kid,
  });
  return {
    about:
      'Test vectors of the claim format, see claim-format.md. A verifier that knows the published keys, for the issuer, the audience and the act that are named, at the instant nowMs (Unix milliseconds), accepts each of `accepted` and refuses each of `refused`. The keys are for tests: everybody has their secret halves.',
    issuer: ISSUER,
    audience: AUDIENCE,
    nowMs: NOW_MS,
    keys: [KEY_A, KEY_B, STRANGER].map(keyOf),
    published: {
      keys: [KEY_A, KEY_B].map(({ kid, publicPaserk }) => ({ kid, key: publicPaserk })),
    },
    accepted: makeAccepted(),
    refused: makeRefused(),
  };
}
