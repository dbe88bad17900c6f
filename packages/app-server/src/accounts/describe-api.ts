// Accounts, invitations and one's own account, as the OpenAPI document has them.
import { z } from 'zod';
import { pageQuery } from '../http/list-page.js';
import { accountNumbersOutput, ownAccountOutput } from './describe-account.js';
import { done, email, id, instant, next, type ApiDescription } from '../openapi/describe.js';
import {
  accountChangeInput,
  invitationInput,
  newAccountInput,
  noticesInput,
  passwordChangeInput,
} from './input.js';

const role = z.enum(['admin', 'member']);

const account = z
  .object({
    id,
    email: email.nullable(),
    role,
    disabled: z.boolean(),
    createdAt: instant,
    invited: z.boolean().optional().meta({ description: 'No password was chosen yet.' }),
    invitationEndsAt: instant.optional(),
    secondFactor: z.boolean().optional().meta({ description: 'In lists only.' }),
  })
  .meta({ id: 'Account' });

const oneAccount = account.extend(accountNumbersOutput.shape).meta({ id: 'OneAccount' });

const invitation = z
  .object({
    id,
    email,
    role,
    expiresAt: instant,
    url: z.string().optional().meta({
      format: 'uri',
      description: 'Only where no mail server would bring it: to be passed on by hand.',
    }),
  })
  .meta({ id: 'Invitation' });

const resetLink = z.object({ email, url: z.string().meta({ format: 'uri' }), expiresAt: instant });

export const accountApi: ApiDescription = {
  tag: 'Accounts',
  about: "One's own account, and for administrators everybody's.",
  operations: {
    showOwnAccount: {
      on: 'GET /api/account',
      summary: 'Your account, with what it uses of what it may have',
      access: 'session',
      answers: { 200: { description: 'Null is unlimited.', schema: ownAccountOutput } },
    },
    showAccount: {
      on: 'GET /api/accounts/{id}',
      summary: 'One account in numbers',
      access: 'admin',
      answers: { 200: { description: 'As it is now.', schema: oneAccount } },
    },
    changePassword: {
      on: 'PUT /api/account/password',
      summary: 'Change your password',
      description:
        'With a second factor, also a recent proof: else it is refused as `proof-needed`, status 403.',
      access: 'session',
      body: { schema: passwordChangeInput },
      answers: { 204: done('Changed; every other session has ended.') },
      refusals: ['conflict', 'busy', 'ledger-unavailable'],
    },
    setNotices: {
      on: 'PUT /api/account/notices',
      summary: 'Choose whether a mail comes when something was fetched',
      access: 'session',
      body: { schema: noticesInput, example: { fetched: true } },
      answers: { 204: done('Saved.') },
    },
    listAccounts: {
      on: 'GET /api/accounts',
      summary: 'List accounts',
      access: 'admin',
      query: pageQuery.extend({
        q: z.string().max(254).optional().meta({ description: 'A part of the e-mail address.' }),
      }),
      answers: {
        200: {
          description: 'Newest first.',
          schema: z.object({ accounts: z.array(account), next }),
        },
      },
    },
    addAccount: {
      on: 'POST /api/accounts',
      summary: 'Add an account with a first password',
      access: 'admin',
      proven: true,
      body: { schema: newAccountInput },
      answers: { 201: { description: 'Added.', schema: account } },
      refusals: ['conflict', 'busy'],
    },
    changeAccount: {
      on: 'PATCH /api/accounts/{id}',
      summary: 'Disable or enable an account, or change its role or quota',
      description:
        'One of them at a time. Disabling ends its sessions, keys and claims at once; a role acts at the next request.',
      access: 'admin',
      proven: true,
      body: { schema: accountChangeInput, example: { disabled: true } },
      answers: {
        200: {
          description: 'As it is now; its numbers with a quota.',
          schema: z.union([oneAccount, account]),
        },
      },
      refusals: ['conflict', 'ledger-unavailable'],
    },
    endSessionsOfAccount: {
      on: 'DELETE /api/accounts/{id}/sessions',
      summary: 'End all sessions of an account',
      access: 'admin',
      proven: true,
      answers: { 204: done('Ended, with their claims.') },
      refusals: ['ledger-unavailable'],
    },
    invite: {
      on: 'POST /api/invitations',
      summary: 'Invite somebody by mail',
      access: 'admin',
      proven: true,
      body: { schema: invitationInput, example: { email: 'bob@example.org', role: 'member' } },
      answers: { 201: { description: 'Invited.', schema: invitation } },
      refusals: ['conflict'],
    },
    inviteAgain: {
      on: 'POST /api/invitations/{id}/send',
      summary: 'Send an invitation again',
      access: 'admin',
      proven: true,
      answers: { 200: { description: 'The older link has ended.', schema: invitation } },
    },
    withdrawInvitation: {
      on: 'DELETE /api/invitations/{id}',
      summary: 'Withdraw an invitation',
      access: 'admin',
      answers: { 204: done('The account is gone too.') },
    },
    makeResetLink: {
      on: 'POST /api/accounts/{id}/reset-link',
      description: 'Without a mail server, or with `RESET_LINKS=off`; else `conflict`.',
      summary: 'Make a link to a new password, where no mail brings one',
      access: 'admin',
      proven: true,
      answers: { 201: { description: 'To be passed on by hand.', schema: resetLink } },
      refusals: ['conflict'],
    },
  },
};
