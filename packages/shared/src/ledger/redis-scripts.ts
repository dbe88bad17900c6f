// The scripts of `lua/` as methods. They are sent by their hash; a server that does not know one yet
// (a restart, a promotion, SCRIPT FLUSH) says so without having run anything, and gets the text.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Command } from 'ioredis';
import type { RedisConnection } from './redis-connection.js';
import type { FenceMode } from './redis-target.js';

/** Keys and arguments as each script's head says. All keys of a call lie in one slot. */
type Script<Reply> = (keys: readonly string[], args: readonly string[]) => Promise<Reply>;

export interface Scripts {
  /** Burns, settlements and events; any number of keys. */
  runEach: Script<[clockMs: number, ...answers: string[]]>;
  pay: Script<[outcome: string, clockMs: number, paidBytes: number, open: number]>;
  copyState: Script<[state: string, clockMs: number]>;
  readFence: Script<[fence: string, clockMs: number]>;
  revoke: Script<number>;
  inspect: Script<[clockMs: number, info: string, ...refused: string[]]>;
}

/** A payment has three and one for each subject of its claim. */
const MOST_KEYS = 16;
/** A state asks for the epoch, the copy and four sets. */
const STATE_KEYS = 6;

type NamedCommand = (...keysAndArguments: string[]) => Promise<unknown>;

/** The commands are defined on the connection; their names say the fence, as two ledgers may share it. */
export function defineScripts(redis: RedisConnection, fence: FenceMode): Scripts {
  const shared = readScript('fence') + (fence === 'stored-epoch' ? readScript('stored-epoch') : '');
  const copies = readScript('copy');
  const commands = redis as unknown as Record<string, NamedCommand | undefined>;

  /**
   * A command for each number of keys: automatic pipelining on a Cluster looks at the first argument of
   * a command to find its slot, and that is a key only when the number of keys is not an argument.
   * All are defined beforehand: ioredis gives a pipeline the commands that exist when it begins, and a
   * command defined after that ends the process (an uncaught "results[i] is not iterable"). No more of them than
   * are needed, as it copies all of them into each pipeline.
   */
  function script<Reply>(
    name: keyof Scripts,
    lua: string,
    { least = 1, most = 1 } = {},
  ): Script<Reply> {
    const named = (count: number) => `claimcheck:${name}:${fence}:${count}`;
    for (let count = least; count <= most; count += 1) {
      if (commands[named(count)] === undefined)
        redis.defineCommand(named(count), { lua, numberOfKeys: count });
    }
    return async (keys, args) => {
      const command = commands[named(keys.length)];
      if (command === undefined)
        throw new RangeError(`${name} takes ${least} to ${most} keys, not ${keys.length}`);
      return (await command.call(redis, ...keys, ...args)) as Reply;
    };
  }
  return {
    runEach: sentAtOnce(
      redis,
      shared + copies + asFunction('burn') + asFunction('settle') + readScript('run-each'),
    ),
    pay: script('pay', shared + copies + readScript('pay'), { least: 3, most: MOST_KEYS }),
    copyState: script('copyState', shared + readScript('copy-state'), {
      least: STATE_KEYS,
      most: STATE_KEYS,
    }),
    readFence: script('readFence', shared + readScript('read-fence')),
    revoke: script('revoke', shared + readScript('revoke')),
    inspect: script('inspect', readScript('inspect')),
  };
}

/**
 * A script whose calls are not pipelined with others, but written to the connection as they come: each has gathered
 * what there is by itself, and a pipeline around it would double what it costs the client.
 */
function sentAtOnce<Reply>(redis: RedisConnection, lua: string): Script<Reply> {
  const hash = createHash('sha1').update(lua).digest('hex');
  const send = async (name: 'evalsha' | 'eval', script: string, rest: readonly string[]) =>
    (await redis.sendCommand(
      new Command(name, [script, ...rest], { replyEncoding: 'utf8' }),
    )) as Reply;
  /** Some server has it; another one, or the same after a restart, may not. */
  let isKnown = false;
  return async (keys, args) => {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      if (isKnown) return await send('evalsha', hash, rest);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    }
    const reply = await send('eval', lua, rest);
    isKnown = true;
    return reply;
  };
}

/** A script that another one calls, with KEYS and ARGV of its own. */
function asFunction(name: string): string {
  return `local function ${name}(KEYS, ARGV)\n${readScript(name)}\nend\n`;
}

function readScript(name: string): string {
  return readFileSync(new URL(`../../lua/${name}.lua`, import.meta.url), 'utf8');
}
