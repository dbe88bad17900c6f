// The download server as a process of its own: settings, the ledger in Redis, signals. A Redis that is
// away does not keep it from starting, since it may come back; one that would lose burns does.
import { requireRedis } from '@claimcheck/shared/env';
import { runService } from '@claimcheck/shared/http';
import { openRedisLedger } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import { readConfig } from './config.js';
import { startDownloadServer } from './server.js';

await runService(async () => {
  const config = requireRedis(readConfig());
  const log = createLogger('download-server', config.logLevel);
  const { ledger, close } = await openRedisLedger(config.redisUrl, log, 'download-server');
  const server = await startDownloadServer({ config, ledger, log });
  return {
    log,
    stop: async () => {
      await server.stop();
      await close();
    },
  };
});
