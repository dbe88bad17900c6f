// What a new API key is asked for, by API and by form, and what the API says of keys.
import { z } from 'zod';
import { instant } from '../openapi/describe.js';
import { ALL_SCOPES, type KeyScope } from './key-scopes.js';

const DAY_SECONDS = 24 * 60 * 60;
/** The longest life that can be asked for; a key may also have no end. */
export const LONGEST_KEY_SECONDS = 730 * DAY_SECONDS;
const MAX_NAME = 100;

const name = z
  .string()
  .trim()
  .min(1)
  .max(MAX_NAME)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), {
    message: 'control characters are not allowed',
  })
  .meta({ description: 'For its owner, to tell keys apart.' });

export const keyScope = z
  .enum(ALL_SCOPES, { error: `expected some of ${ALL_SCOPES.join(', ')}` })
  .meta({ id: 'KeyScope' });

/** `POST /api/api-keys`. Without `expiresInSeconds` it works until it is revoked. */
export const newKeyInput = z.strictObject({
  name,
  scopes: z
    .array(keyScope)
    .min(1, { error: 'choose at least one' })
    .max(ALL_SCOPES.length)
    .meta({ uniqueItems: true }),
  expiresInSeconds: z
    .int({ error: 'expected a whole number of seconds' })
    .min(60)
    .max(LONGEST_KEY_SECONDS)
    .exactOptional(),
});

export type NewKey = z.infer<typeof newKeyInput>;

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

/** The form of the page: the same wish, every field a text. `days` is empty for a key without an end. */
export const newKeyForm = z
  .object({
    name: z.string(),
    scopes: oneOrMore.optional(),
    days: z.string().regex(/^\d{0,3}$/, { error: 'expected a number of days' }),
  })
  .transform((form, check): NewKey => {
    const parsed = newKeyInput.safeParse({
      name: form.name,
      scopes: form.scopes ?? [],
      ...(form.days === '' ? {} : { expiresInSeconds: Number(form.days) * DAY_SECONDS }),
    });
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) {
      check.addIssue({ code: 'custom', path: path.slice(0, 1), message });
    }
    return z.NEVER;
  });

/** A key as lists tell it. `state` is what it would be answered now. */
export const keyOutput = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(keyScope),
    state: z.enum(['active', 'expired']),
    createdAt: instant,
    expiresAt: instant.nullable(),
    lastUsedAt: instant.nullable(),
    lastUsedAddress: z.string().nullable(),
  })
  .meta({ id: 'ApiKey' });

export const keyListOutput = z.object({ keys: z.array(keyOutput) });
/** The answer to the request that made it: the only one that ever holds the key. */
export const newKeyOutput = keyOutput.extend({
  key: z.string().meta({ description: 'Shown now and never again.' }),
});

export type KeyAsJson = z.infer<typeof keyOutput>;
export type { KeyScope };
