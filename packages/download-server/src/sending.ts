// How files are read and sent, as an entry of its own (`@claimcheck/download-server/sending`), so that tests and
// tools can put it to the question without a server. Nothing in the server imports it.
export { createBufferPool, type BufferPool } from './buffer-pool.js';
export { createDiskPace, isOnLocalFileSystem, type DiskPace } from './disk-pace.js';
export { createRate, createRates, type Rate } from './limit-rate.js';
export { openHandle, openHandleNow, type OpenHandle } from './open-handle.js';
export { createFileSender, type FileSender, type Sent } from './send-file.js';
