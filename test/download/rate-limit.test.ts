// MAX_BYTES_PER_SECOND through the server. Only lower bounds of time: a slow machine makes a download take longer,
// and nothing may make it take less.
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestDownloadServer, type TestDownloadServer } from './start-download-server.js';

const BYTES_PER_SECOND = 20_000;
/** The bucket holds a twentieth of a second's worth: so much goes at once. */
const BURST_BYTES = BYTES_PER_SECOND / 20;
const SIZE = 12_000;
/** Bytes and the clock of another process: allow for a hundredth. */
const leastMs = (bytes: number) => ((bytes - 2 * BURST_BYTES) / BYTES_PER_SECOND) * 1000 * 0.99;

let on: TestDownloadServer;
afterEach(async () => await on.stop());

/** Asks for the whole, or for parts of it at once. */
async function timed(url: string, ranges: readonly (string | undefined)[] = [undefined]) {
  const startedMs = performance.now();
  const bodies = await Promise.all(
    ranges.map(async (range) => {
      const response = await fetch(url, range === undefined ? {} : { headers: { range } });
      return Buffer.from(await response.arrayBuffer());
    }),
  );
  return { bodies, tookMs: performance.now() - startedMs };
}

const content = Buffer.from(Array.from({ length: SIZE }, (_, i) => i % 251));

describe('with MAX_BYTES_PER_SECOND', () => {
  it.each(['strict', 'resumable'] as const)(
    'a %s claim gets its file whole, and no faster than that',
    async (mod) => {
      on = await startTestDownloadServer({ config: { maxBytesPerSecond: BYTES_PER_SECOND } });
      const { url } = await on.mint(await on.addFile(content), { mod });
      const { bodies, tookMs } = await timed(url);
      expect(bodies[0]?.equals(content)).toBe(true);
      expect(tookMs).toBeGreaterThan(leastMs(SIZE));
    },
  );

  it('all responses of one claim share it', async () => {
    on = await startTestDownloadServer({ config: { maxBytesPerSecond: BYTES_PER_SECOND } });
    const { url } = await on.mint(await on.addFile(content), { mod: 'resumable' });
    const { bodies, tookMs } = await timed(url, ['bytes=0-5999', 'bytes=6000-']);
    expect(Buffer.concat(bodies).equals(content)).toBe(true);
    expect(tookMs).toBeGreaterThan(leastMs(SIZE));
  });
});
