// What accounts are asked for, as API bodies and forms bring it: the same schemas for both.
import { z } from 'zod';
import { quotaInput } from '../quotas/input.js';
import { normaliseEmail } from './email.js';
import { passwordFault } from './password-rules.js';

/** Far above the longest password, so that one more rule cannot be told from the sign-in form. */
const MAX_TYPED_CHARACTERS = 1024;
const typed = z.string().max(MAX_TYPED_CHARACTERS);

const email = z.string().transform((text, check) => {
  const normalised = normaliseEmail(text);
  if (normalised === undefined) {
    check.addIssue({ code: 'custom', message: 'expected an e-mail address' });
    return z.NEVER;
  }
  return normalised;
});

const newPassword = z.string().superRefine((password, check) => {
  const fault = passwordFault(password);
  if (fault !== undefined) check.addIssue({ code: 'custom', message: fault });
});

/** An address that cannot be one is simply unknown: sign-in has one answer for all wrong input. */
export const signInInput = z.object({
  email: typed.transform((text) => normaliseEmail(text) ?? ''),
  password: typed,
  /** Whether to stay signed in on this browser. */
  remember: z.boolean().optional(),
});
export const signInForm = signInInput.extend({
  next: z.string().optional(),
  remember: z
    .literal('on')
    .optional()
    .transform((checked) => checked === 'on'),
});
export const linkInput = z.object({ token: z.string().max(8192) });
export const welcomeInput = z.object({ email, password: newPassword });
export const passwordChangeInput = z.object({ currentPassword: typed, newPassword });
export const newAccountInput = z.object({
  email,
  password: newPassword,
  role: z.enum(['admin', 'member']),
});
/** Any text is taken as an address: whether it is one is not to be told from the answer either. */
export const linkRequestInput = z.object({
  email: typed.transform((text) => normaliseEmail(text) ?? ''),
});
export const handleInput = z.object({ handle: z.string().max(64) });
export const choosePasswordInput = z.object({ password: newPassword });
export const handleAndPasswordInput = handleInput.extend({ password: newPassword });
export const invitationInput = z.object({ email, role: z.enum(['admin', 'member']) });
export const noticesInput = z.strictObject({ fetched: z.boolean() });
export const noticesForm = z.object({ fetched: z.literal('on').optional() });
const role = z.enum(['admin', 'member']);
export const roleForm = z.object({ role });
/** One of them at a time, so that what is refused has changed nothing. */
export const accountChangeInput = z.union(
  [
    z.strictObject({ disabled: z.boolean() }),
    z.strictObject({ role }),
    z.strictObject({ quota: quotaInput }),
  ],
  { error: 'expected one of disabled, role and quota' },
);
/** What a list of accounts can be narrowed to: those whose e-mail address contains it. */
export const accountSearch = z
  .string()
  .trim()
  .max(254)
  .optional()
  .transform((text) => (text === '' ? undefined : text));
