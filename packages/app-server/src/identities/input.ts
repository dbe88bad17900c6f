// What the API answers about identities elsewhere.
// Apart from the routes, since the API's description is made of it too.
import { z } from 'zod';
import { id, instant } from '../openapi/describe.js';

/** What `GET /api/account/identities` answers. */
export const identitiesOutput = z.object({
  identities: z.array(
    z.object({
      id,
      issuer: z.string().meta({ description: 'Who vouches: an issuer identifier or an origin.' }),
      name: z.string(),
      email: z.string().nullable().meta({ description: 'Of you there, when it was connected.' }),
      createdAt: instant,
      lastUsedAt: instant.nullable(),
    }),
  ),
});
