// SIGTERM while downloads run, at the real process: none is lost that goes on, none holds the stop for
// ever, and the log says how each ended.
import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '../support/wait-for.js';
import { PAUSED_BYTES, startPausedDownload } from './paused-download.js';
import { startDownloadProcess, type DownloadProcess } from './start-process.js';

let on: DownloadProcess;
afterEach(async () => await on.stop());

async function startPaused(count: number) {
  const urls = await on.mintUrls(count, PAUSED_BYTES);
  return await Promise.all(urls.map((url) => startPausedDownload(url)));
}

const ENDED = 'stopped: no download is running';

describe('a stop by SIGTERM', () => {
  it('in the middle of 50 downloads loses none, takes no other, and says how many are left', async () => {
    on = await startDownloadProcess();
    const running = await startPaused(50);
    expect(await on.metric('claimcheck_download_in_flight')).toBe(50);
    const [late = ''] = await on.mintUrls(1, 10);
    on.child.process.kill('SIGTERM');
    expect(await on.waitForLog('stopping: downloads still running')).toMatchObject({
      downloads: 50,
    });
    await expect(fetch(late)).rejects.toThrow('fetch failed');
    // What is left can be watched from outside to the end.
    expect(await on.metric('claimcheck_download_in_flight')).toBe(50);
    const received = await Promise.all(running.map((download) => download.finish()));
    expect(received).toEqual(Array.from({ length: 50 }, () => PAUSED_BYTES));
    expect(await on.child.ended).toBe(0);
    expect(await on.waitForLog(ENDED)).toMatchObject({ finished: 50, brokenOff: 0, cut: 0 });
  });

  it('does not wait for one that takes nothing, cuts it, and keeps one that is taken', async () => {
    on = await startDownloadProcess({ DRAIN_STALL_SECONDS: '2' });
    const [paused, taken] = await startPaused(2);
    on.child.process.kill('SIGTERM');
    await on.waitForLog('stopping: downloads still running');
    expect(await taken?.finish()).toBe(PAUSED_BYTES);
    expect(await on.child.ended).toBe(0);
    expect(await on.waitForLog(ENDED)).toMatchObject({ finished: 1, brokenOff: 0, cut: 1 });
    await expect(paused?.finish()).rejects.toThrow();
  });

  it('cuts what is left when DRAIN_SECONDS are over, and says how many', async () => {
    on = await startDownloadProcess({ DRAIN_SECONDS: '1' });
    const running = await startPaused(3);
    on.child.process.kill('SIGTERM');
    expect(await on.child.ended).toBe(0);
    expect(await on.waitForLog('stopping: downloads cut')).toMatchObject({
      downloads: 3,
      reason: 'DRAIN_SECONDS are over',
    });
    expect(await on.waitForLog(ENDED)).toMatchObject({ finished: 0, cut: 3 });
    const lines = on.log().filter(({ outcome }) => outcome === 'broken-off');
    expect(lines.map(({ cut }) => cut)).toEqual(['stopping', 'stopping', 'stopping']);
    // Cut short, never ended cleanly.
    for (const download of running) await expect(download.finish()).rejects.toThrow('aborted');
  });

  it('ends at once at a second signal, and says what it cut', async () => {
    on = await startDownloadProcess();
    const running = await startPaused(3);
    on.child.process.kill('SIGTERM');
    await on.waitForLog('stopping: downloads still running');
    // The same wish may arrive twice within a second; what comes later is another one.
    let ended: number | string | undefined;
    void on.child.ended.then((status) => (ended = status));
    await waitFor('it has ended', () => {
      if (ended === undefined) on.child.process.kill('SIGINT');
      return ended !== undefined;
    });
    expect(ended).toBe(1);
    expect(await on.waitForLog('stopping: downloads cut')).toMatchObject({ downloads: 3 });
    expect(on.log().filter(({ cut }) => cut === 'stopping')).toHaveLength(3);
    for (const { abort } of running) abort();
  });

  it('first only says that it is not ready, for STOP_GRACE_SECONDS, and still serves', async () => {
    on = await startDownloadProcess({ STOP_GRACE_SECONDS: '3' });
    const [url = ''] = await on.mintUrls(1, 1000);
    on.child.process.kill('SIGTERM');
    await on.waitForLog('stopping: not ready any more, still serving');
    expect(await on.readiness()).toBe(503);
    const answer = await fetch(url);
    expect(answer.headers.get('connection')).toBe('close');
    expect((await answer.arrayBuffer()).byteLength).toBe(1000);
    expect(await on.child.ended).toBe(0);
  });
});
