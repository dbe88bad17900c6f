// Reading and checking small bodies: JSON for the API, urlencoded for the pages' forms. Called by the
// handler that wants one, so that nothing is read before the guards have let the request in.
import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';
import type { z } from 'zod';
import { Refused } from './problems.js';

const LIMIT = '64kb';
const readers = {
  json: bodyParser({ enableTypes: ['json'], jsonLimit: LIMIT }),
  form: bodyParser({ enableTypes: ['form'], formLimit: LIMIT }),
};
const MEDIA_TYPES = { json: 'application/json', form: 'application/x-www-form-urlencoded' };

/**
 * The request's JSON body as `schema` gives it.
 * @throws Refused `unsupported-media-type`, `too-large` (over 64 KiB), or `invalid-input` that names
 * each wrong field.
 */
export async function readJson<T>(ctx: Context, schema: z.ZodType<T>): Promise<T> {
  return check(await readBody(ctx, 'json'), schema);
}

/** The same for a page's form: every field arrives as a string. */
export async function readForm<T>(ctx: Context, schema: z.ZodType<T>): Promise<T> {
  return check(await readBody(ctx, 'form'), schema);
}

/** @throws Refused `invalid-input` with `field: what is wrong` for each field, joined by `; `. */
export function check<T>(value: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'body'}: ${message}`,
  );
  throw new Refused('invalid-input', faults.join('; '));
}

async function readBody(ctx: Context, kind: keyof typeof readers): Promise<unknown> {
  if (!ctx.is(MEDIA_TYPES[kind])) {
    throw new Refused('unsupported-media-type', `Send ${MEDIA_TYPES[kind]}.`);
  }
  try {
    await readers[kind](ctx, async () => {});
  } catch (error) {
    throw explain(error, kind);
  }
  return ctx.request.body;
}

function explain(error: unknown, kind: keyof typeof readers): unknown {
  const status = (error as { status?: unknown }).status;
  if (status === 413) {
    return new Refused('too-large', 'This body may have at most 64 KiB.', { cause: error });
  }
  if (status === 415) return new Refused('unsupported-media-type', undefined, { cause: error });
  if (status === 400) {
    return new Refused('invalid-input', `body: not well-formed ${MEDIA_TYPES[kind]}`, {
      cause: error,
    });
  }
  return error;
}
