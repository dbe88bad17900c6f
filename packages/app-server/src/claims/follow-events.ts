// From the ledger's events to the rows the claims list is made of. Events come at least once and are
// acknowledged after the commit, so none is lost; a key made of all that tells an event apart makes a
// second delivery change nothing.
import { hostname } from 'node:os';
import type { AppContext } from '../context.js';
import { storeEvents } from './store-events.js';

/** Between two batches that both work it never takes longer, in milliseconds. */
const LONGEST_QUIET_MS = 2000;

export interface EventFollower {
  /** The work of a background loop: takes a batch of events, and says how many there were. */
  takeBatch(): Promise<number>;
  /**
   * How old the oldest event of the last batch was when it was read, 0 when there was none; while nothing
   * can be read or stored, the time since that last worked, if that is more.
   */
  lagSeconds(): number;
}

export function createEventFollower({
  config,
  db,
  ledger,
  now,
}: Pick<AppContext, 'config' | 'db' | 'ledger' | 'now'>): EventFollower {
  // The same name after a restart: what was read and not acknowledged before it comes again at once.
  const feed = ledger.events(`app-server@${hostname()}`);
  let upToDateAtMs = now();
  let lagMs = 0;
  return {
    async takeBatch() {
      const events = await feed.next();
      // The ledger's clock is another one: behind ours by a little it must not show as a lag below 0.
      lagMs = Math.max(0, ...events.map(({ atMs }) => now() - atMs));
      if (events.length > 0) {
        await storeEvents({ db, appOrigin: config.appOrigin, now }, events);
        await feed.acknowledge(events.map(({ id }) => id));
      }
      upToDateAtMs = now();
      return events.length;
    },
    lagSeconds: () => Math.max(lagMs, now() - upToDateAtMs - LONGEST_QUIET_MS, 0) / 1000,
  };
}
