// Both services in one process, which is what allows the embedded defaults: one memory ledger that
// both hold, PGlite, files in DATA_DIR. With REDIS_URL and DATABASE_URL it uses the real ones.
import { readConfig as readAppConfig, startAppServer } from '@claimcheck/app-server';
import { readConfig as readDownloadConfig, startDownloadServer } from '@claimcheck/download-server';
import { runService } from '@claimcheck/shared/http';
import { createMemoryLedger, openRedisLedger } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';

/** @param {NodeJS.ProcessEnv} env */
export async function serveBoth(env) {
  const log = createLogger('claimcheck', 'info');
  await runService(log, async () => {
    const app = readAppConfig(env);
    // The public origin may lead through a proxy that is not up yet; the keys are next door.
    const host = ['0.0.0.0', '::'].includes(app.host) ? '127.0.0.1' : app.host;
    const keysUrl = env['KEYS_URL'] ?? `http://${host}:${app.port}/.well-known/claimcheck/keys`;
    const download = readDownloadConfig({ ...env, KEYS_URL: keysUrl });

    const opened =
      app.redisUrl === undefined ? undefined : await openRedisLedger(app.redisUrl, log);
    const ledger = opened?.ledger ?? createMemoryLedger();
    const redis = opened ? { redis: opened.redis } : {};
    const appServer = await startAppServer({
      config: app,
      ledger,
      log: log.child({ server: 'app' }),
      ...redis,
    });
    const downloadServer = await startDownloadServer({
      config: download,
      ledger,
      log: log.child({ server: 'download' }),
    }).catch(async (error) => {
      await appServer.stop();
      throw error;
    });
    process.stdout.write(welcome(app, appServer.firstSignInLink));
    return {
      stop: async () => {
        await Promise.all([appServer.stop(), downloadServer.stop()]);
        await opened?.close();
      },
    };
  });
}

/**
 * @param {ReturnType<typeof readAppConfig>} config
 * @param {string | undefined} firstSignInLink
 */
function welcome(config, firstSignInLink) {
  const signIn = firstSignInLink
    ? `  First sign-in (this link works once, for 15 minutes):\n\n  ${firstSignInLink}\n`
    : `  Open ${config.appOrigin}\n`;
  const embedded = [
    ...(config.redisUrl === undefined ? ['the ledger and limits in memory (REDIS_URL)'] : []),
    ...(config.databaseUrl === undefined
      ? ['the database embedded, for evaluation (DATABASE_URL)']
      : []),
  ];
  return [
    '',
    '  claimcheck is ready.',
    '',
    signIn,
    `  Data in ${config.dataDir}${embedded.length > 0 ? `; ${embedded.join(', ')}` : ''}`,
    '  Stop with Ctrl-C.',
    '',
    '',
  ].join('\n');
}
