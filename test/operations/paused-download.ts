// A client that begins a download and then takes nothing until it is told to: what a paused browser looks
// like to the server once the buffers of both kernels are full.
import { get, type IncomingMessage } from 'node:http';

/** More than the kernels of both ends buffer on loopback, so that the server is kept waiting. */
export const PAUSED_BYTES = 24_000_000;

export interface PausedDownload {
  /** Takes the rest, and resolves to the number of bytes that came in all; rejects when it is cut. */
  finish(): Promise<number>;
  /** Leaves. */
  abort: () => void;
}

/** Resolves when the answer's head has come. @throws Error when it is not 200. */
export async function startPausedDownload(url: string): Promise<PausedDownload> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject);
  });
  if (response.statusCode !== 200) {
    response.resume();
    throw new Error(`the download was answered ${response.statusCode}`);
  }
  let received = 0;
  const ended = new Promise<number>((resolve, reject) => {
    response.once('end', () => resolve(received));
    response.once('error', reject);
  });
  ended.catch(() => {});
  return {
    finish: () => {
      response.on('data', (part: Buffer) => (received += part.length));
      return ended;
    },
    abort: () => response.destroy(),
  };
}
