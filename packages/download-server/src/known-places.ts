// Which files have been seen to lie where they should: asking the system where a descriptor was opened takes longer
// than opening it did (measured: 8 of 17 µs for all of a small file), and a file that many claims are for needs asking
// once. What is remembered is the file itself, so nothing else can come to be taken for it.
import type { Stats } from 'node:fs';

/** Some 200 bytes each. */
const MOST_KNOWN = 4096;

/** What tells one state of one file from all others: nobody can set the time of its last change back. */
type Known = Pick<Stats, 'dev' | 'ino' | 'ctimeMs'>;

export interface KnownPlaces {
  /** Whether the file that was opened by `path` is the one that was noted there, and unchanged, also in its names. */
  isKnown(path: string, stats: Known): boolean;
  /** To be called once it has been proven that this very file lies at `path`. */
  note(path: string, stats: Known): void;
}

export function createKnownPlaces(): KnownPlaces {
  const places = new Map<string, Known>();
  return {
    isKnown(path, { dev, ino, ctimeMs }) {
      const known = places.get(path);
      return known?.ino === ino && known.dev === dev && known.ctimeMs === ctimeMs;
    },
    note(path, { dev, ino, ctimeMs }) {
      if (places.size >= MOST_KNOWN) places.clear();
      places.set(path, { dev, ino, ctimeMs });
    },
  };
}
