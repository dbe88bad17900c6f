// The keys on disk, in a directory that all app servers share: the ring (public, one revision after the other) and one
// file for each secret. Nothing is decided here; `change` only sees to it that every decision is about the newest ring.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  exportSecretBytes,
  generateSigningKey,
  importSecretBytes,
  type SigningKey,
} from '@claimcheck/shared/mint';
import { KeyRefusedError, type FreshKey } from './change-ring.js';
import { needsSecret, type KeyRecord } from './key-life.js';
import { NO_RING, readRing, writeRing, type Ring, type RingChange } from './ring-file.js';
import { readSecretFile, readSecretText, replaceSecretFile } from './secret-file.js';
import { wrappingOf, type Wrapping, type WrappingName } from './wrapping.js';

const SUFFIX = '.k4.secret';
/** Of before there was a ring: named by the time it was made. */
const LEGACY_FILE = /^(\d{13})\.k4\.secret$/;
const MOST_ATTEMPTS = 100;

export interface RingWish {
  keys: readonly KeyRecord[];
  change: RingChange;
}

export interface KeyStore {
  readonly directory: string;
  readonly wrapping: Wrapping;
  /** The newest ring; the first is made of what is there, or with a new key. */
  open(nowMs: number): Promise<Ring>;
  /**
   * The same for who must not make a first key: in an emergency, a mistyped directory would look like a new one.
   * @throws KeyRefusedError that names the directory when there are no keys.
   */
  openExisting(nowMs: number): Promise<Ring>;
  read(): Promise<Ring>;
  /**
   * Writes what `decide` makes of the newest ring, which may be asked more than once. Resolves to the ring that then
   * holds; it is the one that was there when `decide` wishes for nothing.
   */
  change(decide: (ring: Ring) => Promise<RingWish | undefined>): Promise<Ring>;
  /** A new key, or the given one, whose secret is on disk, wrapped. The ring does not name it yet. */
  keepSecret(key?: SigningKey): Promise<FreshKey>;
  /** For a key that came into no ring. */
  dropSecret(fresh: Pick<FreshKey, 'secretFile'>): Promise<void>;
  /** Undefined when the secret has been deleted. @throws SecretFileError */
  readSecret(record: KeyRecord): Promise<SigningKey | undefined>;
  /** How the secret lies on disk; undefined when it has been deleted. */
  wrappingOf(record: KeyRecord): Promise<WrappingName | undefined>;
  /** Deletes the secrets that nobody needs any more. */
  sweepSecrets(ring: Ring, nowMs: number): Promise<void>;
  pathOf(record: Pick<KeyRecord, 'secretFile'>): string;
}

/** @param wrapping by what new secrets are encrypted, and those found in clear. */
export function createKeyStore(directory: string, wrapping: Wrapping): KeyStore {
  const pathOf = ({ secretFile }: Pick<KeyRecord, 'secretFile'>) =>
    join(directory, `${secretFile}${SUFFIX}`);

  async function keepSecret(key?: SigningKey): Promise<FreshKey> {
    const kept = key ?? (await generateSigningKey());
    const fresh = freshKeyOf(kept);
    const text = await wrapping.wrap('secret', await exportSecretBytes(kept));
    // A file of this name holds this very key, if it is not what a crash left of an import.
    await replaceSecretFile(pathOf(fresh), text);
    return fresh;
  }

  async function dropSecret(fresh: Pick<FreshKey, 'secretFile'>): Promise<void> {
    await rm(pathOf(fresh), { force: true });
  }

  async function change(decide: (ring: Ring) => Promise<RingWish | undefined>): Promise<Ring> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const before = await readRing(directory);
      const wish = await decide(before);
      if (wish === undefined) return before;
      const written = await writeRing(directory, before, wish);
      if (written !== undefined) return written;
    }
    throw new Error(`the ring of keys in ${directory} is changed by others all the time`);
  }

  async function begin(nowMs: number): Promise<Ring> {
    const legacy = await readLegacy(nowMs);
    const fresh = legacy.length === 0 ? await keepSecret() : undefined;
    const first = { createdAtMs: nowMs, signsFromMs: nowMs, signsUntilMs: null, killedAtMs: null };
    const keys = fresh === undefined ? legacy : [{ ...fresh, ...first }];
    const ids = keys.map(({ id }) => id);
    const wish: RingWish = { keys, change: { action: 'key.made', ids, atMs: nowMs, by: 'server' } };
    const written = await writeRing(directory, NO_RING, wish);
    if (written !== undefined) return written;
    // Another app server began at the same time.
    if (fresh !== undefined) await dropSecret(fresh);
    return await readRing(directory);
  }

  /** The newest signs, as before; any other may have until now, in a process that started before it came. */
  async function readLegacy(nowMs: number): Promise<KeyRecord[]> {
    const names = (await readdir(directory)).filter((name) => LEGACY_FILE.test(name)).toSorted();
    const records: KeyRecord[] = [];
    for (const [i, name] of names.entries()) {
      const secretFile = name.slice(0, -SUFFIX.length);
      const key = await readKey(join(directory, name));
      if (key === undefined) continue;
      const createdAtMs = Math.min(Number(secretFile), nowMs);
      records.push({
        ...freshKeyOf(key),
        secretFile,
        createdAtMs,
        signsFromMs: createdAtMs,
        signsUntilMs: i === names.length - 1 ? null : nowMs,
        killedAtMs: null,
      });
    }
    return records;
  }

  async function readKey(path: string): Promise<SigningKey | undefined> {
    const bytes = await readSecretFile(path, 'secret', wrapping);
    if (bytes === undefined) return undefined;
    return await importSecretBytes(bytes).catch((error: Error) => {
      throw new Error(`${path} holds ${error.message}`);
    });
  }

  return {
    directory,
    wrapping,
    async open(nowMs) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const ring = await readRing(directory);
      return ring.revision === 0 ? await begin(nowMs) : ring;
    },
    async openExisting(nowMs) {
      const ring = await readRing(directory).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return NO_RING;
        throw error;
      });
      if (ring.revision > 0) return ring;
      const legacy = await readdir(directory).catch(() => []);
      if (legacy.some((name) => LEGACY_FILE.test(name))) return await begin(nowMs);
      throw new KeyRefusedError(
        `there are no keys in ${directory} (DATA_DIR, KEYS_DIR); the app server makes the first when it starts`,
      );
    },
    read: () => readRing(directory),
    change,
    keepSecret,
    dropSecret,
    async readSecret(record) {
      const key = await readKey(pathOf(record));
      if (key !== undefined && key.id !== record.id)
        throw new Error(`${pathOf(record)} holds another key than ${record.id}`);
      return key;
    },
    async wrappingOf(record) {
      const text = await readSecretText(pathOf(record));
      return text === undefined ? undefined : wrappingOf('secret', text);
    },
    async sweepSecrets({ keys }, nowMs) {
      for (const key of keys) if (!needsSecret(key, nowMs)) await dropSecret(key);
    },
    pathOf,
  };
}

/** The file is named by the key, so that no two keys ever share one. */
export function freshKeyOf({ id, publicPaserk }: SigningKey): FreshKey {
  return { id, key: publicPaserk, secretFile: id.slice(id.lastIndexOf('.') + 1) };
}
