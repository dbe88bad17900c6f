// The scripts of `lua/` as methods. They are sent by their hash; a server that does not know one yet
// (a restart, a promotion, SCRIPT FLUSH) says so without having run anything, and gets the text.
import { readFileSync } from 'node:fs';
import type { RedisConnection } from './redis-connection.js';
import type { FenceMode } from './redis-target.js';

/** Keys and arguments as each script's head says. All keys of a call lie in one slot. */
type Script<Reply> = (keys: readonly string[], args: readonly string[]) => Promise<Reply>;

export interface Scripts {
  burn: Script<[outcome: string, clockMs: number, paidBytes?: number, open?: number]>;
  pay: Script<[outcome: string, clockMs: number, paidBytes: number, open: number]>;
  settle: Script<number>;
  copyState: Script<[state: string, clockMs: number]>;
  readFence: Script<[fence: string, clockMs: number]>;
  revoke: Script<number>;
  inspect: Script<[clockMs: number, info: string, ...refused: string[]]>;
}

/** A burn has seven and one for each subject of its claim. */
const MOST_KEYS = 16;

type Command = (...keysAndArguments: string[]) => Promise<unknown>;

/** The commands are defined on the connection; their names say the fence, as two ledgers may share it. */
export function defineScripts(redis: RedisConnection, fence: FenceMode): Scripts {
  const shared = readScript('fence') + (fence === 'stored-epoch' ? readScript('stored-epoch') : '');
  const copies = readScript('copy');
  const commands = redis as unknown as Record<string, Command | undefined>;

  /**
   * A command for each number of keys: automatic pipelining on a Cluster looks at the first argument of
   * a command to find its slot, and that is a key only when the number of keys is not an argument.
   * All are defined beforehand: ioredis gives a pipeline the commands that exist when it begins, and a
   * command defined after that ends the process (an uncaught "results[i] is not iterable").
   */
  function script<Reply>(name: keyof Scripts, lua: string): Script<Reply> {
    const named = (count: number) => `claimcheck:${name}:${fence}:${count}`;
    for (let count = 1; count <= MOST_KEYS; count += 1) {
      if (commands[named(count)] === undefined)
        redis.defineCommand(named(count), { lua, numberOfKeys: count });
    }
    return async (keys, args) => {
      const command = commands[named(keys.length)];
      if (command === undefined) throw new RangeError(`a script takes at most ${MOST_KEYS} keys`);
      return (await command.call(redis, ...keys, ...args)) as Reply;
    };
  }
  return {
    burn: script('burn', shared + copies + readScript('burn')),
    pay: script('pay', shared + copies + readScript('pay')),
    settle: script('settle', shared + copies + readScript('settle')),
    copyState: script('copyState', shared + readScript('copy-state')),
    readFence: script('readFence', shared + readScript('read-fence')),
    revoke: script('revoke', shared + readScript('revoke')),
    inspect: script('inspect', readScript('inspect')),
  };
}

function readScript(name: string): string {
  return readFileSync(new URL(`../../lua/${name}.lua`, import.meta.url), 'utf8');
}
