// Accounts as the API tells them, and the shapes of what it tells.
import { z } from 'zod';
import type { Account } from '../database/schema.js';
import { quotaOutput, usageOutput } from '../quotas/input.js';
import { isInvited } from './invitations.js';
import type { AccountNumbers } from './read-numbers.js';

const instant = z.iso.datetime();
const role = z.enum(['admin', 'member']);

export const accountOutput = z.object({
  id: z.string(),
  email: z.string().nullable(),
  role,
  disabled: z.boolean(),
  createdAt: instant,
  /** Its owner has not chosen a password yet. */
  invited: z.literal(true).exactOptional(),
  /** Until when the invitation can be accepted. */
  invitationEndsAt: instant.exactOptional(),
});

export const accountNumbersOutput = z.object({
  usage: usageOutput,
  /** What counts; null is unlimited. */
  quota: quotaOutput,
  /** What was set for this account alone; null where the default counts. */
  ownQuota: quotaOutput,
  openLinks: z.int(),
  sessions: z.int(),
  lastSeenAt: instant.nullable(),
});

/** `GET /api/accounts/{id}`. */
export const oneAccountOutput = accountOutput.extend(accountNumbersOutput.shape);

/** `GET /api/account`. */
export const ownAccountOutput = z.object({
  id: z.string(),
  email: z.string().nullable(),
  role,
  createdAt: instant,
  usage: usageOutput,
  quota: quotaOutput,
});

/** Of an invited account it also says so, and until when it can accept. */
export function describeAccount(account: Account, invitationEndsAt?: Date) {
  const { id, email, role: has, disabled_at, created_at } = account;
  return {
    id,
    email,
    role: has,
    disabled: disabled_at !== null,
    createdAt: created_at,
    ...(isInvited(account) ? { invited: true, invitationEndsAt } : {}),
  };
}

/** One's own account, with what it uses of what it may have. */
export function describeOwnAccount(
  { id, email, role: has, created_at }: Account,
  { usage, quota }: Pick<AccountNumbers, 'usage' | 'quota'>,
) {
  return { id, email, role: has, createdAt: created_at, usage, quota };
}
