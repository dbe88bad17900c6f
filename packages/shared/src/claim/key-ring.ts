// The public half of the keys: any number of verification keys by key id. It holds no secret and
// knows nothing of where keys come from; the app server fills it from disk, the download server
// from the app server's well-known address.
import { PublicProtocol } from 'paseto';
import { ImportPublicKeyFactory, type PublicKey } from 'paseto/v4/public';
import { z } from 'zod';
import { isPublicPaserk, keyIdOf, type KeyId, type PublicPaserk } from './key-id.js';

const protocol = new PublicProtocol(ImportPublicKeyFactory);

/** Where a verifier finds the key that a claim's footer names. */
export interface KeyRing {
  /** The key with this id, or undefined when no key of ours has it. */
  find(id: KeyId): PublicKey | undefined | Promise<PublicKey | undefined>;
}

/** The published document, `GET /.well-known/claimcheck/keys`. */
export interface PublishedKeys {
  keys: { kid: KeyId; key: PublicPaserk }[];
}

const publishedKeys = z.object({
  keys: z
    .array(z.object({ kid: z.string(), key: z.string() }))
    .min(1)
    .max(100),
});

/** A ring of keys held in memory, read-only once made. */
export class StaticKeyRing implements KeyRing {
  readonly #keys: ReadonlyMap<KeyId, PublicKey>;

  constructor(keys: ReadonlyMap<KeyId, PublicKey>) {
    this.#keys = keys;
  }

  find(id: KeyId): PublicKey | undefined {
    return this.#keys.get(id);
  }

  get ids(): KeyId[] {
    return [...this.#keys.keys()];
  }
}

/**
 * Builds a ring from a published document.
 * @throws Error when the document has another shape, holds no key, or states an id that is not the
 * one its key has: a key can only ever be found under its own id.
 */
export async function readPublishedKeys(document: unknown): Promise<StaticKeyRing> {
  const parsed = publishedKeys.safeParse(document);
  if (!parsed.success) throw new Error(`not a key document: ${z.prettifyError(parsed.error)}`);
  const keys = new Map<KeyId, PublicKey>();
  for (const { kid, key } of parsed.data.keys) {
    if (!isPublicPaserk(key)) throw new Error(`not a k4.public key under the id ${kid}`);
    const id = keyIdOf(key);
    if (kid !== id) throw new Error(`the key under the id ${kid} has the id ${id}`);
    keys.set(id, await protocol.ImportPublicKey(key));
  }
  return new StaticKeyRing(keys);
}
