// What computes Ed25519 here: libsodium where its binding loads, else the OpenSSL inside Node. Both go through
// the PASETO library's own hook, so that nothing but the curve arithmetic is theirs: which key, which bytes
// are signed and what a token looks like stay the library's and the shared verifier's to decide.
import { KeyObject, verify as verifyWithNode } from 'node:crypto';
import { createRequire } from 'node:module';
import type { ClaimVerifierOptions } from '@claimcheck/shared/claim';
import type { Logger } from '@claimcheck/shared/log';
import { PAE, PublicVerify } from 'paseto';
import { PublicKeyToCryptoKey, type PublicKey } from 'paseto/v4/public';

/** `auto` takes sodium and falls back; the others are taken or refuse the start. */
export const SIGNATURE_CHECKS = ['auto', 'sodium', 'node'] as const;
export type SignatureCheckSetting = (typeof SIGNATURE_CHECKS)[number];

export interface SignatureCheck {
  name: 'sodium' | 'node';
  /** For `createClaimVerifier`. */
  verifyFactory: NonNullable<ClaimVerifierOptions['verifyFactory']>;
  /** Why it is not the faster one, when that was wanted. */
  fellBackBecause?: string;
}

/** The one function of `sodium-native` that is used here. */
export interface Sodium {
  crypto_sign_verify_detached(
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: Uint8Array,
  ): boolean;
}

export interface SignatureCheckDependencies {
  log: Logger;
  /** Gives `sodium-native`, or throws where it does not load. */
  loadSodium?: () => Sodium;
}

/**
 * Chooses by setting and by what loads on this machine, and says so in the log.
 * @throws Error that names SIGNATURE_CHECK when libsodium was demanded and does not load.
 */
export function chooseSignatureCheck(
  setting: SignatureCheckSetting,
  { log, loadSodium = requireSodium }: SignatureCheckDependencies,
): SignatureCheck {
  const check = setting === 'node' ? checkWithNode() : checkWithSodium(setting, loadSodium);
  const { name: signatureCheck, fellBackBecause } = check;
  if (fellBackBecause === undefined) log.info({ signatureCheck }, 'signatures are checked');
  else log.info({ signatureCheck, fellBackBecause }, 'signatures are checked, without libsodium');
  return check;
}

/** Required, not imported: an optional dependency may be missing, with its types. */
function requireSodium(): Sodium {
  return createRequire(import.meta.url)('sodium-native') as Sodium;
}

function checkWithSodium(
  setting: Exclude<SignatureCheckSetting, 'node'>,
  loadSodium: () => Sodium,
): SignatureCheck {
  let sodium: Sodium;
  try {
    sodium = loadSodium();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    if (setting === 'auto') return { ...checkWithNode(), fellBackBecause: reason };
    throw new Error(
      `SIGNATURE_CHECK is sodium, but sodium-native does not load here (${reason}); set it to auto or node`,
      { cause: error },
    );
  }
  const rawKeyOf = oncePerKey((key) => {
    const { x = '' } = key.export({ format: 'jwk' });
    return Buffer.from(x, 'base64url');
  });
  return {
    name: 'sodium',
    verifyFactory: factoryOf((key, message, signature) =>
      sodium.crypto_sign_verify_detached(signature, message, rawKeyOf(key)),
    ),
  };
}

function checkWithNode(): SignatureCheck {
  const keyObjectOf = oncePerKey((key) => key);
  return {
    name: 'node',
    verifyFactory: factoryOf((key, message, signature) =>
      verifyWithNode(null, message, keyObjectOf(key), signature),
    ),
  };
}

/** A key is converted when it is first used, and forgotten with the ring that held it. */
function oncePerKey<T extends object>(convert: (key: KeyObject) => T): (key: PublicKey) => T {
  const converted = new WeakMap<PublicKey, T>();
  return (key) => {
    let known = converted.get(key);
    if (known === undefined) {
      known = convert(KeyObject.from(PublicKeyToCryptoKey(key)));
      converted.set(key, known);
    }
    return known;
  };
}

const HEADER = new TextEncoder().encode('v4.public.');

/** @param verify a plain Ed25519 verification (RFC 8032 section 5.1.7) of message and signature. */
function factoryOf(
  verify: (key: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean,
): SignatureCheck['verifyFactory'] {
  return PublicVerify<4, PublicKey>({
    version: 4,
    // What v4.public signs: PASETO specification, version 4, section Verify, step 5.
    run: async (key, message, signature, footer, implicit) =>
      verify(key, PAE([HEADER, message, footer, implicit]), signature),
  });
}
