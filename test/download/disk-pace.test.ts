// When the disk may stop everything else, and when no longer: with a clock and a count of disk reads that the
// test moves, so that no test has to find a slow disk.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from '@jest/globals';
import { createDiskPace, isOnLocalFileSystem } from '@claimcheck/download-server/sending';

function paceByHand({ isLocal = true } = {}) {
  const at = { ms: 0, reads: 0 };
  const pace = createDiskPace({ isLocal, clock: () => at.ms, diskReads: () => at.reads });
  const work = (ms: number, reads: number) =>
    pace.timed(() => {
      at.ms += ms;
      at.reads += reads;
    });
  return { at, pace, work };
}

describe('the pace of the disk', () => {
  it('lets work wait for a local disk while that is quick', () => {
    const { pace, work } = paceByHand();
    for (let i = 0; i < 1000; i += 1) work(4, 1);
    expect(pace.mayBlock()).toBe(true);
  });

  it('sends work elsewhere for a second after one slow read, also when the read failed', () => {
    const { at, pace } = paceByHand();
    const fails = () =>
      pace.timed(() => {
        at.ms += 6;
        at.reads += 1;
        throw new Error('EIO');
      });
    expect(fails).toThrow('EIO');
    expect(pace.mayBlock()).toBe(false);
    at.ms += 999;
    expect(pace.mayBlock()).toBe(false);
    at.ms += 1;
    expect(pace.mayBlock()).toBe(true);
  });

  it('waits twice as long each time it is slow again, up to a minute, and starts over after a good while', () => {
    const { at, pace, work } = paceByHand();
    const pausesMs: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      work(6, 1);
      const slowAtMs = at.ms;
      while (!pace.mayBlock()) at.ms += 100;
      pausesMs.push(at.ms - slowAtMs);
    }
    expect(pausesMs).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    at.ms += 120_000;
    work(6, 1);
    at.ms += 1000;
    expect(pace.mayBlock()).toBe(true);
  });

  it('does not take a busy processor for a slow disk, unless it lasts', () => {
    const { pace, work } = paceByHand();
    work(49, 0);
    expect(pace.mayBlock()).toBe(true);
    work(51, 0);
    expect(pace.mayBlock()).toBe(false);
  });

  it('never lets work wait for a disk that is not local, or turned out not to be', () => {
    expect(paceByHand({ isLocal: false }).pace.mayBlock()).toBe(false);
    const { at, pace } = paceByHand();
    pace.neverBlock();
    at.ms += 1e9;
    expect(pace.mayBlock()).toBe(false);
  });
});

test('a temporary directory is local, and what the kernel makes up is not', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'claimcheck-pace-'));
  expect(isOnLocalFileSystem(directory)).toBe(true);
  expect(isOnLocalFileSystem('/proc')).toBe(false);
  await rm(directory, { recursive: true });
});
