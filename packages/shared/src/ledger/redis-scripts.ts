// The scripts of `lua/` as methods. They are sent by their hash; a server that does not know one yet
// (a restart, a promotion, SCRIPT FLUSH) says so without having run anything, and gets the text.
import { readFileSync } from 'node:fs';
import type { RedisConnection } from './redis-connection.js';
import type { FenceMode } from './redis-target.js';

/** Keys first, then arguments, as each script's head says. */
export interface Scripts {
  burn(keys: number, ...keysAndArguments: string[]): Promise<[outcome: string, clockMs: number]>;
  readFence(keys: 1, epoch: string, newFence: string): Promise<[fence: string, clockMs: number]>;
  revoke(keys: 1, mark: string, issuedUntilMs: string, forgetAtMs: string): Promise<number>;
  inspect(
    keys: 1,
    scratch: string,
    ...fenceAndCommands: string[]
  ): Promise<[clockMs: number, info: string, ...refused: string[]]>;
}

/** Commands are defined on the connection; a name says the fence, as two ledgers may share one. */
export function defineScripts(redis: RedisConnection, fence: FenceMode): Scripts {
  const shared =
    readScript('fence') + (fence === 'stored-epoch' ? readScript('stored-epoch') : '');
  const named = <Name extends keyof Scripts>(name: Name, lua: string): Scripts[Name] => {
    const command = `claimcheck:${name}:${fence}`;
    redis.defineCommand(command, { lua });
    const commands = redis as unknown as Record<string, Scripts[Name] | undefined>;
    const defined = commands[command];
    if (defined === undefined) throw new Error(`the script ${name} was not defined`);
    return defined.bind(redis) as Scripts[Name];
  };
  return {
    burn: named('burn', shared + readScript('burn')),
    readFence: named('readFence', shared + readScript('read-fence')),
    revoke: named('revoke', shared + readScript('revoke')),
    inspect: named('inspect', readScript('inspect')),
  };
}

function readScript(name: string): string {
  return readFileSync(new URL(`../../lua/${name}.lua`, import.meta.url), 'utf8');
}
