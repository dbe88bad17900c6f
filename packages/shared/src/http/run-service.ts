// The life of a process that runs a service: start, wait for a signal, stop gracefully, exit. The
// first SIGTERM or SIGINT lets running work finish; the second ends it at once.
import type { Logger } from '../log.js';

/** Something that was started and can be asked to stop. */
export interface Running {
  /** Takes no new work, lets running work finish, closes what it opened. */
  stop(): Promise<void>;
}

/**
 * Runs a service until it is told to stop, then ends the process. A start that fails ends it with
 * status 1 and one readable message, since it is the operator who reads it.
 */
export async function runService(log: Logger, start: () => Promise<Running>): Promise<void> {
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    log.debug({ err: error }, 'start failed');
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 1) process.exit(1);
    log.info(
      { signal },
      'stopping: running work may finish; the same signal again ends it at once',
    );
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
