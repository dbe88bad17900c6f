// Whether the disk may be asked synchronously. That saves a small download most of its cost, but it stops every
// other one for as long as the disk takes, so it is for local file systems only, each such call is timed, and
// after a slow one they stop for a while. No call tells beforehand whether a file lies in memory: a cold file
// on a slow disk may cost everybody its one seek before this notices.
import { statfsSync } from 'node:fs';

/** Longer than this, when something was read from a disk meanwhile, and it is left to the thread pool. */
const SLOW_MS = 5;
/** The same, whatever was the matter. Shorter ones may be a busy processor's doing. */
const TOO_SLOW_MS = 50;
/** How long at first; it doubles while the disk is still slow when it is tried again. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** `f_type` in statfs(2) of file systems that lie on a disk or in the memory of this machine. */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x794c7630, // overlayfs
  0x01021994, // tmpfs
]);

export interface DiskPace {
  /** Whether a synchronous call may be made now. */
  mayBlock(): boolean;
  /** Takes the time of synchronous work on the disk, also when it throws. */
  timed<T>(work: () => T): T;
  /** No synchronous calls any more: something below the root turned out not to be on its file system. */
  neverBlock(): void;
}

export interface DiskPaceOptions {
  /** Whether the root lies on a local file system. */
  isLocal: boolean;
  /** Milliseconds of a clock that never goes back. */
  clock?: () => number;
  /** How often this process has read from a disk, `ru_inblock` in getrusage(2). */
  diskReads?: () => number;
}

export function createDiskPace({
  isLocal,
  clock = () => performance.now(),
  diskReads = () => process.resourceUsage().fsRead,
}: DiskPaceOptions): DiskPace {
  let forbidden = !isLocal;
  let pauseMs = FIRST_PAUSE_MS;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let knownReads = diskReads();

  /** Asked after a call that took long, since the answer costs more than a quick one. */
  function haveDisksBeenRead(): boolean {
    const before = knownReads;
    knownReads = diskReads();
    return knownReads !== before;
  }

  function pause(nowMs: number): void {
    // Slow again within the time it was last left alone for: leave it alone for longer.
    const again = nowMs - pausedUntilMs < pauseMs;
    pauseMs = again ? Math.min(pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    pausedUntilMs = nowMs + pauseMs;
  }

  return {
    mayBlock: () => !forbidden && clock() >= pausedUntilMs,
    timed(work) {
      const startedMs = clock();
      try {
        return work();
      } finally {
        const nowMs = clock();
        const tookMs = nowMs - startedMs;
        if (tookMs > SLOW_MS && (haveDisksBeenRead() || tookMs > TOO_SLOW_MS)) pause(nowMs);
      }
    },
    neverBlock() {
      forbidden = true;
    },
  };
}

/** Whether a directory lies on a local file system; false where the system does not tell. */
export function isOnLocalFileSystem(directory: string): boolean {
  if (process.platform !== 'linux') return false;
  return LOCAL_FILE_SYSTEMS.has(statfsSync(directory).type >>> 0);
}
