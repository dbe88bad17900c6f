// The keys as the features of the app server see them: what signs now, what is published, what verifies. Filled from the
// ring on disk, and again whenever that has changed, so that nothing here needs a restart. It writes nothing.
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  importVerificationKey,
  type KeyId,
  type KeyRing,
  type VerificationKey,
} from '@claimcheck/shared/claim';
import type { Logger } from '@claimcheck/shared/log';
import { publishKeys, type SigningKey } from '@claimcheck/shared/mint';
import { Refused } from '../http/problems.js';
import {
  isPublished,
  keyState,
  LEAST_PUBLISHED_MS,
  signingKeyAt,
  type KeyRecord,
} from './key-life.js';
import type { KeyStore } from './key-store.js';
import type { Ring } from './ring-file.js';

export interface LiveKeys {
  /**
   * The key to sign with now. In the seconds after an emergency there is none, and it waits for the next.
   * @throws Refused `busy` when none comes.
   */
  signing(): Promise<SigningKey>;
  /** For the app server's own verifiers. Never holds a killed key. */
  readonly ring: KeyRing;
  /** The document for the download servers; undefined while the directory of keys cannot be read. */
  published(): { body: string; etag: string } | undefined;
  /** Another array when there are more. */
  killed(): readonly KeyId[];
  /** When this key was killed, Unix milliseconds; undefined when it was not. */
  killedAtMs(id: KeyId): number | undefined;
}

export interface RefreshableKeys extends LiveKeys {
  /** The ring that is in use. */
  readonly current: Ring;
  /** Takes a ring into use; an older one than the present is not taken. */
  take(ring: Ring): Promise<void>;
  /** To be called whenever the directory was read and had nothing new. */
  noteLook(): void;
  /** Since the directory was last read. */
  lookAgeSeconds(): number;
  /** Keys that sign or wait, and that this server cannot sign with. */
  unreadableSecrets(): number;
}

const LOOK_FOR_KEY_EVERY_MS = 50;
const LONGEST_WAIT_MS = LEAST_PUBLISHED_MS + 5000;
/** A server that has not seen the directory for so long might publish a killed key, or miss a new one. */
const BLIND_AFTER_MS = 10_000;

export interface LiveKeysDependencies {
  store: Pick<KeyStore, 'readSecret'>;
  log: Logger;
  /** Unix milliseconds. */
  now: () => number;
}

/** @throws SecretFileError when the secret of a key that signs, or will, cannot be read. */
export async function createLiveKeys(
  { store, log, now }: LiveKeysDependencies,
  first: Ring,
): Promise<RefreshableKeys> {
  const secrets = new Map<KeyId, SigningKey>();
  const publics = new Map<KeyId, VerificationKey>();
  const dead = new Map<KeyId, number>();
  let killed: readonly KeyId[] = [];
  let current = first;
  let lookedAtMs = 0;

  async function take(ring: Ring): Promise<void> {
    if (ring.revision > current.revision)
      await load(ring, (reason) => log.error({ reason }, UNREADABLE));
    else if (ring.revision < current.revision) log.error({ revision: ring.revision }, WENT_BACK);
    lookedAtMs = performance.now();
  }

  async function load(ring: Ring, onUnreadable: (reason: string) => void): Promise<void> {
    for (const record of ring.keys) {
      if (!publics.has(record.id)) publics.set(record.id, await importVerificationKey(record.key));
      if (secrets.has(record.id) || !isToSign(record)) continue;
      try {
        const key = await store.readSecret(record);
        if (key === undefined) throw new Error(`the secret of ${record.id} is gone`);
        secrets.set(record.id, key);
      } catch (error) {
        onUnreadable(error instanceof Error ? error.message : String(error));
      }
    }
    // Once killed, always killed: also when the directory should be put back to an older state.
    const before = dead.size;
    for (const { id, killedAtMs } of ring.keys)
      if (killedAtMs !== null && !dead.has(id)) dead.set(id, killedAtMs);
    if (dead.size > before) killed = [...dead.keys()];
    for (const id of [...secrets.keys(), ...publics.keys()]) {
      if (!dead.has(id) && ring.keys.some((key) => key.id === id)) continue;
      secrets.delete(id);
      publics.delete(id);
    }
    current = ring;
  }

  function isToSign(record: KeyRecord): boolean {
    const state = keyState(record, now());
    return state === 'signs' || state === 'published';
  }

  async function signing(): Promise<SigningKey> {
    const startedAtMs = performance.now();
    while (performance.now() - startedAtMs < LONGEST_WAIT_MS) {
      const record = signingKeyAt(current.keys, now());
      if (record !== undefined) {
        const key = secrets.get(record.id);
        if (key !== undefined) return key;
        log.error(
          { key: record.id },
          'the secret of the signing key could not be read: nothing is signed',
        );
        break;
      }
      await wait(LOOK_FOR_KEY_EVERY_MS);
    }
    throw new Refused('busy');
  }

  function publishedRecords() {
    const nowMs = now();
    return current.keys.filter((key) => !dead.has(key.id) && isPublished(key, nowMs));
  }

  function published() {
    if (performance.now() - lookedAtMs > BLIND_AFTER_MS) return undefined;
    const all = publishedRecords().map(({ id, key }) => ({ id, publicPaserk: key }));
    const body = JSON.stringify(publishKeys({ all, retired: killed }));
    return { body, etag: createHash('sha256').update(body).digest('base64url').slice(0, 22) };
  }

  await load(first, (reason) => {
    throw new Error(reason);
  });
  lookedAtMs = performance.now();
  return {
    signing,
    ring: {
      find: (id) => {
        const record = current.keys.find((key) => key.id === id);
        const isGood = record !== undefined && !dead.has(id) && isPublished(record, now());
        return isGood ? publics.get(id) : undefined;
      },
    },
    published,
    killed: () => killed,
    killedAtMs: (id) => dead.get(id),
    get current() {
      return current;
    },
    take,
    noteLook: () => {
      lookedAtMs = performance.now();
    },
    lookAgeSeconds: () => (performance.now() - lookedAtMs) / 1000,
    unreadableSecrets: () =>
      current.keys.filter((record) => isToSign(record) && !secrets.has(record.id)).length,
  };
}

const UNREADABLE =
  'the secret of a new key cannot be read here; start this server anew with the settings of the others';
const WENT_BACK =
  'the directory of keys is older than what this server has seen; it goes on with what it has';
