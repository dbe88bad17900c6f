// The app server as a process of its own. The ledger is in Redis then, since the download servers are
// other processes.
import { runService } from '@claimcheck/shared/http';
import { connectRedis, createRedisLedger } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import { readConfig, requireRedis } from './config.js';
import { startAppServer } from './server.js';

let log = createLogger('app-server', 'info');

await runService(log, async () => {
  const config = requireRedis(readConfig());
  log = createLogger('app-server', config.logLevel);
  const redis = connectRedis(config.redisUrl, (error) => log.warn({ err: error }, 'Redis is away'));
  const ledger = createRedisLedger({
    redis,
    onUnsuitable: (error) => log.error({ err: error }, 'this Redis must not be the ledger'),
  });
  const server = await startAppServer({ config, ledger, redis, log });
  log.info({ origin: config.appOrigin, port: server.port }, 'the app server is listening');
  if (server.firstSignInLink !== undefined) {
    // Not through the log, which cuts tokens out: it is meant for the operator's eyes.
    process.stdout.write(
      `Sign in as the first administrator, once, within 15 minutes:\n${server.firstSignInLink}\n`,
    );
  }
  return {
    stop: async () => {
      await server.stop();
      await ledger.close();
      redis.disconnect();
    },
  };
});
