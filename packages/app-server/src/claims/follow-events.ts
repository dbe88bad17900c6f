// From the ledger's events to the rows the claims list is made of. Events come at least once and are
// acknowledged after the commit, so none is lost; a key made of all that tells an event apart makes a
// second delivery change nothing.
import { hostname } from 'node:os';
import type { AppContext } from '../context.js';
import { storeEvents } from './store-events.js';

/** Returns the work of a background loop: takes a batch of events, and says how many there were. */
export function createEventFollower({
  config,
  db,
  ledger,
  now,
}: Pick<AppContext, 'config' | 'db' | 'ledger' | 'now'>): () => Promise<number> {
  // The same name after a restart: what was read and not acknowledged before it comes again at once.
  const feed = ledger.events(`app-server@${hostname()}`);
  return async () => {
    const events = await feed.next();
    if (events.length === 0) return 0;
    await storeEvents({ db, appOrigin: config.appOrigin, now }, events);
    await feed.acknowledge(events.map(({ id }) => id));
    return events.length;
  };
}
