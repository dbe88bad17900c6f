// A descriptor that is open for reading, and the four things that are done with it. Each can be done at once or
// through the thread pool; which of the two is the caller's to say (disk-pace.ts). A descriptor's number is
// used again once it is closed, so nobody may close while a read is still under way.
import * as fs from 'node:fs';

/** O_NOFOLLOW: not through a link at the end. O_NONBLOCK: a FIFO must not wait for its writer. */
const FLAGS =
  fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);

export interface OpenHandle {
  readonly fd: number;
  /** Whether it was opened while everything else waited, so that its first read may be done so too. */
  readonly atOnce: boolean;
  stat(): Promise<fs.Stats>;
  statNow(): fs.Stats;
  /**
   * Fills all of `buffer` with the file's bytes from `position` on.
   * @throws Error when the disk fails, or the file ends before: it has become shorter than it was.
   */
  fill(buffer: Uint8Array, position: number): Promise<void>;
  /** The same while everything else waits. */
  fillNow(buffer: Uint8Array, position: number): void;
  close(): void | Promise<void>;
}

/** @throws NodeJS.ErrnoException from open(2). */
export function openHandleNow(path: string): OpenHandle {
  return handleOf(fs.openSync(path, FLAGS), true);
}

/** @throws NodeJS.ErrnoException from open(2). */
export async function openHandle(path: string): Promise<OpenHandle> {
  const fd = await new Promise<number>((resolve, reject) => {
    fs.open(path, FLAGS, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  return handleOf(fd, false);
}

function handleOf(fd: number, atOnce: boolean): OpenHandle {
  return {
    fd,
    atOnce,
    stat: () =>
      new Promise((resolve, reject) => {
        fs.fstat(fd, (error, stats) => (error ? reject(error) : resolve(stats)));
      }),
    statNow: () => fs.fstatSync(fd),
    async fill(buffer, position) {
      let filled = 0;
      while (filled < buffer.length) {
        filled += checked(await readSome(fd, buffer, filled, position + filled));
      }
    },
    fillNow(buffer, position) {
      let filled = 0;
      while (filled < buffer.length) {
        const left = buffer.length - filled;
        filled += checked(fs.readSync(fd, buffer, filled, left, position + filled));
      }
    },
    close: () => (atOnce ? fs.closeSync(fd) : closeLater(fd)),
  };
}

function readSome(
  fd: number,
  buffer: Uint8Array,
  offset: number,
  position: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = buffer.length - offset;
    fs.read(fd, buffer, offset, length, position, (error, bytesRead) =>
      error ? reject(error) : resolve(bytesRead),
    );
  });
}

function checked(bytesRead: number): number {
  if (bytesRead === 0) throw new Error('the file has become shorter while it was being read');
  return bytesRead;
}

function closeLater(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.close(fd, (error) => (error ? reject(error) : resolve()));
  });
}
