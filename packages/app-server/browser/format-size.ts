// Sizes for people: decimal units as storage is sold and as browsers' download lists show them, with
// a no-break space, so that a number never loses its unit at the end of a line.
const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const NO_BREAK_SPACE = '\u00a0';

/** `12.3 MB`; one decimal below 100, none above. `bytes` is a whole number, not negative. */
export function formatSize(bytes: number): string {
  if (bytes === 1) return `1${NO_BREAK_SPACE}byte`;
  const unit = unitOf(bytes);
  return `${inUnit(bytes, unit, Math.round)}${NO_BREAK_SPACE}${UNITS[unit]}`;
}

/**
 * `3 of 12 MB`, or `900 kB of 12 MB` where the units differ. The first number is rounded down, so
 * that something incomplete never reads as complete.
 */
export function formatProgress(sentBytes: number, totalBytes: number): string {
  const [sentUnit, totalUnit] = [unitOf(sentBytes), unitOf(totalBytes)];
  const sent = inUnit(sentBytes, sentUnit, Math.floor);
  const unit =
    sentUnit === totalUnit || sentBytes === 0 ? '' : `${NO_BREAK_SPACE}${UNITS[sentUnit]}`;
  return `${sent}${unit} of ${formatSize(totalBytes)}`;
}

/** `62 %`, rounded down, so that something incomplete never reads as complete. */
export function formatPercent(sentBytes: number, totalBytes: number): string {
  const percent = totalBytes === 0 ? 0 : Math.floor((sentBytes / totalBytes) * 100);
  return `${percent}${NO_BREAK_SPACE}%`;
}

/** The unit in which the rounded number stays below 1000. */
function unitOf(bytes: number): number {
  let unit = 0;
  while (unit < UNITS.length - 1 && bytes / 1000 ** unit >= (unit === 0 ? 1000 : 999.5)) unit += 1;
  return unit;
}

function inUnit(bytes: number, unit: number, round: (value: number) => number): string {
  const value = bytes / 1000 ** unit;
  return String(value < 99.95 && unit > 0 ? round(value * 10) / 10 : round(value));
}
