// Events from the shards' capped streams through a consumer group: each event goes to one reader, at
// least once. What a reader left unacknowledged comes back to it, or after a minute to another.
import type { EventFeed, EventKind, LedgerEvent } from './ledger.js';
import type { RedisConnection } from './redis-connection.js';
import type { Shard } from './redis-shards.js';

const GROUP = 'app-servers';
const BATCH = 500;
const ABANDONED_AFTER_MS = 60_000;

type StreamEntry = [id: string, fields: string[] | null];

/** Between the shard's tag and the id that is unique in its stream. */
const SEPARATOR = '/';

/**
 * All shards' streams as one feed; events of one claim lie in one shard and stay in order. A shard
 * that does not answer holds back the others, since what was read comes again.
 */
export function createRedisEventFeed(options: {
  redis: RedisConnection;
  shards: readonly Shard[];
  reader: string;
}): EventFeed {
  const { redis, shards, reader } = options;
  const streams = shards.map(({ tag, keys, ensureFit }) => {
    const stream = createStreamFeed(redis, keys.events, reader);
    return { stream, ensureFit, mark: tag === '' ? '' : tag + SEPARATOR };
  });
  return {
    next: async () => {
      const batches = await Promise.all(
        streams.map(async ({ stream, ensureFit, mark }) => {
          await ensureFit();
          return (await stream.next()).map((event) => ({ ...event, id: mark + event.id }));
        }),
      );
      return batches.flat();
    },
    acknowledge: async (ids) => {
      await Promise.all(
        streams.map(async ({ stream, mark }) => {
          const own = ids.filter((id) => id.startsWith(mark)).map((id) => id.slice(mark.length));
          await stream.acknowledge(own);
        }),
      );
    },
  };
}

/** Reads `streamKey` as `reader`. Makes the group when it is missing (first start, flush, restart). */
function createStreamFeed(redis: RedisConnection, streamKey: string, reader: string): EventFeed {
  let mayHavePending = true;
  let adoptAtMs = 0;

  async function readGroup(from: '0' | '>'): Promise<StreamEntry[]> {
    try {
      const reply = await redis.xreadgroup(
        'GROUP',
        GROUP,
        reader,
        'COUNT',
        BATCH,
        'STREAMS',
        streamKey,
        from,
      );
      return reply?.[0]?.[1] ?? [];
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOGROUP'))) throw error;
      await createGroup();
      return [];
    }
  }

  async function createGroup(): Promise<void> {
    try {
      await redis.xgroup('CREATE', streamKey, GROUP, '0', 'MKSTREAM');
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
    }
  }

  /** Takes over what a reader that is gone left behind; it then counts as this reader's pending. */
  async function adoptAbandoned(): Promise<void> {
    if (Date.now() < adoptAtMs) return;
    adoptAtMs = Date.now() + ABANDONED_AFTER_MS / 2;
    try {
      await redis.xautoclaim(
        streamKey,
        GROUP,
        reader,
        ABANDONED_AFTER_MS,
        '0',
        'COUNT',
        BATCH,
        'JUSTID',
      );
      mayHavePending = true;
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOGROUP'))) throw error;
    }
  }

  async function next(): Promise<LedgerEvent[]> {
    await adoptAbandoned();
    if (mayHavePending) {
      const pending = await readGroup('0');
      const trimmed = pending.filter(([, fields]) => fields === null).map(([id]) => id);
      if (trimmed.length > 0) await redis.xack(streamKey, GROUP, ...trimmed);
      if (pending.length > 0) return pending.flatMap(toEvent);
      mayHavePending = false;
    }
    const entries = await readGroup('>');
    mayHavePending = entries.length > 0;
    return entries.flatMap(toEvent);
  }

  return {
    next,
    acknowledge: async (ids) => {
      if (ids.length > 0) await redis.xack(streamKey, GROUP, ...ids);
    },
  };
}

/** An entry whose fields have been trimmed away holds nothing any more. */
function toEvent([id, fields]: StreamEntry): LedgerEvent[] {
  if (fields === null) return [];
  const named = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) named.set(fields[i] ?? '', fields[i + 1] ?? '');
  return [
    {
      id,
      kind: named.get('kind') as EventKind,
      claimId: named.get('claim') ?? '',
      bytes: Number(named.get('bytes')),
      firstByte: Number(named.get('first') ?? 0),
      open: Number(named.get('open') ?? 0),
      atMs: Number(id.split('-')[0]),
    },
  ];
}
