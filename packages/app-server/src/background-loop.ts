// Work that goes on beside the requests: take what is due, do it, look again soon. Outages of the
// database are waited out and logged once. It holds no state of its own, so a crash costs nothing.
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '@claimcheck/shared/log';

const LONGEST_WAIT_MS = 5_000;

export interface BackgroundLoop {
  /** No new work; resolves when the work at hand is done. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  log: Logger;
  /** What cannot be done when it fails, for the log: "mail", "webhooks". */
  name: string;
  /** Does what is due now and returns how much that was; after none the loop rests. */
  work: () => Promise<number>;
  pollMs: number;
}

/** Starts the loop; `work` is never called twice at the same time by one loop. */
export function startBackgroundLoop({ log, name, work, pollMs }: LoopOptions): BackgroundLoop {
  const stopping = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const done = await work();
        if (failures > 0) log.info({ loop: name }, 'background work goes on again');
        failures = 0;
        if (done === 0) await pause(pollMs);
      } catch (error) {
        failures += 1;
        if (failures === 1) {
          log.warn({ loop: name, err: error }, 'background work cannot go on; trying again');
        }
        await pause(Math.min(pollMs * 2 ** Math.min(failures, 10), LONGEST_WAIT_MS));
      }
    }
  }

  async function pause(milliseconds: number): Promise<void> {
    await wait(milliseconds, undefined, { signal: stopping.signal }).catch(() => {});
  }

  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
