// Many readers that take little at a time, in one process: each connection is read one chunk a tick and left alone
// in between, so that the server is held back by TCP itself.
import { Socket } from 'node:net';

/** What one reader takes at a tick, at most: 128 KiB/s. */
const CHUNK_BYTES = 64 * 1024;
const TICK_MS = 500;
/** Readers that begin at once: the case is about many that run, not about a rush at the door. */
const BEGIN_AT_ONCE = 25;
const BEGIN_WITHIN_MS = 20_000;

/**
 * @param {object} order
 * @param {number} order.port
 * @param {readonly string[]} order.paths one reader each
 * @param {number} order.seconds from when all of them have begun
 * @param {() => void} order.onTick
 * @returns {Promise<{ bytes: number[], seconds: number }>} what each reader got in that time
 * @throws Error when a reader was refused or cut off
 */
export async function readSlowly({ port, paths, seconds, onTick }) {
  const readers = [];
  try {
    while (readers.length < paths.length) {
      const next = paths.slice(readers.length, readers.length + BEGIN_AT_ONCE);
      const begun = next.map((path) => createReader(port, path));
      readers.push(...begun);
      await Promise.all(begun.map(({ answered }) => answered));
    }
    const before = readers.map(({ taken }) => taken());
    const startedAt = performance.now();
    while (performance.now() < startedAt + seconds * 1000) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      for (const reader of readers) reader.take();
      onTick();
    }
    const tookSeconds = (performance.now() - startedAt) / 1000;
    return {
      bytes: readers.map((reader, i) => reader.taken() - (before[i] ?? 0)),
      seconds: tookSeconds,
    };
  } finally {
    for (const reader of readers) reader.close();
  }
}

/**
 * @param {number} port
 * @param {string} path
 */
function createReader(port, path) {
  // Node passes this on to the stream, which the types of sockets do not tell.
  const socket = new Socket(/** @type {object} */ ({ highWaterMark: CHUNK_BYTES }));
  let bytes = 0;
  let failure = '';
  const fail = (/** @type {string} */ why) => void (failure ||= why);
  socket.on('end', () => fail('the server closed a connection'));
  socket.on('error', (error) => fail(error.message));
  /** @type {Promise<void>} */
  const answered = new Promise((resolve, reject) => {
    const patience = setTimeout(
      () => reject(new Error('no answer to a slow reader')),
      BEGIN_WITHIN_MS,
    );
    socket.once('readable', () => {
      clearTimeout(patience);
      const head =
        socket.read(Math.min(CHUNK_BYTES, socket.readableLength))?.toString('latin1') ?? '';
      bytes += head.length;
      if (head.startsWith('HTTP/1.1 200')) resolve();
      else reject(new Error(`a slow reader was refused: ${head.split('\r\n')[0] ?? failure}`));
    });
    socket.once('close', () => {
      clearTimeout(patience);
      reject(new Error(`a slow reader failed: ${failure}`));
    });
  });
  // A reader that fails while another one is awaited is told by its next `take`.
  answered.catch(() => {});
  socket.connect(port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: files.example.org\r\n\r\n`);
  return {
    answered,
    taken: () => bytes,
    take() {
      if (failure !== '') throw new Error(`a slow reader failed: ${failure}`);
      const chunk = socket.read(Math.min(CHUNK_BYTES, socket.readableLength));
      bytes += chunk?.length ?? 0;
    },
    close: () => void socket.destroy(),
  };
}
