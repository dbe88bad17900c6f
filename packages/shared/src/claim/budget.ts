// How many bytes of a file may leave for one resumable claim, and in which portions they are paid for. Bytes
// are counted and not requests: a count of requests is gamed by asking for a little less than all.

const MIB = 1024 * 1024;
const LEAST_SLICE_BYTES = MIB / 4;
const MOST_SLICE_BYTES = 8 * MIB;

/**
 * All body bytes that may ever be sent for a claim to a file of this size: one copy, and what connections that
 * break lose on their way, a quarter of the size and 1 MiB. (A kernel alone may hold 4 MiB of a broken one.)
 */
export function budgetOf(sizeBytes: number): number {
  return sizeBytes + Math.ceil(sizeBytes / 4) + MIB;
}

/**
 * How much must be left of the budget for a request for the whole file to be answered, once a response has brought
 * the whole: all of it, or that fewer bytes than the file has were paid for. Who asks for the whole then comes for a
 * second copy. Before that, and for any part, what is left is given, however little: some clients ask for more
 * than they will take.
 */
export function leastForWhole(sizeBytes: number): number {
  return Math.min(sizeBytes, budgetOf(sizeBytes) - sizeBytes + 1);
}

/**
 * How many bytes a response has paid for and not yet sent at most: what the crash of a server costs. An
 * eighth of the allowance, so that several such losses still leave enough to finish.
 */
export function sliceOf(sizeBytes: number): number {
  const allowance = budgetOf(sizeBytes) - sizeBytes;
  return Math.min(Math.max(Math.floor(allowance / 8), LEAST_SLICE_BYTES), MOST_SLICE_BYTES);
}
