// Time-based codes (RFC 6238) as every authenticator app has them. Pure: no clock, no database. That a code
// counts once is decided where the last time step is kept (`use-totp.ts`).
import { Secret, TOTP } from 'otpauth';

/** RFC 6238 section 5.2. */
export const STEP_SECONDS = 30;
/** RFC 4226 section 4 (R6) asks for at least 128 bits and recommends 160. */
const SECRET_BYTES = 20;
/** One step to each side: RFC 6238 section 5.2 recommends at most one for delays; clocks of phones stray too. */
const WINDOW_STEPS = 1;
const CODE = /^\d{6}$/;

export function newTotpSecret(): Uint8Array {
  return new Secret({ size: SECRET_BYTES }).bytes;
}

/**
 * The time step that this code is that of, within a step of now; undefined when it is none.
 * @param code six digits, as typed without spaces.
 */
export function matchTotp(secret: Uint8Array, code: string, nowMs: number): number | undefined {
  if (!CODE.test(code)) return undefined;
  const delta = totpOf(secret).validate({ token: code, timestamp: nowMs, window: WINDOW_STEPS });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / STEP_SECONDS) + delta;
}

/** The secret as people type it: base32 (RFC 4648 section 6). */
export function writeTotpSecret(secret: Uint8Array): string {
  return secretOf(secret).base32;
}

/**
 * The `otpauth:` address that the QR code holds.
 * @param issuer names this server in the app; `label` the account.
 */
export function totpUrl(secret: Uint8Array, issuer: string, label: string): string {
  return totpOf(secret, { issuer, label }).toString();
}

/** SHA-1, six digits, 30 s: what several apps assume whatever the address says. HMAC needs no collision resistance. */
function totpOf(secret: Uint8Array, names: { issuer?: string; label?: string } = {}): TOTP {
  return new TOTP({
    ...names,
    secret: secretOf(secret),
    algorithm: 'SHA1',
    digits: 6,
    period: STEP_SECONDS,
  });
}

function secretOf(bytes: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer });
}
