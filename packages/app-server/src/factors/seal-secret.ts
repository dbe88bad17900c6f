// TOTP secrets at rest. They are needed in clear to check a code, so they cannot be hashed; they are sealed by
// a key that lies beside the signing keys, so that a dump of the database does not hold them.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyedDigest } from '../links/link-secret.js';

const FORM = /^v1\.([A-Za-z0-9_-]+)$/;
/** NIST SP 800-38D section 5.2.1.1: 96 bits is what GCM is made for; random ones are fine for 2^32 seals. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface SecretSeal {
  /** `accountId` is bound into the seal: in another account's row it does not open. */
  seal(secret: Uint8Array, accountId: string): string;
  /** @throws Error when it was sealed for another account, by another key, or altered. */
  open(sealed: string, accountId: string): Uint8Array;
}

/** AES-256-GCM under a key of its own, by HKDF (RFC 5869) from the secret in DATA_DIR/keys. */
export function createSecretSeal(keyed: KeyedDigest): SecretSeal {
  const source = Buffer.from(keyed('second-factor-secrets'), 'hex');
  const key = Buffer.from(hkdfSync('sha256', source, '', 'claimcheck totp secrets v1', 32));
  return {
    seal: (secret, accountId) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(accountId));
      const sealed = Buffer.concat([
        iv,
        cipher.update(secret),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return `v1.${sealed.toString('base64url')}`;
    },
    open: (sealed, accountId) => {
      const [, text] = FORM.exec(sealed) ?? [];
      const bytes = Buffer.from(text ?? '', 'base64url');
      if (bytes.length <= IV_BYTES + TAG_BYTES) throw new Error('a sealed secret is malformed');
      const tagAt = bytes.length - TAG_BYTES;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(boundTo(accountId))
        .setAuthTag(bytes.subarray(tagAt));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, tagAt)), decipher.final()]);
      } catch (error) {
        throw new Error(
          'a second factor’s secret does not open: is DATA_DIR/keys/links.secret another one?',
          {
            cause: error,
          },
        );
      }
    },
  };
}

function boundTo(accountId: string): Buffer {
  return Buffer.from(`totp:${accountId}`);
}
