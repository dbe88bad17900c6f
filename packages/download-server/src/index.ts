// What others may use of the download server: start it, and read its settings. The pure planned response is
// an entry of its own (`./plan-response`), so that tools and tests can ask it without a server.
export { readConfig, type DownloadConfig } from './config.js';
export {
  startDownloadServer,
  type DownloadServer,
  type DownloadServerDependencies,
} from './server.js';
export { createDownloadMetrics, type DownloadMetrics } from './metrics.js';
export { startWorkers, type Workers } from './workers/start-workers.js';
