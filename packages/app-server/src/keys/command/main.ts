// `npm run keys`: the command's beginning and end. It reads the app server's environment, opens the directory of keys and,
// when something is killed, the ledger; what it prints is for a person or a program, and holds no secret.
import { ConfigurationError } from '@claimcheck/shared/env';
import { openRedisLedger } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import { readConfig } from '../../config.js';
import { KeyRefusedError } from '../change-ring.js';
import { createKeyStore } from '../key-store.js';
import { openWrapping } from '../wrapping.js';
import { HELP, readArguments, UsageError, type Arguments } from './read-arguments.js';
import { runCommand, type CommandResult } from './run-command.js';

const FAILED = 1;
const WRONG_USAGE = 2;
const NOT_ALLOWED = 3;

async function run({ command }: Arguments): Promise<CommandResult> {
  const { keys, redisUrl } = readConfig();
  const log = createLogger('keys', 'silent');
  return await runCommand(command, {
    store: createKeyStore(keys.directory, await openWrapping(keys.wrapping)),
    openLedger:
      redisUrl === undefined ? undefined : () => openRedisLedger(redisUrl, log, 'app-server'),
    aheadMs: keys.publishAheadSeconds * 1000,
    now: Date.now,
  });
}

function statusOf(error: unknown): number {
  if (error instanceof UsageError) return WRONG_USAGE;
  return error instanceof KeyRefusedError ? NOT_ALLOWED : FAILED;
}

try {
  const read = readArguments(process.argv.slice(2));
  const { text, json, status } =
    read.command.name === 'help'
      ? { text: HELP, json: { help: HELP }, status: 0 }
      : await run(read);
  process.stdout.write(`${read.json ? JSON.stringify(json, null, 2) : text}\n`);
  process.exitCode = status;
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof UsageError ? '; "keys --help" shows all commands' : '';
  process.stderr.write(
    error instanceof ConfigurationError ? `${message}\n` : `keys: ${message}${hint}\n`,
  );
  process.exitCode = statusOf(error);
}
