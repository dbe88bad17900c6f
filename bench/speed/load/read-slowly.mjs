// Many readers that take little at a time, in one process: each connection is read one chunk a tick and left alone
// in between, so that the server is held back by TCP itself.
import { Socket } from 'node:net';

/** What one reader takes at a tick, at most: 128 KiB/s. */
const CHUNK_BYTES = 64 * 1024;
const TICK_MS = 500;

/**
 * @param {object} order
 * @param {number} order.port
 * @param {readonly string[]} order.paths one reader each
 * @param {number} order.seconds
 * @param {() => void} order.onTick
 * @returns {Promise<number[]>} bytes that each reader had got at the end
 * @throws Error when a reader was refused or cut off
 */
export async function readSlowly({ port, paths, seconds, onTick }) {
  let failure = '';
  const readers = paths.map((path) => {
    const socket = new Socket(/** @type {object} */ ({ highWaterMark: CHUNK_BYTES }));
    socket.connect(port, '127.0.0.1');
    const reader = { socket, bytes: 0, refused: '' };
    socket.write(`GET ${path} HTTP/1.1\r\nHost: files.example.org\r\n\r\n`);
    socket.on('readable', () => {});
    socket.on('error', (error) => (failure ||= String(error)));
    socket.on('end', () => (failure ||= 'the server closed a connection'));
    return reader;
  });
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    for (const reader of readers) {
      const chunk = reader.socket.read(Math.min(CHUNK_BYTES, reader.socket.readableLength));
      if (chunk === null) continue;
      if (
        reader.bytes === 0 &&
        !chunk.subarray(0, 12).toString('latin1').startsWith('HTTP/1.1 200')
      )
        failure ||= chunk.subarray(0, 300).toString('latin1');
      reader.bytes += chunk.length;
    }
    onTick();
  }
  const got = readers.map(({ bytes }) => bytes);
  for (const { socket } of readers)
    socket
      .removeAllListeners('end')
      .on('error', () => {})
      .destroy();
  if (failure !== '') throw new Error(`a slow reader failed: ${failure}`);
  return got;
}
