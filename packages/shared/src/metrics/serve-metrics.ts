// The port that Prometheus reads. Apart from the public one, and on loopback unless told otherwise: it
// tells how busy we are. It stays open while the server stops, so that the stop can be watched.
import { Registry } from 'prom-client';
import { listen } from '../http/listen.js';
import type { Logger } from '../log.js';

export interface MetricsServer {
  port: number;
  stop(): Promise<void>;
}

export interface MetricsServerOptions {
  /** `METRICS_HOST`. */
  host: string;
  /** `METRICS_PORT`; undefined: nothing is opened. */
  port: number | undefined;
  /** The text to show. */
  read: () => Promise<string>;
  log: Logger;
}

const NOTHING: MetricsServer = { port: 0, stop: async () => {} };

/** Serves `GET /metrics`. @throws Error that names METRICS_PORT or METRICS_HOST. */
export async function serveMetrics(options: MetricsServerOptions): Promise<MetricsServer> {
  const { host, port, read, log } = options;
  if (port === undefined) return NOTHING;
  const listening = await listen(
    (request, response) => {
      const [path] = (request.url ?? '').split('?');
      if (request.method !== 'GET' || path !== '/metrics') {
        response.writeHead(404, { 'Content-Length': 0 }).end();
        return;
      }
      read().then(
        (text) => response.writeHead(200, { 'Content-Type': CONTENT_TYPE }).end(text),
        (error: unknown) => {
          log.error({ err: error }, 'the metrics cannot be read');
          response.writeHead(500, { 'Content-Length': 0 }).end();
        },
      );
    },
    { host, port, portName: 'METRICS_PORT', hostName: 'METRICS_HOST' },
  );
  log.info({ host, port: listening.port }, 'metrics are at /metrics');
  return { port: listening.port, stop: () => listening.stop() };
}

const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;
