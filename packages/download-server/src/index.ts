// What others may use of the download server: start it, read its settings, and its refusal pages' texts. The pure planned response is
// an entry of its own (`./plan-response`), so that tools and tests can ask it without a server.
export { chooseTexts, ENGLISH, type PageTexts } from './page-texts.js';
export { readConfig, type DownloadConfig } from './config.js';
export {
  startDownloadServer,
  type DownloadServer,
  type DownloadServerDependencies,
} from './server.js';
