// The scripts of `lua/` that change sessions, as commands of a connection: each is one step that nothing
// comes between. They are defined before the connection is used: one that appears while a pipeline is
// being built would break it.
import { readFileSync } from 'node:fs';
import type { RedisConnection } from '@claimcheck/shared/ledger';

/** Keys and arguments as each script's head says. All keys of a call lie in one slot. */
type Script<Reply> = (keys: readonly string[], args: readonly string[]) => Promise<Reply>;

export interface SessionScripts {
  add: Script<[added: string, ...ended: string[]]>;
  renew: Script<number>;
  remove: Script<number>;
}

type Command = (...keysAndArguments: string[]) => Promise<unknown>;

export function defineSessionScripts(redis: RedisConnection): SessionScripts {
  const commands = redis as unknown as Record<string, Command>;

  function script<Reply>(file: string, numberOfKeys: number): Script<Reply> {
    const name = `claimcheck:${file}`;
    const lua = readFileSync(new URL(`../../lua/${file}.lua`, import.meta.url), 'utf8');
    redis.defineCommand(name, { lua, numberOfKeys });
    return async (keys, args) => (await commands[name]?.call(redis, ...keys, ...args)) as Reply;
  }
  return {
    add: script('add-session', 2),
    renew: script('renew-session', 3),
    remove: script('remove-sessions', 1),
  };
}
