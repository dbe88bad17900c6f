// What the audit trail is asked for, by query and by the page's form, and how its entries are told.
import { z } from 'zod';
import { normaliseEmail } from '../accounts/email.js';
import { Refused } from '../http/problems.js';
import { ACTION_NAMES } from './describe-action.js';
import type { AuditAction } from './record-audit.js';

/** Whose doing it was, or whom it was about: an id, an e-mail address, or that nobody was signed in. */
export type WantedAccount = { id: string } | { email: string } | 'none';

const DAY_MS = 24 * 60 * 60_000;

/** A form sends every field; an empty one asks for nothing. */
const text = z
  .string()
  .trim()
  .max(300)
  .optional()
  .transform((value) => (value === '' ? undefined : value));

const action = text.pipe(
  z.enum(ACTION_NAMES as [AuditAction, ...AuditAction[]], { error: 'no such action' }).optional(),
);

const account = text.transform((value, check): WantedAccount | undefined => {
  if (value === undefined || value === 'none') return value;
  if (/^[A-Za-z0-9_-]{1,64}$/.test(value)) return { id: value };
  const email = normaliseEmail(value);
  if (email !== undefined) return { email };
  check.addIssue({ code: 'custom', message: 'expected an e-mail address, an id or “none”' });
  return z.NEVER;
});

/** A day, of which it is the beginning or with `plusMs` the end, or an instant; UTC without a zone. */
const instant = (plusMs: number) =>
  text.transform((value, check): Date | undefined => {
    if (value === undefined) return undefined;
    const isDay = /^\d{4}-\d{2}-\d{2}$/.test(value);
    const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/;
    const zoned = isDay || /(Z|[+-]\d{2}:\d{2})$/.test(value) ? value : `${value}Z`;
    const atMs = isDay || isInstant.test(value) ? Date.parse(zoned) : Number.NaN;
    if (!Number.isNaN(atMs)) return new Date(isDay ? atMs + plusMs : atMs);
    check.addIssue({ code: 'custom', message: 'expected a day like 2026-11-22, or an instant' });
    return z.NEVER;
  });

/** `GET /api/audit`: what is missing is not asked for. */
export const auditFilter = z.object({
  action,
  actor: account,
  account,
  subject: text,
  address: text,
  from: instant(0),
  /** Not itself; a day is meant with its end. */
  to: instant(DAY_MS),
});

export type AuditFilter = z.output<typeof auditFilter>;

const named = z.object({ id: z.string(), email: z.string().nullable() }).nullable();

/** An entry as administrators are told of it. */
export const auditEntryOutput = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  action: z.string(),
  actor: named,
  account: named,
  subject: z.string().nullable(),
  address: z.string().nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

/** An entry as the account that it is about is told of it. */
export const ownAuditEntryOutput = auditEntryOutput
  .omit({ actor: true, account: true })
  .extend({ by: z.enum(['self', 'administrator', 'visitor', 'server']) });

/** Names of the parameters, without those of the page. */
const PARAMETERS = Object.keys(auditFilter.shape);

/** The filter of a query as a query again, for the next page and the export. */
export function filterQuery(query: Readonly<Record<string, unknown>>): URLSearchParams {
  const kept = new URLSearchParams();
  for (const name of PARAMETERS) {
    const value = query[name];
    if (Array.isArray(value)) throw new Refused('invalid-input', `${name}: expected it once`);
    if (typeof value === 'string' && value.trim() !== '') kept.set(name, value.trim());
  }
  return kept;
}
