// Several processes on one port, as WORKERS starts them: all of them serve, one that dies is replaced, a
// stop drains all, and one claim is burned once among them.
import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '../support/wait-for.js';
import { PAUSED_BYTES, startPausedDownload, type PausedDownload } from './paused-download.js';
import { startDownloadProcess, type DownloadProcess, type LogLine } from './start-process.js';

let on: DownloadProcess;
afterEach(async () => await on.stop());

async function start(env: Record<string, string> = {}): Promise<void> {
  on = await startDownloadProcess({ WORKERS: '2', ...env });
}

/** On a connection of its own: connections are what is handed out. */
async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url, { headers: { connection: 'close' } });
  await answer.arrayBuffer();
  return answer.status;
}

/** The log lines of finished downloads, by worker. */
function finishedBy(worker: number): LogLine[] {
  return on.log().filter((line) => line['outcome'] === 'finished' && line['worker'] === worker);
}

describe('two workers', () => {
  it('share the connections evenly, and each claim is burned once among them', async () => {
    await start();
    const urls = await on.mintUrls(40, 1000);
    for (const url of urls) {
      const statuses = await Promise.all(Array.from({ length: 4 }, () => statusOf(url)));
      expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 410, 410, 410]);
    }
    await waitFor('all are logged', () => finishedBy(1).length + finishedBy(2).length === 40);
    const perWorker = await Promise.all(
      ['1', '2'].map(async (worker) => {
        const count = (outcome: string) =>
          on.metric('claimcheck_download_requests_total', { worker, outcome });
        return (await count('finished')) + (await count('already-used'));
      }),
    );
    expect(perWorker.reduce((sum, count) => sum + count)).toBe(160);
    for (const count of perWorker) expect(count).toBeGreaterThan(40);
    expect(await on.metric('claimcheck_download_requests_total', { outcome: 'finished' })).toBe(40);
    expect(await on.metric('claimcheck_download_sent_bytes_total')).toBe(40_000);
    expect(await on.metric('claimcheck_download_workers')).toBe(2);
  });

  it('survive the death of one: the other goes on, and another one takes its place', async () => {
    await start();
    const urls = await on.mintUrls(8, PAUSED_BYTES);
    const running = [];
    for (const url of urls) running.push(await startPausedDownload(url));
    const lost = await on.metric('claimcheck_download_in_flight', { worker: '1' });
    expect(lost).toBeGreaterThan(0);
    const pid = on.log().find(({ worker }) => worker === 1)?.['pid'];
    process.kill(Number(pid), 'SIGKILL');
    expect(
      await on.waitForLog('a worker ended, with its downloads; another one is started'),
    ).toMatchObject({ worker: 1, workerPid: pid, signal: 'SIGKILL' });
    const received = await Promise.allSettled(running.map((download) => download.finish()));
    const whole = received.filter(({ status }) => status === 'fulfilled');
    expect(whole).toEqual(whole.map(() => ({ status: 'fulfilled', value: PAUSED_BYTES })));
    expect(whole).toHaveLength(8 - lost);
    expect(await on.waitForLog('the worker is back')).toMatchObject({ worker: 1 });
    await waitFor('the new one has served', async () => {
      for (const url of await on.mintUrls(2, 1000)) expect(await statusOf(url)).toBe(200);
      return finishedBy(1).length > 0;
    });
    expect(finishedBy(1).every((line) => line['pid'] !== pid)).toBe(true);
    expect(await on.metric('claimcheck_download_worker_restarts_total')).toBe(1);
    expect(await on.metric('claimcheck_download_workers')).toBe(2);
  });

  it('wait longer and longer before they start one that goes on dying', async () => {
    await start();
    const deaths = () => on.log().filter(({ signal }) => signal === 'SIGKILL');
    for (let death = 1; death <= 3; death += 1) {
      const up = on.log().filter(({ worker, msg }) => {
        return worker === 1 && msg === 'the download server listens';
      });
      process.kill(Number(up.at(-1)?.['pid']), 'SIGKILL');
      await waitFor('its death is noticed', () => deaths().length === death);
      await waitFor('another one listens', () => {
        return on.log().filter(({ msg }) => msg === 'the worker is back').length === death;
      });
    }
    expect(deaths().map(({ pauseMs }) => pauseMs)).toEqual([100, 200, 400]);
  });

  it('have MAX_DOWNLOADS places each, and beyond them refuse and burn nothing', async () => {
    await start({ MAX_DOWNLOADS: '1' });
    const running: PausedDownload[] = [];
    const refused: string[] = [];
    for (const url of await on.mintUrls(20, PAUSED_BYTES)) {
      await startPausedDownload(url).then(
        (download) => running.push(download),
        () => refused.push(url),
      );
    }
    expect([running.length, refused.length]).toEqual([2, 18]);
    for (const { abort } of running) abort();
    const burned = await on.metric('claimcheck_download_burn_seconds_count');
    expect(burned).toBe(2);
    await waitFor('the places are free', async () => {
      return (await on.metric('claimcheck_download_in_flight')) === 0;
    });
    for (const url of refused.slice(0, 4)) expect(await statusOf(url)).toBe(200);
  });

  it('are drained together, and leave no process behind', async () => {
    await start();
    const urls = await on.mintUrls(6, PAUSED_BYTES);
    const running = await Promise.all(urls.map((url) => startPausedDownload(url)));
    on.child.process.kill('SIGTERM');
    await waitFor('both say what they wait for', () => {
      const said = on.log().filter(({ msg }) => msg === 'stopping: downloads still running');
      return new Set(said.map(({ worker }) => worker)).size === 2;
    });
    const received = await Promise.all(running.map((download) => download.finish()));
    expect(received).toEqual(urls.map(() => PAUSED_BYTES));
    expect(await on.child.ended).toBe(0);
    const ends = on.log().filter(({ msg }) => msg === 'stopped: no download is running');
    expect(ends.reduce((sum, { finished }) => sum + Number(finished), 0)).toBe(6);
    for (const { pid } of ends) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });

  it('end when their primary is killed, since nobody hands them connections any more', async () => {
    await start();
    const pids = new Set(on.log().flatMap(({ worker, pid }) => (worker ? [Number(pid)] : [])));
    expect(pids.size).toBe(2);
    await on.child.end('SIGKILL');
    await waitFor('they are gone', () => [...pids].every((pid) => !isRunning(pid)));
  });

  it('that cannot start say why once, and end the whole', async () => {
    await start();
    const started = startDownloadProcess({ WORKERS: '3', FILES_ROOT: '/nowhere' });
    const message = await started.then(
      () => '',
      (error: Error) => error.message,
    );
    expect(message.split('FILES_ROOT is /nowhere, which does not exist')).toHaveLength(2);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
