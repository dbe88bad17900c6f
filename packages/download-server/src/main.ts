// The download server as a process of its own: settings, the ledger in Redis, signals, metrics. With
// WORKERS it is the primary, and each of its workers is this same file again. A Redis that is away does
// not keep it from starting, since it may come back; one that would lose burns does.
import cluster from 'node:cluster';
import { requireRedis } from '@claimcheck/shared/env';
import { runService } from '@claimcheck/shared/http';
import { openRedisLedger } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import { createRegistry, mergeMetrics, serveMetrics } from '@claimcheck/shared/metrics';
import { readConfig } from './config.js';
import { createDownloadMetrics } from './metrics.js';
import { startDownloadServer } from './server.js';
import { runWorker } from './workers/run-worker.js';
import { startWorkers } from './workers/start-workers.js';

const NAME = 'download-server';
const openLedger = (url: string, log: ReturnType<typeof createLogger>) =>
  openRedisLedger(url, log, NAME);

if (cluster.isWorker) {
  await runWorker({
    readConfig: () => requireRedis(readConfig()),
    createLog: ({ logLevel }, worker) => createLogger(NAME, logLevel).child({ worker }),
    openLedger,
  });
} else {
  await runService(async () => {
    const config = requireRedis(readConfig());
    const log = createLogger(NAME, config.logLevel);
    const registry = config.metricsPort === undefined ? undefined : createRegistry();
    const server =
      config.workers > 1
        ? await startWorkers({ count: config.workers, log, registry })
        : await serveAlone(config, log, registry);
    const metricsServer = await serveMetrics({
      host: config.metricsHost,
      port: config.metricsPort,
      read: async () =>
        await mergeMetrics([
          ...(registry === undefined ? [] : [await registry.getMetricsAsJSON()]),
          ...(await server.readMetrics()),
        ]),
      log,
    });
    return {
      log,
      stop: async () => {
        await server.stop();
        await metricsServer.stop();
      },
      cut: () => server.cut(),
    };
  });
}

async function serveAlone(
  config: ReturnType<typeof readConfig> & { redisUrl: string },
  log: ReturnType<typeof createLogger>,
  registry: ReturnType<typeof createRegistry> | undefined,
) {
  const { ledger, close } = await openLedger(config.redisUrl, log);
  const metrics = registry === undefined ? {} : { metrics: createDownloadMetrics(registry) };
  const server = await startDownloadServer({ config, ledger, log, ...metrics });
  return {
    stop: async () => {
      await server.stop();
      await close();
    },
    cut: () => server.cut(),
    // All of it is in the one registry.
    readMetrics: async () => [],
  };
}
