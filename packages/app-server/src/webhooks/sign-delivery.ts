// The signature of Standard Webhooks 1.0 (standardwebhooks.com, "symmetric"): HMAC-SHA256 over
// `id.timestamp.body` with the bytes behind `whsec_`. Pure but for the random secret.
import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
/** The specification asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;

/** A fresh secret, as it is shown once. */
export function newWebhookSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/**
 * The three headers of one attempt. Several secrets give several signatures, separated by spaces: the
 * other side accepts any of them, which is how a secret is changed without a gap.
 * @param attemptedAtMs of this attempt, Unix milliseconds; receivers refuse old ones.
 */
export function signDelivery(
  { id, payload }: { id: string; payload: string },
  secrets: readonly string[],
  attemptedAtMs: number,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(attemptedAtMs / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${payload}`).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
