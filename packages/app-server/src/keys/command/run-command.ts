// What each command does. It changes the ring as the servers do, and tells the ledger itself where there is one to
// reach: in an emergency nobody should have to wait for a server to notice.
import type { KeyId } from '@claimcheck/shared/claim';
import type { Ledger } from '@claimcheck/shared/ledger';
import { findKey } from '../change-ring.js';
import { nextKeyAt, signingKeyAt } from '../key-life.js';
import type { KeyStore } from '../key-store.js';
import type { Ring } from '../ring-file.js';
import { revokeKeys } from '../revoke-keys.js';
import { forget, kill, retire, rotate, type KeyActions } from '../rotate-keys.js';
import { describeKeys, textOf, toTable, type DescribedKey } from './describe-keys.js';
import { exportSecret, importSecret, rewrapAll } from './move-secrets.js';
import { HELP, type Command } from './read-arguments.js';

export interface CommandDependencies {
  store: KeyStore;
  /** A connected ledger; undefined where it is in a server's memory, which marks by itself. */
  openLedger: (() => Promise<{ ledger: Ledger; close: () => Promise<void> }>) | undefined;
  aheadMs: number;
  /** Unix milliseconds. */
  now: () => number;
}

export interface CommandResult {
  /** For a person. */
  text: string;
  /** The same for a program. */
  json: unknown;
  status: number;
}

/** The ring says that keys are dead, and the ledger has not been told. */
export const LEDGER_NOT_TOLD = 4;

/** @throws KeyRefusedError, SecretFileError; Error naming what failed. */
export async function runCommand(
  command: Command,
  dependencies: CommandDependencies,
): Promise<CommandResult> {
  const { store, aheadMs, now } = dependencies;
  if (command.name === 'help') return { text: HELP, json: { help: HELP }, status: 0 };
  const ring = await store.openExisting(now());
  const actions: KeyActions = { store, aheadMs, now, by: 'command' };
  switch (command.name) {
    case 'list':
      return await show(dependencies, ring, '');
    case 'rotate':
      return await showNext(dependencies, await rotate(actions));
    case 'retire':
      return await showNext(dependencies, await retire(actions, command.id));
    case 'kill':
      return await killNow(dependencies, actions, command.ids);
    case 'export': {
      const record = findKey(ring.keys, command.id);
      if (command.secretTo === undefined)
        return { text: record.key, json: { id: record.id, key: record.key }, status: 0 };
      await exportSecret(actions, record, command.secretTo, command.wrapping);
      const text = `the secret of ${record.id} is in ${command.secretTo}, for its owner alone`;
      return { text, json: { id: record.id, file: command.secretTo }, status: 0 };
    }
    case 'import': {
      const key = await importSecret(store, command.from, command.wrapping);
      return await showNext(dependencies, await rotate(actions, key));
    }
    default: {
      const count = await rewrapAll(actions, command.wrapping);
      const text = `${count} secrets were written anew. Start every app server with the new setting now.`;
      return { text, json: { rewrapped: count }, status: 0 };
    }
  }
}

async function killNow(
  dependencies: CommandDependencies,
  actions: KeyActions,
  named: string[] | 'all',
): Promise<CommandResult> {
  // The ring first: from here on nothing is signed with them, and the servers mark them too.
  const ring = await kill(actions, named);
  const dead = ring.keys.filter(({ killedAtMs }) => killedAtMs !== null).map(({ id }) => id);
  const failure = await tellLedger(dependencies.openLedger, dead);
  await forget(actions, ring);
  if (failure === undefined) {
    const told =
      dependencies.openLedger === undefined
        ? 'killed; REDIS_URL is not set here, so the app server tells its ledger, within two seconds'
        : 'killed, here and in the ledger';
    return await show(dependencies, ring, `${told}\n\n`);
  }
  const warning =
    `KILLED HERE, BUT THE LEDGER COULD NOT BE TOLD: ${failure}\n` +
    'Claims of these keys are refused once it is reached: the app servers try every two seconds. While download\n' +
    'servers reach the ledger and no app server does, repeat this command from a machine that does.\n\n';
  return { ...(await show(dependencies, ring, warning)), status: LEDGER_NOT_TOLD };
}

/** Undefined when it was told, else why not. Without one to reach, the server that holds it marks within a second. */
async function tellLedger(
  openLedger: CommandDependencies['openLedger'],
  dead: readonly KeyId[],
): Promise<string | undefined> {
  if (openLedger === undefined) return undefined;
  try {
    const { ledger, close } = await openLedger();
    try {
      await revokeKeys(ledger, dead);
    } finally {
      await close();
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function show(
  { store, now }: CommandDependencies,
  { keys, revision }: Ring,
  before: string,
): Promise<CommandResult> {
  const described: DescribedKey[] = await describeKeys(store, keys, now());
  return { text: before + toTable(described), json: { revision, keys: described }, status: 0 };
}

/** What will happen, and then all keys. */
async function showNext(dependencies: CommandDependencies, ring: Ring): Promise<CommandResult> {
  const nowMs = dependencies.now();
  const next = nextKeyAt(ring.keys, nowMs);
  const signing = signingKeyAt(ring.keys, nowMs);
  const said =
    next === undefined
      ? `${signing?.id ?? 'no key'} signs\n\n`
      : `${next.id} is published now and signs from ${textOf(next.signsFromMs)}\n\n`;
  return await show(dependencies, ring, said);
}
