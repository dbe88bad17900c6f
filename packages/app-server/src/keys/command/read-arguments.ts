// From the words of the command line to what is to be done. Pure: it reads no file and no environment. A word that is
// not understood is refused by name, since a typing error in an emergency must not do something else.
import { parseArgs } from 'node:util';

/** How a secret that is written by a command is to be encrypted. */
export interface NewWrapping {
  passphraseFile?: string | undefined;
  wrapFile?: string | undefined;
  clear: boolean;
}

export type Command =
  | { name: 'help' }
  | { name: 'list' }
  | { name: 'rotate' }
  | { name: 'retire'; id: string }
  | { name: 'kill'; ids: string[] | 'all' }
  | { name: 'export'; id: string; secretTo: string | undefined; wrapping: NewWrapping }
  | { name: 'import'; from: string; wrapping: NewWrapping }
  | { name: 'rewrap'; wrapping: NewWrapping };

export interface Arguments {
  command: Command;
  json: boolean;
}

/** The message is for the person at the keyboard. */
export class UsageError extends Error {
  override name = 'UsageError';
}

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  json: { type: 'boolean', default: false },
  now: { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
  secret: { type: 'string' },
  clear: { type: 'boolean', default: false },
  'passphrase-file': { type: 'string' },
  'wrap-file': { type: 'string' },
} as const;

type OptionName = keyof typeof OPTIONS;

/** Which options each command takes, besides --json and --help. */
const TAKES: Record<string, readonly OptionName[]> = {
  list: [],
  rotate: [],
  retire: ['now', 'all'],
  export: ['secret', 'clear', 'passphrase-file', 'wrap-file'],
  import: ['passphrase-file', 'wrap-file'],
  rewrap: ['clear', 'passphrase-file', 'wrap-file'],
};

export const HELP = `The keys that sign claims.

  keys list                      all keys: state, when each signs and verifies, whether its secret is encrypted
  keys rotate                    make a key; it is published now and signs after KEY_PUBLISH_AHEAD_SECONDS
  keys retire ID                 end a key as planned: a new one follows it, its claims live on. A key that
                                 has not signed yet is taken back
  keys retire --now ID…          EMERGENCY: kill keys for ever, with every claim they signed or will sign
  keys retire --now --all        EMERGENCY: kill all keys; a new one is made
  keys export ID                 print a public key
  keys export ID --secret FILE   write a secret key into a new file, encrypted as the keys here are; else by
                                 --passphrase-file FILE or --wrap-file FILE; in clear only with --clear
  keys import FILE               take in a secret key; like a new one it is published first and then signs.
                                 Opened as the keys here are, else by --passphrase-file or --wrap-file
  keys rewrap                    encrypt all secrets anew, by --passphrase-file FILE, --wrap-file FILE, or
                                 not at all with --clear. Then start every app server with the new setting

  --json   one JSON document instead of text
  --help   this

It reads the environment of the app server (DATA_DIR or KEYS_DIR, KEYS_PASSPHRASE…, REDIS_URL), works beside
running servers, which follow within a second, and prints no secret.

Exit status: 0 done · 1 failed, nothing was changed or the message says what · 2 wrong usage ·
3 the keys do not allow it · 4 killed here, but the ledger could not be told yet: the app servers go on trying`;

/** @throws UsageError */
export function readArguments(words: readonly string[]): Arguments {
  const { values, positionals } = parse(words);
  const { json } = values;
  const [name, ...rest] = positionals;
  if (values.help || name === 'help' || name === undefined) {
    if (name === undefined && !values.help) throw new UsageError('a command is missing');
    return { command: { name: 'help' }, json };
  }
  const takes = TAKES[name];
  if (takes === undefined) throw new UsageError(`there is no command "${name}"`);
  for (const [option, value] of Object.entries(values)) {
    const isGiven = value !== undefined && value !== false;
    if (isGiven && option !== 'json' && !takes.includes(option as OptionName))
      throw new UsageError(`"${name}" takes no --${option}`);
  }
  const wrapping = readNewWrapping(values);
  const command = commandOf(name, rest, { ...values, wrapping });
  return { command, json };
}

function commandOf(
  name: string,
  rest: readonly string[],
  options: { now: boolean; all: boolean; secret?: string | undefined; wrapping: NewWrapping },
): Command {
  const { now, all, wrapping } = options;
  switch (name) {
    case 'list':
    case 'rotate':
      expectCount(name, rest, 0);
      return { name };
    case 'rewrap':
      expectCount(name, rest, 0);
      if (!isSet(wrapping))
        throw new UsageError('"rewrap" needs --passphrase-file, --wrap-file or --clear');
      return { name, wrapping };
    case 'retire': {
      if (all && !now) throw new UsageError('--all goes with --now only');
      if (!now) return { name: 'retire', id: expectOne(name, rest) };
      if (all && rest.length > 0) throw new UsageError('either --all or ids');
      if (!all && rest.length === 0) throw new UsageError('"retire --now" needs ids, or --all');
      return { name: 'kill', ids: all ? 'all' : [...rest] };
    }
    case 'export':
      if (options.secret === undefined && isSet(wrapping))
        throw new UsageError('a public key is not encrypted; --secret FILE is missing');
      return { name, id: expectOne(name, rest), secretTo: options.secret, wrapping };
    default:
      return { name: 'import', from: expectOne(name, rest), wrapping };
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readNewWrapping(values: {
  clear: boolean;
  'passphrase-file'?: string | undefined;
  'wrap-file'?: string | undefined;
}): NewWrapping {
  const { clear, 'passphrase-file': passphraseFile, 'wrap-file': wrapFile } = values;
  const wrapping = { passphraseFile, wrapFile, clear };
  const count = [passphraseFile, wrapFile, clear || undefined].filter((one) => one !== undefined);
  if (count.length > 1)
    throw new UsageError('one of --passphrase-file, --wrap-file and --clear at most');
  return wrapping;
}

/** Whether the person said how. */
export function isSet({ passphraseFile, wrapFile, clear }: NewWrapping): boolean {
  return passphraseFile !== undefined || wrapFile !== undefined || clear;
}

function expectOne(name: string, rest: readonly string[]): string {
  expectCount(name, rest, 1);
  return rest[0] ?? '';
}

function expectCount(name: string, rest: readonly string[], count: number): void {
  if (rest.length === count) return;
  const expected = count === 0 ? 'nothing after it' : 'one name after it';
  throw new UsageError(`"${name}" takes ${expected}, not ${rest.length}`);
}
