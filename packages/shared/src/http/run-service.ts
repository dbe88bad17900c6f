// The life of a process that runs a service: start, wait for a signal, stop gracefully, exit. The
// first SIGTERM or SIGINT lets running work finish; another one ends it at once, and says what it cut.
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../log.js';

/** Something that was started and can be asked to stop. */
export interface Running {
  /** Takes no new work, lets running work finish, closes what it opened. */
  stop(): Promise<void>;
  /** Ends running work at once, after which `stop()` resolves soon. Says in the log what it ended. */
  cut?(): void;
}

/** Ctrl-C under npm reaches the process twice, from the terminal and from npm: that is one wish. */
const SAME_WISH_MS = 1000;
/** How long an end at once may take to write down what it cut. */
const CUT_WITHIN_MS = 2000;

/**
 * Runs a service until it is told to stop, then ends the process. A start that fails ends it with
 * status 1 and one readable message, since it is the operator who reads it.
 */
export async function runService(start: () => Promise<Running & { log: Logger }>): Promise<void> {
  const running = await start().catch((error: unknown) => {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n\n`);
    process.exit(1);
  });
  const { log } = running;
  let firstAtMs: number | undefined;
  let status = 0;

  async function stop(): Promise<void> {
    await running.stop().catch((error: unknown) => {
      log.error({ err: error }, 'stop failed');
      status = 1;
    });
    process.exit(status);
  }

  function onSignal(signal: NodeJS.Signals): void {
    if (firstAtMs === undefined) {
      firstAtMs = performance.now();
      log.info({ signal }, 'stopping: running work may finish; another signal ends it at once');
      void stop();
    } else if (performance.now() - firstAtMs > SAME_WISH_MS && status === 0) {
      status = 1;
      log.warn({ signal }, 'stopping at once');
      running.cut?.();
      void wait(running.cut === undefined ? 0 : CUT_WITHIN_MS).then(() => process.exit(status));
    }
  }
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
