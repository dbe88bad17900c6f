// From the ledger's events to the rows the claims list is made of. Events come at least once and are
// acknowledged after the commit, so none is lost; a key made of all that tells an event apart makes a
// second delivery change nothing. Outages of the ledger or the database are waited out.
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { EventFeed } from '@claimcheck/shared/ledger';
import type { AppContext } from '../context.js';
import { storeEvents } from './store-events.js';

const POLL_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** Between two polls that both work it never takes longer. */
const LONGEST_QUIET_MS = 2000;

export interface EventFollower {
  /**
   * How old the oldest event of the last batch was when it was read, 0 when there was none; while nothing
   * can be read or stored, the time since that last worked, if that is more.
   */
  lagSeconds(): number;
  stop(): Promise<void>;
}

/** Starts the loop; `stop()` lets the batch at hand finish. */
export function followEvents(
  context: Pick<AppContext, 'db' | 'ledger' | 'log'> & { now?: () => number },
  { pollMs = POLL_MS }: { pollMs?: number } = {},
): EventFollower {
  const { db, ledger, log, now = Date.now } = context;
  let upToDateAtMs = now();
  let lagMs = 0;
  const stopping = new AbortController();
  // The same name after a restart: what was read and not acknowledged before it comes again at once.
  const feed = ledger.events(`app-server@${hostname()}`);
  const running = run();

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const read = await takeBatch(feed);
        if (failures > 0) log.info('events are followed again');
        failures = 0;
        upToDateAtMs = now();
        if (read === 0) await pause(pollMs);
      } catch (error) {
        failures += 1;
        if (failures === 1) log.warn({ err: error }, 'events cannot be followed; trying again');
        await pause(Math.min(pollMs * 2 ** Math.min(failures, 10), LONGEST_WAIT_MS));
      }
    }
  }

  async function takeBatch(source: EventFeed): Promise<number> {
    const events = await source.next();
    // The ledger's clock is another one: behind ours by a little it must not show as a lag below 0.
    lagMs = Math.max(0, ...events.map(({ atMs }) => now() - atMs));
    if (events.length === 0) return 0;
    await storeEvents(db, events);
    await source.acknowledge(events.map(({ id }) => id));
    return events.length;
  }

  async function pause(milliseconds: number): Promise<void> {
    await wait(milliseconds, undefined, { signal: stopping.signal }).catch(() => {});
  }

  return {
    lagSeconds: () => Math.max(lagMs, now() - upToDateAtMs - LONGEST_QUIET_MS, 0) / 1000,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
