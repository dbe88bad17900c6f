// What `list` shows of each key, as data, and as a table for a terminal. Nothing of a secret is in it.
import type { KeyId } from '@claimcheck/shared/claim';
import {
  isPublished,
  keyState,
  verifiesUntil,
  type KeyRecord,
  type KeyState,
} from '../key-life.js';
import type { KeyStore } from '../key-store.js';
import type { WrappingName } from '../wrapping.js';

export interface DescribedKey {
  id: KeyId;
  state: KeyState;
  /** RFC 3339, like all instants here. */
  created: string;
  signsFrom: string;
  signsUntil: string | null;
  /** Null while nobody knows, since no successor is planned. */
  verifiesUntil: string | null;
  killed: string | null;
  published: boolean;
  /** How the secret lies on disk; null when it has been deleted. */
  secret: WrappingName | null;
}

/** @param nowMs Unix milliseconds. */
export async function describeKeys(
  store: Pick<KeyStore, 'wrappingOf'>,
  keys: readonly KeyRecord[],
  nowMs: number,
): Promise<DescribedKey[]> {
  return await Promise.all(
    keys.map(async (key) => ({
      id: key.id,
      state: keyState(key, nowMs),
      created: textOf(key.createdAtMs),
      signsFrom: textOf(key.signsFromMs),
      signsUntil: orNull(key.signsUntilMs),
      verifiesUntil: key.killedAtMs === null ? orNull(verifiesUntil(key)) : null,
      killed: orNull(key.killedAtMs),
      published: isPublished(key, nowMs),
      secret: (await store.wrappingOf(key)) ?? null,
    })),
  );
}

const SECRETS: Record<WrappingName, string> = {
  none: 'IN CLEAR',
  passphrase: 'by passphrase',
  'key-file': 'by key file',
};

export function toTable(keys: readonly DescribedKey[]): string {
  const rows = keys.map((key) => [
    key.id,
    key.state,
    key.created,
    key.killed === null ? key.signsFrom : '',
    key.killed === null ? (key.verifiesUntil ?? 'open') : `killed ${key.killed}`,
    key.secret === null ? 'deleted' : SECRETS[key.secret],
  ]);
  const table = [['id', 'state', 'created', 'signs from', 'verifies until', 'secret'], ...rows];
  const widths = (table[0] ?? []).map((_, i) =>
    Math.max(...table.map((row) => (row[i] ?? '').length)),
  );
  return table
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Whole seconds, in UTC. */
export function textOf(instantMs: number): string {
  return new Date(instantMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function orNull(instantMs: number | null | undefined): string | null {
  return instantMs === null || instantMs === undefined ? null : textOf(instantMs);
}
