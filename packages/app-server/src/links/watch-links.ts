// Who is looking at links just now, and telling them when something changed: one question to the
// database a tick for all of them, and none while nobody looks.
import { sql, type Kysely } from 'kysely';
import type { AppContext } from '../context.js';
import type { Schema } from '../database/schema.js';

/** As often as events are read from the ledger. */
const TICK_MS = 500;

export interface Watcher {
  accountId: string;
  /** One link; all of the account's without. */
  linkId?: string | undefined;
  /** Called once at the beginning, with the mark taken: what changes later is told. */
  changed: () => void;
  /** The server stops, or the database cannot be asked: the stream is to be ended. */
  ended: () => void;
}

export interface LinkWatch {
  /** Returns what ends the watching. */
  watch(watcher: Watcher): () => void;
  /** How many streams this account has. */
  countOf(accountId: string): number;
}

export function createLinkWatch(
  { db, keys, log }: Pick<AppContext, 'db' | 'keys' | 'log'>,
  isStopping: () => boolean,
): LinkWatch {
  const watchers = new Map<Watcher, string | undefined>();
  let timer: NodeJS.Timeout | undefined;
  let asking = false;

  async function tick(): Promise<void> {
    if (isStopping()) return endAll();
    try {
      // Who comes while this is being asked is told by the next one.
      const asked = [...watchers.keys()];
      const marks = await readMarks(db, asked);
      for (const watcher of asked) {
        const rows = marks.get(watcher.linkId ?? watcher.accountId) ?? '';
        // A retired key revokes claims and touches no row.
        const mark = `${rows} ${keys.killed().length}`;
        if (!watchers.has(watcher) || watchers.get(watcher) === mark) continue;
        watchers.set(watcher, mark);
        watcher.changed();
      }
    } catch (error) {
      // Browsers come again by themselves, and then see what they have missed.
      log.warn({ err: error }, 'links cannot be watched');
      endAll();
    }
  }

  function endAll(): void {
    for (const watcher of watchers.keys()) watcher.ended();
  }

  function schedule(afterMs: number): void {
    clearTimeout(timer);
    if (asking || watchers.size === 0) return;
    timer = setTimeout(() => {
      asking = true;
      void tick().finally(() => {
        asking = false;
        schedule(TICK_MS);
      });
    }, afterMs);
    timer.unref();
  }

  return {
    watch: (watcher) => {
      watchers.set(watcher, undefined);
      schedule(0);
      return () => watchers.delete(watcher);
    },
    countOf: (accountId) =>
      [...watchers.keys()].filter((watcher) => watcher.accountId === accountId).length,
  };
}

/** A text for each watched link or account that differs once anything of it has changed. */
async function readMarks(
  db: Kysely<Schema>,
  watchers: readonly Watcher[],
): Promise<Map<string, string>> {
  const links = [...new Set(watchers.flatMap(({ linkId }) => linkId ?? []))];
  const accounts = [
    ...new Set(watchers.filter((each) => each.linkId === undefined).map((each) => each.accountId)),
  ];
  const marks = new Map<string, string>();
  if (links.length > 0) {
    for (const row of await markBy(db, 'link.id', links)) marks.set(row.of, row.mark);
  }
  if (accounts.length > 0) {
    for (const row of await markBy(db, 'link.account_id', accounts)) marks.set(row.of, row.mark);
  }
  return marks;
}

async function markBy(
  db: Kysely<Schema>,
  column: 'link.id' | 'link.account_id',
  ids: readonly string[],
): Promise<{ of: string; mark: string }[]> {
  const of = sql.ref(column);
  const { rows } = await sql<{ of: string; mark: string }>`
    with watched as (
      select id, ${of} as of, copies, extract(epoch from expires_at) as until, revoked_at is null as live, notify
      from link where ${of} in (${sql.join(ids)})
    )
    select watched.of as of, concat_ws(':',
      count(*), sum(watched.copies), sum(watched.until), count(*) filter (where watched.live),
      count(*) filter (where watched.notify),
      (select concat_ws(':', count(*), max(e.at)) from link_event e
        join watched w on w.id = e.link_id where w.of = watched.of),
      (select concat_ws(':', max(c.last_event_at), sum(c.sent_bytes), sum(c.open_responses))
        from claim c join watched w on w.id = c.link_id where w.of = watched.of),
      (select concat_ws(':', count(*), max(e.at), sum(e.bytes)) from claim c
        join watched w on w.id = c.link_id join claim_event e on e.claim_id = c.id
        where w.of = watched.of),
      (select concat_ws(':', count(*), count(m.sent_at), count(m.failed_at), count(m.held_until),
          sum(m.attempts)) from outbox_mail m
        join watched w on w.id = m.link_id where w.of = watched.of)
    ) as mark
    from watched group by watched.of`.execute(db);
  return rows;
}
