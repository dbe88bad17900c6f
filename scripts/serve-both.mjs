// Both services in one process, which is what allows the embedded defaults: one memory ledger that
// both hold, PGlite, files in DATA_DIR. With REDIS_URL and DATABASE_URL it uses the real ones, and with
// WORKERS the download server runs as so many processes of its own, on one port.
import { fileURLToPath } from 'node:url';
import {
  createAppMetrics,
  readConfig as readAppConfig,
  startAppServer,
} from '@claimcheck/app-server';
import {
  createDownloadMetrics,
  readConfig as readDownloadConfig,
  startDownloadServer,
  startWorkers,
} from '@claimcheck/download-server';
import { runService } from '@claimcheck/shared/http';
import { createMemoryLedger, openRedisLedger } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import { createRegistry, mergeMetrics, serveMetrics } from '@claimcheck/shared/metrics';

/** @typedef {ReturnType<typeof readAppConfig>} AppConfig */
/** @typedef {import('@claimcheck/shared/log').Logger} Logger */
/** @typedef {import('@claimcheck/shared/metrics').Registry} Registry */

/** @param {NodeJS.ProcessEnv} env */
export async function serveBoth(env) {
  await runService(async () => {
    const app = readAppConfig(env);
    // The public origin may lead through a proxy that is not up yet; the keys are next door.
    const host = ['0.0.0.0', '::'].includes(app.host) ? 'localhost' : app.host;
    const keysUrl = `http://${host}:${app.port}/.well-known/claimcheck/keys`;
    const download = readDownloadConfig({ KEYS_URL: keysUrl, ...env });
    const log = createLogger('claimcheck', app.logLevel);
    const registry = app.metricsPort === undefined ? undefined : createRegistry();

    const { ledger, redis, close } = await openLedger(app, log);
    const appServer = await startAppServer({
      config: app,
      ledger,
      redis,
      log: log.child({ server: 'app' }),
      metrics: registry && createAppMetrics(registry),
    });
    const downloads = await startDownloads(download, { ledger, log, registry });
    const metricsServer = await serveMetrics({
      host: app.metricsHost,
      port: app.metricsPort,
      read: async () => {
        const own = registry === undefined ? [] : [await registry.getMetricsAsJSON()];
        return await mergeMetrics([...own, ...(await downloads.readMetrics())]);
      },
      log,
    });
    process.stdout.write(welcome(app, appServer.firstSignInLink));
    return {
      log,
      stop: async () => {
        await Promise.all([appServer.stop(), downloads.stop()]);
        await metricsServer.stop();
        await close();
      },
      cut: () => {
        appServer.cut?.();
        downloads.cut();
      },
    };
  });
}

/**
 * @param {AppConfig} config
 * @param {Logger} log
 */
async function openLedger({ redisUrl }, log) {
  if (redisUrl !== undefined) return await openRedisLedger(redisUrl, log);
  return { ledger: createMemoryLedger(), redis: undefined, close: async () => {} };
}

/**
 * @param {ReturnType<typeof readDownloadConfig>} config
 * @param {{ ledger: import('@claimcheck/shared/ledger').Ledger, log: Logger, registry: Registry | undefined }} dependencies
 */
async function startDownloads(config, { ledger, log, registry }) {
  if (config.workers > 1) {
    const { keysUrl: KEYS_URL, workers: count } = config;
    return await startWorkers({ count, log, registry, env: { KEYS_URL } });
  }
  const metrics = registry === undefined ? {} : { metrics: createDownloadMetrics(registry) };
  const server = await startDownloadServer({
    config,
    ledger,
    log: log.child({ server: 'download' }),
    ...metrics,
  });
  return { stop: () => server.stop(), cut: () => server.cut(), readMetrics: async () => [] };
}

/**
 * @param {AppConfig} config
 * @param {string | undefined} firstSignInLink
 */
function welcome({ appOrigin, dataDir, redisUrl, databaseUrl }, firstSignInLink) {
  const lines = ['', 'claimcheck is ready.', ''];
  if (firstSignInLink === undefined) lines.push(`Open ${appOrigin}`);
  else lines.push('Open this to sign in (it works once, for 15 minutes):', '', firstSignInLink);
  lines.push('', `Data is kept in ${dataDir}.`);
  if (redisUrl === undefined)
    lines.push('The ledger is in memory: set REDIS_URL to keep it in Redis.');
  if (databaseUrl === undefined) {
    lines.push('The database is embedded, for evaluation: set DATABASE_URL to use PostgreSQL.');
  }
  lines.push('Stop with Ctrl-C.', '');
  return `${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n`;
}

// Also by itself, where everything is known to be compiled.
if (process.argv[1] === fileURLToPath(import.meta.url)) await serveBoth(process.env);
