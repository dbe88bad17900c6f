// The app server as a process of its own. The ledger is in Redis then, since the download servers are
// other processes.
import { requireRedis } from '@claimcheck/shared/env';
import { runService } from '@claimcheck/shared/http';
import { openRedisLedger } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import { createRegistry, serveMetrics } from '@claimcheck/shared/metrics';
import { readConfig } from './config.js';
import { createAppMetrics } from './metrics.js';
import { startAppServer } from './server.js';

await runService(async () => {
  const config = requireRedis(readConfig());
  const log = createLogger('app-server', config.logLevel);
  const registry = config.metricsPort === undefined ? undefined : createRegistry();
  const { ledger, redis, close } = await openRedisLedger(config.redisUrl, log, 'app-server');
  const metrics = registry === undefined ? undefined : createAppMetrics(registry);
  const server = await startAppServer({ config, ledger, redis, log, metrics });
  const metricsServer = await serveMetrics({
    host: config.metricsHost,
    port: config.metricsPort,
    read: async () => (await registry?.metrics()) ?? '',
    log,
  });
  log.info({ origin: config.appOrigin, port: server.port }, 'the app server listens');
  if (server.firstSignInLink !== undefined) {
    // Not through the log, which cuts tokens out: it is meant for the operator's eyes.
    process.stdout.write(
      `Sign in as the first administrator, once, within 15 minutes:\n${server.firstSignInLink}\n`,
    );
  }
  return {
    log,
    stop: async () => {
      await server.stop();
      await metricsServer.stop();
      await close();
    },
    cut: () => server.cut?.(),
  };
});
