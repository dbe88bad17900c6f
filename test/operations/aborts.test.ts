// Clients that hang up: everything that their download held is free at once, counted where the kernel
// counts it.
import { afterEach, expect, it } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { waitFor } from '../support/wait-for.js';
import { PAUSED_BYTES, startPausedDownload } from './paused-download.js';
import { startDownloadProcess, type DownloadProcess } from './start-process.js';

let on: DownloadProcess;
afterEach(async () => await on.stop());

async function openDescriptors(): Promise<number> {
  return (await readdir(`/proc/${on.child.process.pid}/fd`)).length;
}

it('an aborted download gives back its file, its socket and its place at once', async () => {
  const places = 20;
  on = await startDownloadProcess({ MAX_DOWNLOADS: String(places) });
  const before = await openDescriptors();
  for (let round = 0; round < 10; round += 1) {
    const urls = await on.mintUrls(places, PAUSED_BYTES);
    const running = await Promise.all(urls.map((url) => startPausedDownload(url)));
    expect(await openDescriptors()).toBeGreaterThanOrEqual(before + 2 * places);
    const [beyond = ''] = await on.mintUrls(1, 10);
    const busy = await fetch(beyond);
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '2']);
    for (const { abort } of running) abort();
    await waitFor('no place is taken', async () => {
      return (await on.metric('claimcheck_download_in_flight')) === 0;
    });
    // Busy burned nothing: the same claim is good now.
    expect(await (await fetch(beyond)).text()).toHaveLength(10);
  }
  // The connections of this test's own requests, kept alive, are a handful.
  await waitFor('files and sockets are closed', async () => (await openDescriptors()) < before + 8);
  const count = (outcome: string) => on.metric('claimcheck_download_requests_total', { outcome });
  expect([await count('broken-off'), await count('busy'), await count('finished')]).toEqual([
    10 * places,
    10,
    10,
  ]);
});
