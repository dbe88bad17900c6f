// What an operator is shown of the signing keys at three in the morning: real rings, rotated and killed as the command
// does it, under a clock of the test's own, and read from the metrics port as Prometheus does.
import { afterEach, describe, expect, it } from '@jest/globals';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAppMetrics } from '@claimcheck/app-server';
import {
  createKeyStore,
  kill,
  NO_WRAPPING,
  passphraseWrapping,
  rotate,
  type KeyActions,
} from '@claimcheck/app-server/keys';
import { createDownloadMetrics } from '@claimcheck/download-server';
import { LedgerUnavailableError, type Ledger } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import { createRegistry, serveMetrics, type Registry } from '@claimcheck/shared/metrics';
import { startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { startTestDownloadServer } from '../download/start-download-server.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { sumOf } from './start-process.js';

const DAY_SECONDS = 24 * 60 * 60;
const AHEAD_SECONDS = 130;
/** When the last claim of a key is dead, and its copy: what `docs/keys.md` says, and a margin. */
const LONG_DEAD_SECONDS = 2 * DAY_SECONDS;

let nowMs: number;
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

const advance = (seconds: number) => void (nowMs += seconds * 1000);

/** Reads a metric of this registry from a port of its own. */
async function openMetrics(registry: Registry) {
  const server = await serveMetrics({
    host: '127.0.0.1',
    port: 0,
    read: () => registry.metrics(),
    log: createLogger('test', 'silent'),
  });
  stops.push(() => server.stop());
  const text = async () => await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
  return {
    text,
    read: async (name: string, labels: Record<string, string> = {}) =>
      sumOf(await text(), name, labels),
  };
}

interface WatchedServer {
  app: TestAppServer;
  /** A metric of the app server. */
  read: (name: string, labels?: Record<string, string>) => Promise<number>;
  text: () => Promise<string>;
  /** Keys by state, in one reading. */
  states: () => Promise<Record<string, number>>;
  /** What another process does with the same directory. */
  beside: KeyActions;
}

async function startWatched(
  rotationDays: number | undefined,
  wrapLedger?: (ledger: Ledger) => Ledger,
): Promise<WatchedServer> {
  nowMs = Date.parse('2026-11-22T12:00:00Z');
  const registry = createRegistry();
  const metrics = await openMetrics(registry);
  const settings = { publishAheadSeconds: AHEAD_SECONDS, rotationDays };
  const app = await startTestAppServer({
    databaseUrl: await createDatabase(),
    now: () => nowMs,
    metrics: createAppMetrics(registry),
    keys: settings,
    ...(wrapLedger ? { wrapLedger } : {}),
  });
  stops.push(() => app.stop());
  return {
    app,
    ...metrics,
    states: async () => {
      const text = await metrics.text();
      const found = text.matchAll(/^claimcheck_app_keys\{state="(\w+)"\} (\d+)$/gm);
      return Object.fromEntries([...found].map(([, state = '', count]) => [state, Number(count)]));
    },
    beside: {
      store: createKeyStore(app.config.keys.directory, NO_WRAPPING),
      aheadMs: AHEAD_SECONDS * 1000,
      now: () => nowMs,
      by: 'command',
    },
  };
}

const NO_KEYS = { published: 0, signs: 0, verifies: 0, gone: 0, killed: 0 };

describe('the metrics of keys', () => {
  it('follow a scheduled rotation until the old key is forgotten', async () => {
    const { read, states } = await startWatched(30);
    expect(await states()).toEqual({ ...NO_KEYS, signs: 1 });
    advance(60);
    expect(await read('claimcheck_app_signing_key_age_seconds')).toBe(60);
    const untilDue = 30 * DAY_SECONDS - AHEAD_SECONDS - 60;
    expect(await read('claimcheck_app_key_rotation_due_seconds')).toBe(untilDue);
    expect(await read('claimcheck_app_key_ring_revision')).toBe(1);

    advance(untilDue);
    await waitFor('the next key is published', async () => (await states())['published'] === 1);
    expect(await states()).toEqual({ ...NO_KEYS, published: 1, signs: 1 });
    expect(await read('claimcheck_app_key_ring_revision')).toBe(2);
    // Of the one after it, which follows the one that waits.
    expect(await read('claimcheck_app_key_rotation_due_seconds')).toBe(30 * DAY_SECONDS);

    advance(AHEAD_SECONDS + 5);
    expect(await states()).toEqual({ ...NO_KEYS, signs: 1, verifies: 1 });
    expect(await read('claimcheck_app_signing_key_age_seconds')).toBe(5);

    advance(LONG_DEAD_SECONDS);
    await waitFor('the old key is forgotten', async () => {
      return (await read('claimcheck_app_key_ring_revision')) === 3;
    });
    expect(await states()).toEqual({ ...NO_KEYS, signs: 1 });
    expect(await read('claimcheck_app_key_tending_failed')).toBe(0);
    expect(await read('claimcheck_app_key_ring_behind')).toBe(0);
  });

  it('show a rotation that is stuck, a ring that cannot be read, and that both are over', async () => {
    const { app, read, states } = await startWatched(1);
    // Cut off in the middle of a restore.
    const broken = join(app.config.keys.directory, 'ring.00000002.json');
    await writeFile(broken, '{"change":');
    await waitFor('the look fails', async () => {
      return (await read('claimcheck_app_key_tending_failed', { work: 'look' })) === 1;
    });
    expect(await read('claimcheck_app_key_tending_failed', { work: 'mark' })).toBe(0);
    expect(await read('claimcheck_app_key_ring_behind')).toBe(1);
    const ageBefore = await read('claimcheck_app_key_ring_age_seconds');
    advance(2 * DAY_SECONDS);
    expect(await read('claimcheck_app_key_rotation_due_seconds')).toBe(
      -DAY_SECONDS - AHEAD_SECONDS,
    );
    await waitFor('the view grows old', async () => {
      return (await read('claimcheck_app_key_ring_age_seconds')) > ageBefore + 0.1;
    });
    expect(await states()).toEqual({ ...NO_KEYS, signs: 1 });

    await rm(broken);
    await waitFor('it is rotated', async () => (await states())['published'] === 1);
    expect(await read('claimcheck_app_key_tending_failed')).toBe(0);
    expect(await read('claimcheck_app_key_ring_behind')).toBe(0);
    expect(await read('claimcheck_app_key_rotation_due_seconds')).toBeGreaterThan(0);
  });

  it('show a directory that was put back to before what this server has seen', async () => {
    const { app, read, beside } = await startWatched(undefined);
    await rotate(beside);
    await waitFor('it follows', async () => (await read('claimcheck_app_key_ring_revision')) === 2);
    await rm(join(app.config.keys.directory, 'ring.00000002.json'));
    await waitFor(
      'that is seen',
      async () => (await read('claimcheck_app_key_ring_behind')) === -1,
    );
    expect(await read('claimcheck_app_key_ring_revision')).toBe(2);
  });

  it('show a secret that only other servers can read, before its key signs', async () => {
    const { app, read, beside } = await startWatched(undefined);
    expect(await read('claimcheck_app_key_secrets_unreadable')).toBe(0);
    const wrapping = passphraseWrapping('known to the others alone', 'the test');
    await rotate({ ...beside, store: createKeyStore(app.config.keys.directory, wrapping) });
    await waitFor('it is missed', async () => {
      return (await read('claimcheck_app_key_secrets_unreadable')) === 1;
    });
    expect(await read('claimcheck_app_key_tending_failed')).toBe(0);
  });

  it('show a key that was killed, here and on a download server', async () => {
    let isLedgerAway = true;
    const { app, read, text, states, beside } = await startWatched(undefined, (ledger) => ({
      ...ledger,
      revoke: async (revocation) => {
        if (isLedgerAway) throw new LedgerUnavailableError('away');
        await ledger.revoke(revocation);
      },
    }));
    const registry = createRegistry();
    const download = await startTestDownloadServer({
      config: { keysUrl: `${app.url}/.well-known/claimcheck/keys`, keysMaxAgeSeconds: 1 },
      metrics: createDownloadMetrics(registry),
    });
    stops.push(() => download.stop());
    const there = await openMetrics(registry);
    expect(await there.read('claimcheck_download_keys')).toBe(1);
    expect(await there.read('claimcheck_download_keys_retired')).toBe(0);
    // Without a schedule there is nothing to be late for.
    expect(await read('claimcheck_app_key_rotation_due_seconds')).toBe(Number.POSITIVE_INFINITY);

    await kill(beside, 'all');
    await waitFor('it is seen', async () => (await states())['killed'] === 1);
    expect(await states()).toEqual({ ...NO_KEYS, published: 1, killed: 1 });
    // None signs for five seconds.
    expect(await text()).not.toMatch(/^claimcheck_app_signing_key_age_seconds /m);
    await waitFor('the mark cannot be written', async () => {
      return (await read('claimcheck_app_key_tending_failed', { work: 'mark' })) === 1;
    });
    isLedgerAway = false;
    await waitFor('the mark is there', async () => {
      return (await read('claimcheck_app_key_tending_failed', { work: 'mark' })) === 0;
    });
    await waitFor('the download server was told', async () => {
      return (await there.read('claimcheck_download_keys_retired')) === 1;
    });
    // The one that waits; the dead one is none that it would take.
    expect(await there.read('claimcheck_download_keys')).toBe(1);

    advance(6);
    expect(await states()).toEqual({ ...NO_KEYS, signs: 1, killed: 1 });
    expect(await read('claimcheck_app_signing_key_age_seconds')).toBe(1);
    expect(await text()).not.toContain('k4.');
  });
});
