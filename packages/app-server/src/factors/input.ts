// What second factors are asked for, as API bodies and forms bring it, and what the API answers. Of what
// WebAuthn gives only the form is checked here; what it says is judged by its library.
import { z } from 'zod';
import { instant } from '../openapi/describe.js';
import { isRecoveryCode } from './recovery-codes.js';

/** Longer than any answer of an authenticator without a maker's certificate. */
const encoded = z
  .string()
  .max(16_384)
  .regex(/^[A-Za-z0-9_-]*$/, 'expected base64url');
const extensions = z.record(z.string(), z.unknown());
const credential = {
  id: encoded,
  rawId: encoded,
  type: z.literal('public-key'),
  authenticatorAttachment: z.string().max(64).nullish(),
  clientExtensionResults: extensions.default({}),
};

/** What `navigator.credentials.get` gives (WebAuthn Level 3, `AuthenticationResponseJSON`). */
export const assertionInput = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: encoded,
    authenticatorData: encoded,
    signature: encoded,
    userHandle: encoded.nullish().transform((handle) => handle ?? undefined),
  }),
});

/** What `navigator.credentials.create` gives (`RegistrationResponseJSON`). */
export const attestationInput = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: encoded,
    attestationObject: encoded,
    transports: z.array(z.string().max(32)).max(10).default([]),
  }),
});

/** Six digits of an app, or a recovery code; spaces and hyphens may be in it. */
const code = z.string().max(64);
export const codeInput = z.object({ code });
export const secondFactorForm = z.object({ code, next: z.string().optional() });
/** The codes that a page shows, a line each. */
export const shownCodesForm = z.object({
  codes: z
    .string()
    .max(512)
    .transform((text) => text.split(/\r?\n/))
    .refine((codes) => codes.every(isRecoveryCode), 'expected recovery codes'),
});
export const passkeyAnswerInput = z.object({ response: z.unknown() });

const MAX_NAME_CHARACTERS = 60;
const name = z
  .string()
  .trim()
  .min(1)
  .max(MAX_NAME_CHARACTERS)
  .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'expected one line of text');
export const passkeyNameInput = z.object({ name });
export const newPasskeyInput = z.object({ name: name.optional(), response: z.unknown() });

export const passkeyOutput = z.object({
  id: z.string(),
  name: z.string(),
  synced: z.boolean(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
});
export const secondFactorOutput = z.object({
  /** Whether this server requires one of this account. */
  required: z.boolean(),
  totp: z.object({ confirmedAt: instant }).nullable(),
  passkeys: z.array(passkeyOutput),
  recoveryCodesLeft: z.number().int(),
});
export const totpSetUpOutput = z.object({
  secret: z.string(),
  url: z.string(),
  expiresAt: instant,
});
export const recoveryCodesOutput = z.object({ recoveryCodes: z.array(z.string()) });
/** The 202 of a sign-in that wants a second factor. */
export const pendingSignInOutput = z.object({
  factors: z.array(z.enum(['totp', 'passkey', 'recovery-code'])),
  expiresAt: instant,
});

/**
 * The challenge that an authenticator's answer names, from its client data; undefined when it names none, or was
 * given in a frame of another site (WebAuthn Level 3 section 7.2 step 12): our pages stand in none.
 */
export function challengeIn(clientDataJson: string): string | undefined {
  try {
    const text = Buffer.from(clientDataJson, 'base64url').toString('utf8');
    const { challenge, crossOrigin } = JSON.parse(text) as Record<string, unknown>;
    return typeof challenge === 'string' && crossOrigin !== true ? challenge : undefined;
  } catch {
    return undefined;
  }
}
