// What others may use of the download server: start it, alone or as workers, with or without metrics, read its
// settings, and its refusal pages' texts. What is pure has an entry of its own (`./plan-response`,
// `./reader-patience`), so that tools and tests can ask it without a server.
export { chooseTexts, ENGLISH, type PageTexts } from './page-texts.js';
export { readConfig, type DownloadConfig } from './config.js';
export {
  startDownloadServer,
  type DownloadServer,
  type DownloadServerDependencies,
} from './server.js';
export { createDownloadMetrics, type DownloadMetrics } from './metrics.js';
export { startWorkers, type Workers } from './workers/start-workers.js';
