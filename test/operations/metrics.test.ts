// The metrics port tells what was really done, nothing of whom, and the dashboard and the page for
// operators speak of metrics that exist.
import { afterEach, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { at, mint, root, startInOneProcess, upload } from '../system/start-system.js';
import { freePort } from '../support/free-port.js';
import { createDatabase } from '../support/postgres.js';
import { startRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { PAUSED_BYTES, startPausedDownload } from './paused-download.js';
import { startDownloadProcess, sumOf, type DownloadProcess } from './start-process.js';

describe('the metrics of a download server', () => {
  let on: DownloadProcess;
  afterEach(async () => await on.stop());

  it('agree with what was done', async () => {
    on = await startDownloadProcess();
    const [first = '', second = '', large = ''] = [
      ...(await on.mintUrls(2, 70_000)),
      ...(await on.mintUrls(1, PAUSED_BYTES)),
    ];
    await (await fetch(first, { method: 'HEAD' })).text();
    for (const url of [first, second, first]) await (await fetch(url)).arrayBuffer();
    await (await fetch(`${on.url}/d/nonsense`)).text();
    await (await fetch(`${on.url}/elsewhere`)).text();
    const paused = await startPausedDownload(large);
    const count = (outcome: string) => on.metric('claimcheck_download_requests_total', { outcome });
    expect(await on.metric('claimcheck_download_in_flight')).toBe(1);
    await waitFor('the running download counts, and is not counted twice', async () => {
      const bytes = await on.metric('claimcheck_download_sent_bytes_total');
      expect(bytes).toBeLessThan(140_000 + PAUSED_BYTES);
      return bytes > 140_000;
    });
    paused.abort();
    await waitFor('it has ended', async () => (await count('broken-off')) === 1);
    const outcomes = [
      'finished',
      'head-only',
      'already-used',
      'invalid-claim',
      'not-found',
      'other',
    ];
    const counted = await Promise.all(outcomes.map(count));
    expect(Object.fromEntries(outcomes.map((outcome, i) => [outcome, counted[i]]))).toEqual({
      finished: 2,
      'head-only': 1,
      'already-used': 1,
      'invalid-claim': 1,
      'not-found': 1,
      other: 0,
    });
    // Three burned and one refused; three sent bytes of a file.
    expect(await on.metric('claimcheck_download_burn_seconds_count')).toBe(4);
    expect(await on.metric('claimcheck_download_first_byte_seconds_count')).toBe(3);
    const broken = on.log().find(({ outcome }) => outcome === 'broken-off');
    expect(await on.metric('claimcheck_download_sent_bytes_total')).toBe(
      140_000 + Number(broken?.['bytes']),
    );
    expect(await on.metric('claimcheck_download_in_flight')).toBe(0);
    expect(await on.metric('claimcheck_download_key_set_age_seconds')).toBeLessThan(60);
    expect(await on.metric('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });

  it('say that the ledger is away, and which events were lost by it', async () => {
    on = await startDownloadProcess();
    const [url = ''] = await on.mintUrls(1, PAUSED_BYTES);
    const running = await startPausedDownload(url);
    expect(await on.metric('claimcheck_download_ledger_up')).toBe(1);
    await on.redis.kill();
    await waitFor('it is down', async () => {
      return (await on.metric('claimcheck_download_ledger_up')) === 0;
    });
    expect(await running.finish()).toBe(PAUSED_BYTES);
    await waitFor('an event is lost', async () => {
      return (await on.metric('claimcheck_download_events_lost_total')) === 1;
    });
  });

  it('are at /metrics of their own port alone, on loopback', async () => {
    on = await startDownloadProcess();
    expect((await fetch(`${on.url}/metrics`)).status).toBe(404);
    const [line] = on.log().filter(({ msg }) => msg === 'metrics are at /metrics');
    expect(line).toMatchObject({ host: '127.0.0.1' });
    const other = await fetch(`http://127.0.0.1:${String(line?.['port'])}/`);
    expect(other.status).toBe(404);
  });
});

describe('the metrics of both services with two workers', () => {
  it('come from one port, are all described, and are all that the dashboard asks for', async () => {
    const redis = await startRedis();
    const metricsPort = await freePort();
    const system = await startInOneProcess({
      REDIS_URL: redis.url,
      DATABASE_URL: await createDatabase(),
      WORKERS: '2',
      METRICS_PORT: String(metricsPort),
    });
    try {
      const read = async () =>
        await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      await waitFor('the metrics are served', async () => await read().catch(() => undefined));
      const ada = await system.signIn();
      await system.signIn({ email: 'ada@example.org', password: 'wrong' }).catch(() => {});
      const { id } = await upload(ada);
      for (let i = 0; i < 4; i += 1) {
        const claim = await mint(ada, id);
        const answer = await fetch(at(system.downloadUrls[0], claim), {
          headers: { connection: 'close' },
        });
        expect((await answer.arrayBuffer()).byteLength).toBe(2000);
      }
      const text = await waitFor('the downloads are counted', async () => {
        const now = await read();
        const counted = sumOf(now, 'claimcheck_download_requests_total', { outcome: 'finished' });
        return counted === 4 ? now : undefined;
      });
      expect(sumOf(text, 'claimcheck_app_mints_total', { outcome: 'minted' })).toBe(4);
      const way = 'password';
      const signIns = (outcome: string) =>
        sumOf(text, 'claimcheck_app_sign_ins_total', { way, outcome });
      expect([signIns('signed-in'), signIns('wrong-credentials')]).toEqual([1, 1]);
      const minting = { method: 'POST', route: '/api/claims', status: '201' };
      expect(sumOf(text, 'claimcheck_app_requests_total', minting)).toBe(4);
      expect(sumOf(text, 'claimcheck_app_ledger_up')).toBe(1);
      expect(sumOf(text, 'claimcheck_app_database_up')).toBe(1);
      expect(sumOf(text, 'claimcheck_app_event_lag_seconds')).toBeLessThan(60);
      expect(sumOf(text, 'claimcheck_download_workers')).toBe(2);

      const exposed = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
      const own = [...exposed].filter((name) => name?.startsWith('claimcheck_'));
      const page = await readFile(join(root, 'docs/operations.md'), 'utf8');
      const described = new Set([...page.matchAll(/`(claimcheck_\w+)`/g)].map(([, name]) => name));
      expect(new Set(own)).toEqual(described);
      const board = await readFile(join(root, 'docs/grafana-dashboard.json'), 'utf8');
      const asked = metricsAskedFor(board);
      expect(asked.length).toBeGreaterThan(15);
      expect(asked.filter((name) => !exposed.has(baseName(name)))).toEqual([]);
      // Nothing of a request may be in a label.
      expect(text).not.toMatch(/v4\.public|ada@example|[\w-]{22,}@|127\.0\.0\.1/);
    } finally {
      await system.stop();
      await redis.stop();
    }
  });
});

/** Every name of a metric in the dashboard's queries. */
function metricsAskedFor(board: string): string[] {
  const queries = [...board.matchAll(/"expr": "((?:[^"\\]|\\.)*)"/g)].map(
    ([, query = '']) => query,
  );
  expect(queries.length).toBeGreaterThan(10);
  return queries.flatMap(
    (query) => query.match(/\b(?:claimcheck|nodejs|process)_\w+/g) ?? ['none'],
  );
}

/** A histogram's series bear its name and an ending. */
function baseName(name: string): string {
  return name.replace(/_seconds_(?:bucket|sum|count)$/, '_seconds');
}
