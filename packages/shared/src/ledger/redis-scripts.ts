// The scripts of `lua/` as methods. They are sent by their hash; a server that does not know one yet
// (a restart, a promotion, SCRIPT FLUSH) says so without having run anything, and gets the text.
import { readFileSync } from 'node:fs';
import type { RedisConnection } from './redis-connection.js';
import type { FenceMode } from './redis-target.js';

/** Keys and arguments as each script's head says. All keys of a call lie in one slot. */
type Script<Reply> = (keys: readonly string[], args: readonly string[]) => Promise<Reply>;

export interface Scripts {
  burn: Script<[outcome: string, clockMs: number]>;
  readFence: Script<[fence: string, clockMs: number]>;
  revoke: Script<number>;
  inspect: Script<[clockMs: number, info: string, ...refused: string[]]>;
}

type Command = (...keysAndArguments: string[]) => Promise<unknown>;

/** The commands are defined on the connection; their names say the fence, as two ledgers may share it. */
export function defineScripts(redis: RedisConnection, fence: FenceMode): Scripts {
  const shared =
    readScript('fence') + (fence === 'stored-epoch' ? readScript('stored-epoch') : '');
  const commands = redis as unknown as Record<string, Command | undefined>;

  /**
   * A command for each number of keys: automatic pipelining on a Cluster looks at the first argument of
   * a command to find its slot, and that is a key only when the number of keys is not an argument.
   */
  function script<Reply>(name: keyof Scripts, lua: string): Script<Reply> {
    return async (keys, args) => {
      const command = `claimcheck:${name}:${fence}:${keys.length}`;
      if (commands[command] === undefined)
        redis.defineCommand(command, { lua, numberOfKeys: keys.length });
      return (await commands[command]?.(...keys, ...args)) as Reply;
    };
  }
  return {
    burn: script('burn', shared + readScript('burn')),
    readFence: script('readFence', shared + readScript('read-fence')),
    revoke: script('revoke', shared + readScript('revoke')),
    inspect: script('inspect', readScript('inspect')),
  };
}

function readScript(name: string): string {
  return readFileSync(new URL(`../../lua/${name}.lua`, import.meta.url), 'utf8');
}
