// What a claim is asked for over the API.
import { MAX_LIFE_SECONDS } from '@claimcheck/shared/claim';
import { z } from 'zod';

/** `POST /api/claims`. */
export const claimInput = z.strictObject({
  fileId: z.string({ error: 'expected the id of a file' }).min(1).max(64),
  mode: z
    .enum(['strict', 'resumable'], { error: 'expected "strict" or "resumable"' })
    .exactOptional(),
  lifetimeSeconds: z
    .int({ error: 'expected a whole number of seconds' })
    .min(1)
    .max(MAX_LIFE_SECONDS)
    .exactOptional(),
});
