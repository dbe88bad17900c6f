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

/** Starts the loop; `stop()` lets the batch at hand finish. */
export function followEvents(
  context: Pick<AppContext, 'db' | 'ledger' | 'log'>,
  { pollMs = POLL_MS }: { pollMs?: number } = {},
): { stop(): Promise<void> } {
  const { db, ledger, log } = context;
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
    if (events.length === 0) return 0;
    await storeEvents(db, events);
    await source.acknowledge(events.map(({ id }) => id));
    return events.length;
  }

  async function pause(milliseconds: number): Promise<void> {
    await wait(milliseconds, undefined, { signal: stopping.signal }).catch(() => {});
  }

  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
