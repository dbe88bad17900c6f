// The stop of a download server: first it only says that it is going, then it takes nothing new and waits
// for what runs, and after a time it cuts the rest. It reports who is still there, and how all of it ended.
import { setTimeout as wait } from 'node:timers/promises';
import type { Listening } from '@claimcheck/shared/http';
import type { Logger } from '@claimcheck/shared/log';
import type { DownloadConfig } from './config.js';
import type { Offload } from './offload.js';
import type { Slots } from './slots.js';
import type { Ended, ReaderWatch } from './watch-readers.js';

const REPORT_EVERY_MS = 5000;

export interface DrainDependencies {
  config: Pick<DownloadConfig, 'stopGraceSeconds' | 'drainSeconds' | 'drainStallSeconds'>;
  listening: Listening;
  slots: Slots;
  readers: ReaderWatch;
  /** Where a front server sends: what it has sent is waited for no longer. */
  offload: Pick<Offload, 'giveUp'> | undefined;
  log: Logger;
}

export interface Drain {
  /** Resolves when the last connection is gone; asked again it gives the same promise. */
  run(): Promise<void>;
  /** Cuts what runs, now. */
  cut(): void;
}

export function createDrain(dependencies: DrainDependencies): Drain {
  const { config, listening, slots, readers, offload, log } = dependencies;
  const inHaste = new AbortController();

  async function run(): Promise<void> {
    listening.announceStop();
    const before = { ...readers.ended };
    await grace();
    slots.close();
    readers.hurry(config.drainStallSeconds * 1000);
    const startedAtMs = performance.now();
    const report = setInterval(tell, REPORT_EVERY_MS).unref();
    const limit = setTimeout(() => end('DRAIN_SECONDS are over'), config.drainSeconds * 1000);
    if (slots.taken > 0) tell();
    try {
      if (inHaste.signal.aborted) end('asked to stop at once');
      await listening.stop();
    } finally {
      clearInterval(report);
      clearTimeout(limit.unref());
    }
    const seconds = Math.round((performance.now() - startedAtMs) / 100) / 10;
    log.info({ ...since(before, readers.ended), seconds }, 'stopped: no download is running');
  }

  /** Load balancers see 503 at `/readyz` and turn to others, while what still comes is served. */
  async function grace(): Promise<void> {
    if (config.stopGraceSeconds === 0) return;
    log.info({ seconds: config.stopGraceSeconds }, 'stopping: not ready any more, still serving');
    const { signal } = inHaste;
    await wait(config.stopGraceSeconds * 1000, undefined, { signal }).catch(() => {});
  }

  function tell(): void {
    log.info({ downloads: slots.taken }, 'stopping: downloads still running');
  }

  function end(reason: string): void {
    if (slots.taken > 0) log.warn({ downloads: slots.taken, reason }, 'stopping: downloads cut');
    readers.cutAll();
    offload?.giveUp();
    listening.cut();
  }

  let running: Promise<void> | undefined;
  return {
    run: () => (running ??= run()),
    cut() {
      inHaste.abort();
      if (running !== undefined) end('asked to stop at once');
    },
  };
}

function since(before: Ended, { finished, brokenOff, cut }: Ended): Ended {
  return {
    finished: finished - before.finished,
    brokenOff: brokenOff - before.brokenOff,
    cut: cut - before.cut,
  };
}
