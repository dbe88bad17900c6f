// Second factors and passkeys, as the OpenAPI document has them. What browsers take and give for WebAuthn is
// described as an object: its own specification says what is in it.
import { z } from 'zod';
import { done, type Answer, type ApiDescription } from '../openapi/describe.js';
import {
  assertionInput,
  attestationInput,
  codeInput,
  newPasskeyInput,
  passkeyAnswerInput,
  passkeyNameInput,
  passkeyOutput,
  pendingSignInOutput,
  recoveryCodesOutput,
  secondFactorOutput,
  totpSetUpOutput,
} from './input.js';

const options: Answer = {
  description: 'What `navigator.credentials` takes as `publicKey`, in the JSON form of WebAuthn.',
  schema: z.looseObject({ challenge: z.string() }),
};
const signedIn: Answer = {
  description: 'Signed in.',
  headers: { 'Set-Cookie': 'The session, and the device.' },
};
const assertion = passkeyAnswerInput.extend({ response: assertionInput });
const shown = { description: 'The passkey.', schema: passkeyOutput };
const ENDED = ['sign-in-expired', 'wrong-credentials', 'ledger-unavailable'] as const;
const ROOM = ['too-many-sessions'] as const;

export const factorApi: ApiDescription = {
  tag: 'Second factors',
  about: 'Authenticator apps, recovery codes and passkeys: of a sign-in, and of one’s own account.',
  operations: {
    passkeySignInOptions: {
      on: 'POST /api/session/passkey/options',
      summary: 'Begin to sign in by passkey',
      access: 'visitor',
      answers: { 200: { ...options, headers: { 'Set-Cookie': 'Binds the challenge.' } } },
      refusals: ['too-many-attempts'],
    },
    signInByPasskey: {
      on: 'POST /api/session/passkey',
      summary: 'Sign in by passkey',
      access: 'visitor',
      body: { schema: assertion },
      answers: { 204: signedIn },
      refusals: ['passkey-refused', 'wrong-credentials', 'ledger-unavailable', ...ROOM],
    },
    showPendingSignIn: {
      on: 'GET /api/session/second-factor',
      summary: 'What the sign-in under way waits for',
      access: 'visitor',
      answers: { 200: { description: 'What can be given.', schema: pendingSignInOutput } },
      refusals: ['sign-in-expired'],
    },
    giveSecondFactor: {
      on: 'POST /api/session/second-factor',
      summary: 'Give a code as the second factor',
      description: 'Six digits of an authenticator app, or a recovery code. Each counts once.',
      access: 'visitor',
      body: { schema: codeInput, example: { code: '123456' } },
      answers: { 204: signedIn },
      refusals: [
        'wrong-second-factor',
        'too-many-attempts',
        'mailed-links-off',
        'busy',
        ...ENDED,
        ...ROOM,
      ],
    },
    secondFactorPasskeyOptions: {
      on: 'POST /api/session/second-factor/passkey/options',
      summary: 'Begin to give a passkey as the second factor',
      access: 'visitor',
      answers: { 200: options },
      refusals: ['sign-in-expired', 'too-many-attempts'],
    },
    giveSecondFactorPasskey: {
      on: 'POST /api/session/second-factor/passkey',
      summary: 'Give a passkey as the second factor',
      access: 'visitor',
      body: { schema: assertion },
      answers: { 204: signedIn },
      refusals: ['passkey-refused', ...ENDED, ...ROOM],
    },
    proofPasskeyOptions: {
      on: 'POST /api/session/proof/passkey/options',
      summary: 'Begin to prove by passkey who you are',
      access: 'session',
      answers: { 200: options },
    },
    proveByPasskey: {
      on: 'POST /api/session/proof/passkey',
      summary: 'Prove by passkey who you are',
      access: 'session',
      body: { schema: assertion },
      answers: { 204: { ...signedIn, description: 'Proven; the session has a new id.' } },
      refusals: ['passkey-refused'],
    },
    showSecondFactor: {
      on: 'GET /api/account/second-factor',
      summary: 'Your second factors',
      access: 'session',
      answers: { 200: { description: 'What there is.', schema: secondFactorOutput } },
    },
    beginTotp: {
      on: 'POST /api/account/second-factor/totp',
      summary: 'Begin to set up an authenticator app',
      access: 'session',
      proven: true,
      answers: { 201: { description: 'To be shown to the app.', schema: totpSetUpOutput } },
    },
    confirmTotp: {
      on: 'PUT /api/account/second-factor/totp',
      summary: 'Make the app count, by its first code',
      access: 'session',
      proven: true,
      body: { schema: codeInput, example: { code: '123456' } },
      answers: {
        200: {
          description: 'It counts. With recovery codes if there were none.',
          schema: recoveryCodesOutput,
        },
      },
      refusals: ['wrong-second-factor', 'conflict', 'busy'],
    },
    removeTotp: {
      on: 'DELETE /api/account/second-factor/totp',
      summary: 'Remove the authenticator app',
      access: 'session',
      proven: true,
      answers: { 204: done('Removed.') },
      refusals: ['not-found'],
    },
    makeRecoveryCodes: {
      on: 'POST /api/account/second-factor/recovery-codes',
      summary: 'Make new recovery codes',
      access: 'session',
      proven: true,
      answers: {
        201: { description: 'Shown once; older ones end.', schema: recoveryCodesOutput },
      },
      refusals: ['conflict', 'busy'],
    },
    newPasskeyOptions: {
      on: 'POST /api/account/passkeys/options',
      summary: 'Begin to add a passkey',
      access: 'session',
      proven: true,
      answers: { 200: options },
    },
    addPasskey: {
      on: 'POST /api/account/passkeys',
      summary: 'Add the passkey that was made',
      access: 'session',
      proven: true,
      body: { schema: newPasskeyInput.extend({ response: attestationInput }) },
      answers: { 201: shown },
      refusals: ['passkey-refused', 'conflict'],
    },
    renamePasskey: {
      on: 'PATCH /api/account/passkeys/{id}',
      summary: 'Rename a passkey',
      access: 'session',
      proven: true,
      body: { schema: passkeyNameInput, example: { name: 'blue key' } },
      answers: { 200: shown },
    },
    deletePasskey: {
      on: 'DELETE /api/account/passkeys/{id}',
      summary: 'Delete a passkey',
      access: 'session',
      proven: true,
      answers: { 204: done('It no longer signs in.') },
    },
    takeSecondFactorAway: {
      on: 'DELETE /api/accounts/{id}/second-factor',
      summary: 'Take all second factors from an account that has lost them',
      access: 'admin',
      proven: true,
      answers: { 204: done('Taken away; the owner is told.') },
      refusals: ['conflict'],
    },
  },
};
