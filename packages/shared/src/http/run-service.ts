// The life of a process that runs a service: start, wait for a signal, stop gracefully, exit. The
// first SIGTERM or SIGINT lets running work finish; another one ends it at once.
import type { Logger } from '../log.js';

/** Something that was started and can be asked to stop. */
export interface Running {
  /** Takes no new work, lets running work finish, closes what it opened. */
  stop(): Promise<void>;
}

/** Ctrl-C under npm reaches the process twice, from the terminal and from npm: that is one wish. */
const SAME_WISH_MS = 1000;

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
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAtMs !== undefined) {
      if (performance.now() - firstAtMs > SAME_WISH_MS) process.exit(1);
      return;
    }
    firstAtMs = performance.now();
    log.info({ signal }, 'stopping: running work may finish; another signal ends it at once');
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
