// The `:id` of a route's path.
import type { Context } from 'koa';
import { Refused } from './problems.js';

/** Base64url of 72 (files) or 128 bits (nonces). Anything else names nothing and asks no database. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws Refused `not-found` when it cannot be an id. */
export function idOf(ctx: Context): string {
  const id = (ctx['params'] as Readonly<Record<string, string>>)['id'];
  if (id === undefined || !ID.test(id)) throw new Refused('not-found');
  return id;
}
