// Sessions and signing in, as the OpenAPI document has them.
import { z } from 'zod';
import {
  handleAndPasswordInput,
  handleInput,
  linkInput,
  linkRequestInput,
  signInInput,
  welcomeInput,
} from '../accounts/input.js';
import { pendingSignInOutput } from '../factors/input.js';
import type { AppRefusal } from '../http/problems.js';
import { makeRoomInput, proofInput } from './input.js';
import { done, email, id, instant, type Answer, type ApiDescription } from '../openapi/describe.js';

const method = z.string().meta({ description: 'How it was proven who this is.' });
const place = z.string().nullable().meta({ description: 'Roughly where that is, if it is known.' });

const sessionShown = z.object({
  account: z.object({ id, email: email.nullable(), role: z.enum(['admin', 'member']) }),
  session: z.object({
    id,
    createdAt: instant,
    lastSeenAt: instant,
    method,
    provenAt: instant.nullable(),
  }),
  secretStolenAt: instant.nullable().meta({
    description: 'When somebody else came with a secret of a browser of yours.',
  }),
});

const session = z
  .object({
    id,
    current: z.boolean().meta({ description: 'The one that asks.' }),
    userAgent: z.string(),
    browser: z.string(),
    address: z.string(),
    place,
    createdAt: instant,
    lastSeenAt: instant,
    method,
    remembered: z.boolean().meta({ description: 'Of a browser that stays signed in.' }),
  })
  .meta({ id: 'Session' });

const sessionList = z.object({ sessions: z.array(session) });

const browserList = z.object({
  browsers: z.array(
    z.object({
      id,
      current: z.boolean(),
      browser: z.string(),
      address: z.string(),
      place,
      lastUsedAt: instant,
      createdAt: instant,
      expiresAt: instant,
    }),
  ),
});

const signedIn: Answer = {
  description: 'Signed in.',
  headers: { 'Set-Cookie': 'The session, and the device.' },
};
const pending: Answer = {
  description: 'The account has a second factor: give it next.',
  schema: pendingSignInOutput,
  headers: { 'Set-Cookie': 'Of the sign-in under way; it opens nothing.' },
};
const requested: Answer = {
  description: 'Taken, whether or not there is such an account.',
  schema: z.object({}),
  example: {},
};
const LINK_ENDED: readonly AppRefusal[] = [
  'invalid-claim',
  'expired',
  'already-used',
  'revoked',
  'superseded',
  'ledger-unavailable',
];

