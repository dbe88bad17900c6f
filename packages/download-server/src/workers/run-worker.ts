// A worker: one download server among several processes on one port. It takes its orders from the
// primary; signals from outside reach the primary as well, which decides for all. When the primary is
// gone without a word, nobody hands out connections any more, and the worker ends.
import type { Ledger } from '@claimcheck/shared/ledger';
import type { Logger } from '@claimcheck/shared/log';
import { createRegistry } from '@claimcheck/shared/metrics';
import type { DownloadConfig } from '../config.js';
import { createDownloadMetrics } from '../metrics.js';
import { startDownloadServer } from '../server.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

export interface WorkerDependencies {
  readConfig: () => DownloadConfig & { redisUrl: string };
  createLog: (config: DownloadConfig, worker: number) => Logger;
  openLedger: (
    redisUrl: string,
    log: Logger,
  ) => Promise<{ ledger: Ledger; close: () => Promise<void> }>;
}

/** Runs until the primary says stop, then ends the process. */
export async function runWorker(dependencies: WorkerDependencies): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
  const asked = orders();
  const worker = await asked.started;
  try {
    await serve(worker, asked.stopped, dependencies);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    tell({ kind: 'failed', message }, () => process.exit(1));
  }
}

/** Listens from the start: a stop may be asked for while the worker is still starting. */
function orders(): { started: Promise<number>; stopped: Promise<void> } {
  const started = new Promise<number>((resolve) => {
    process.on('message', (message: ToWorker) => {
      if (message.kind === 'start') resolve(message.worker);
    });
  });
  const stopped = new Promise<void>((resolve) => {
    process.on('message', (message: ToWorker) => {
      if (message.kind === 'stop') resolve();
    });
  });
  tell({ kind: 'up' });
  return { started, stopped };
}

async function serve(
  worker: number,
  stopped: Promise<void>,
  dependencies: WorkerDependencies,
): Promise<void> {
  const config = dependencies.readConfig();
  const log = dependencies.createLog(config, worker);
  const registry = config.metricsPort === undefined ? undefined : createRegistry(worker);
  const metrics = registry === undefined ? {} : { metrics: createDownloadMetrics(registry) };
  const { ledger, close } = await dependencies.openLedger(config.redisUrl, log);
  const server = await startDownloadServer({ config, ledger, log, ...metrics });

  void stopped
    .then(async () => {
      await server.stop();
      await close();
      process.exit(0);
    })
    .catch((error: unknown) => {
      log.error({ err: error }, 'stop failed');
      process.exit(1);
    });
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'cut') server.cut();
    if (message.kind === 'read-metrics') {
      const { request } = message;
      void registry
        ?.getMetricsAsJSON()
        .then((read) => tell({ kind: 'metrics', request, metrics: read }));
    }
  });
  tell({ kind: 'listening', port: server.port });
}

function tell(message: FromWorker, then: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, then);
}
