// The public half of the keys: any number of verification keys by key id. It holds no secret and
// knows nothing of where keys come from; the app server fills it from disk, the download server
// from the app server's well-known address.
import { z } from 'zod';
import { isKeyId, isPublicPaserk, keyIdOf, type KeyId, type PublicPaserk } from './key-id.js';
import { importVerificationKey, type VerificationKey } from './verification-key.js';

/** Where a verifier finds the key that a claim's footer names. */
export interface KeyRing {
  /** The key with this id, or undefined when no key of ours has it. */
  find(id: KeyId): VerificationKey | undefined | Promise<VerificationKey | undefined>;
}

/** The published document, `GET /.well-known/claimcheck/keys`. */
export interface PublishedKeys {
  keys: { kid: KeyId; key: PublicPaserk }[];
  /** Keys that were retired in an emergency: nothing they sign counts ever again. */
  retired?: KeyId[];
}

/** Most keys, and most retired ones, that a document holds. */
export const MOST_PUBLISHED_KEYS = 100;
export const MOST_RETIRED_KEYS = 500;

const publishedKeys = z.object({
  keys: z
    .array(z.object({ kid: z.string(), key: z.string() }))
    .min(1)
    .max(MOST_PUBLISHED_KEYS),
  retired: z
    .array(z.string().refine(isKeyId, { message: 'a key id' }))
    .max(MOST_RETIRED_KEYS)
    .optional(),
});

/** A ring of keys held in memory, read-only once made. */
export class StaticKeyRing implements KeyRing {
  readonly #keys: ReadonlyMap<KeyId, VerificationKey>;
  /** Ids that must never be found again, here or anywhere. */
  readonly retired: readonly KeyId[];

  constructor(keys: ReadonlyMap<KeyId, VerificationKey>, retired: readonly KeyId[] = []) {
    this.#keys = keys;
    this.retired = retired;
  }

  find(id: KeyId): VerificationKey | undefined {
    return this.#keys.get(id);
  }

  get ids(): KeyId[] {
    return [...this.#keys.keys()];
  }
}

/**
 * Builds a ring from a published document. A key that the document calls retired is left out of the ring.
 * @throws Error when the document has another shape, holds no key, or states an id that is not the
 * one its key has: a key can only ever be found under its own id.
 */
export async function readPublishedKeys(document: unknown): Promise<StaticKeyRing> {
  const parsed = publishedKeys.safeParse(document);
  if (!parsed.success) throw new Error(`not a key document: ${z.prettifyError(parsed.error)}`);
  const retired = parsed.data.retired ?? [];
  const keys = new Map<KeyId, VerificationKey>();
  for (const { kid, key } of parsed.data.keys) {
    // Of a version to come: nothing can be proven with it here, and the others go on.
    if (isOfUnknownVersion(kid, key)) continue;
    if (!isPublicPaserk(key))
      throw new Error(`not a k4.public or k3.public key under the id ${kid}`);
    const id = keyIdOf(key);
    if (kid !== id) throw new Error(`the key under the id ${kid} has the id ${id}`);
    if (!retired.includes(id)) keys.set(id, await importVerificationKey(key));
  }
  return new StaticKeyRing(keys, retired);
}

function isOfUnknownVersion(kid: string, key: string): boolean {
  const version = /^k(\d{1,2})\.public\./.exec(key)?.[1];
  return version !== undefined && Number(version) > 4 && kid.startsWith(`k${version}.pid.`);
}
