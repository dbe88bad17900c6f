// The download server as a process of its own: settings, the ledger in Redis, signals. A Redis that is
// away does not keep it from starting, since it may come back; one that would lose burns does.
import { runService } from '@claimcheck/shared/http';
import {
  connectRedis,
  createRedisLedger,
  LedgerUnavailableError,
  type Ledger,
} from '@claimcheck/shared/ledger';
import { createLogger, type Logger } from '@claimcheck/shared/log';
import { readConfig } from './config.js';
import { startDownloadServer } from './server.js';

const NAME = 'download-server';
/** How long the start waits for Redis to answer before it goes on without. */
const FIRST_ANSWER_MS = 2000;

await runService(createLogger(NAME, 'info'), async () => {
  const config = readConfig(undefined, { alone: true });
  const log = createLogger(NAME, config.logLevel);
  const { ledger, answered, close } = openLedger(config.redisUrl ?? '', log);
  try {
    await answered;
    await refuseUnsuitable(ledger);
    const server = await startDownloadServer({ config, ledger, log });
    return {
      stop: async () => {
        await server.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
});

/** The connection's state is logged when it changes, not at each of the attempts of an outage. */
function openLedger(url: string, log: Logger) {
  let away = false;
  const redis = connectRedis(url, (error) => {
    if (!away) log.warn({ err: error }, 'the ledger (Redis) is away; trying on');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info('the ledger (Redis) is back');
    away = false;
  });
  const ledger = createRedisLedger({
    redis,
    onUnsuitable: (error) =>
      log.error({ err: error }, 'the ledger is unfit: all claims are refused'),
  });
  return {
    ledger,
    /** Redis has been reached, or could not be at the first attempt. */
    answered: new Promise<void>((resolve) => {
      redis.once('ready', resolve).once('close', resolve);
      setTimeout(resolve, FIRST_ANSWER_MS).unref();
    }),
    close: async () => {
      await ledger.close();
      redis.disconnect();
    },
  };
}

async function refuseUnsuitable(ledger: Ledger): Promise<void> {
  try {
    await ledger.check();
  } catch (error) {
    if (!(error instanceof LedgerUnavailableError)) throw error;
  }
}