export const sessionApi: ApiDescription = {
  tag: 'Sessions',
  about: 'Signing in, and the devices that are signed in.',
  operations: {
    signIn: {
      on: 'POST /api/session',
      summary: 'Sign in by password',
      access: 'visitor',
      body: {
        schema: signInInput,
        example: { email: 'ada@example.org', password: 'correct horse battery' },
      },
      answers: { 202: pending, 204: signedIn },
      refusals: ['too-many-sessions', 'wrong-credentials', 'busy', 'ledger-unavailable'],
    },
    signInByFirstLink: {
      on: 'POST /api/session/link',
      summary: "Sign in by the first start's link",
      access: 'visitor',
      body: { schema: linkInput },
      answers: { 204: signedIn },
      refusals: ['too-many-sessions', 'wrong-credentials', ...LINK_ENDED],
    },
    signInByMailedLink: {
      on: 'POST /api/session/handle',
      summary: 'Sign in by a mailed link',
      description:
        'Does what the button of `/i/{handle}` does. With `SIGN_IN_LINKS=off` no such link works, also none of before.',
      access: 'visitor',
      body: { schema: handleInput },
      answers: { 202: pending, 204: signedIn },
      refusals: ['too-many-sessions', 'wrong-credentials', 'mailed-links-off', ...LINK_ENDED],
    },
    requestSignInLink: {
      on: 'POST /api/sign-in-links',
      summary: 'Ask for a link to sign in, by mail',
      description: 'Refused for everybody alike with `SIGN_IN_LINKS=off`.',
      access: 'visitor',
      body: { schema: linkRequestInput, example: { email: 'ada@example.org' } },
      answers: { 202: requested },
      refusals: ['mailed-links-off'],
    },
    requestPasswordReset: {
      on: 'POST /api/password-resets',
      summary: 'Ask for a link to a new password, by mail',
      description:
        'Refused for everybody alike with `RESET_LINKS=off`: then administrators make such links.',
      access: 'visitor',
      body: { schema: linkRequestInput, example: { email: 'ada@example.org' } },
      answers: { 202: requested },
      refusals: ['mailed-links-off'],
    },
    showSession: {
      on: 'GET /api/session',
      summary: 'Who is signed in',
      access: 'visitor',
      answers: { 200: { description: 'The account and its session.', schema: sessionShown } },
      refusals: ['not-signed-in'],
    },
    proveAnew: {
      on: 'POST /api/session/proof',
      summary: 'Prove again who you are',
      description: 'Dangerous actions ask for it when the last proof is over ten minutes old.',
      access: 'session',
      body: { schema: proofInput },
      answers: { 204: { ...signedIn, description: 'Proven; the session has a new id.' } },
      refusals: ['busy', 'wrong-second-factor'],
    },
    signOut: {
      on: 'DELETE /api/session',
      summary: 'Sign out',
      description: 'Claims of this session that nobody has used die; downloads under way go on.',
      access: 'visitor',
      answers: { 204: done('Signed out, also when nobody was signed in.') },
      refusals: ['ledger-unavailable'],
    },
    listSessions: {
      on: 'GET /api/sessions',
      summary: 'Your devices that are signed in',
      access: 'session',
      answers: { 200: { description: 'The most recently used first.', schema: sessionList } },
    },
    endOtherSessions: {
      on: 'DELETE /api/sessions',
      summary: 'Sign out everywhere else',
      access: 'session',
      answers: { 204: done('All ended but this one.') },
      refusals: ['ledger-unavailable'],
    },
    showWaiting: {
      on: 'GET /api/session/waiting',
      summary: 'Your devices, while signing in waits for room',
      description: 'After `too-many-sessions`, with the cookie that it set.',
      access: 'visitor',
      answers: { 200: { description: 'The least recently used first.', schema: sessionList } },
      refusals: ['not-signed-in'],
    },
    makeRoom: {
      on: 'POST /api/session/waiting',
      summary: 'End one of them, and be signed in',
      access: 'visitor',
      body: { schema: makeRoomInput },
      answers: { 204: signedIn },
      refusals: [
        'not-signed-in',
        'not-found',
        'wrong-credentials',
        'too-many-sessions',
        'ledger-unavailable',
      ],
    },
    listRememberedBrowsers: {
      on: 'GET /api/remembered-browsers',
      summary: 'Your browsers that stay signed in',
      access: 'session',
      answers: { 200: { description: 'Each with its last use.', schema: browserList } },
    },
    forgetAllBrowsers: {
      on: 'DELETE /api/remembered-browsers',
      summary: 'Forget all browsers that stay signed in',
      access: 'session',
      answers: { 204: done('Forgotten; their sessions go on until they end.') },
    },
    forgetBrowser: {
      on: 'DELETE /api/remembered-browsers/{id}',
      summary: 'Forget one of them',
      access: 'session',
      answers: { 204: done('Forgotten; its session goes on until it ends.') },
    },
    dismissTheftNotice: {
      on: 'DELETE /api/account/theft-notice',
      summary: 'Say that the notice of a stolen secret was read',
      access: 'session',
      answers: { 204: done('It is shown no more.') },
    },
    endSession: {
      on: 'DELETE /api/sessions/{id}',
      summary: 'End one session',
      access: 'session',
      answers: { 204: done('Ended, with its claims.') },
      refusals: ['ledger-unavailable'],
    },
    completeFirstAccount: {
      on: 'PUT /api/account/welcome',
      summary: "Choose the first administrator's address and password",
      access: 'visitor',
      body: { schema: welcomeInput },
      answers: { 204: signedIn },
      refusals: ['not-signed-in', 'conflict', 'busy', 'wrong-credentials', 'ledger-unavailable'],
    },
    choosePassword: {
      on: 'PUT /api/account/chosen-password',
      summary: 'Choose a password by a mailed link',
      description: 'That of a reset or of an invitation. Ends all sessions of the account.',
      access: 'visitor',
      body: { schema: handleAndPasswordInput },
      answers: { 204: done('Chosen; sign in with it.') },
      refusals: [...LINK_ENDED, 'mailed-links-off', 'conflict', 'busy'],
    },
  },
};
