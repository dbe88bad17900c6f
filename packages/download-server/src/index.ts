// What others may use of the download server: start it, and read its settings.
export { readConfig, type DownloadConfig } from './config.js';
export {
  startDownloadServer,
  type DownloadServer,
  type DownloadServerDependencies,
} from './server.js';
