// The database did not answer. Told apart from its saying "no" (a violated constraint, a wrong
// statement), since only the first is a 503 that is worth trying again.

export class DatabaseUnavailableError extends Error {
  override name = 'DatabaseUnavailableError';
}

/** SQLSTATE classes that mean "not now": connection, shutdown, out of resources, cancelled. */
const NOT_NOW = /^(?:08|53|57P|57014|25006)/;

/**
 * The error as callers should see it. What carries no SQLSTATE never came from the server: the
 * connection broke, timed out or could not be had.
 */
export function explainDatabaseError(error: unknown): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  const isAnswer = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !NOT_NOW.test(code);
  if (isAnswer || !(error instanceof Error) || isMistake(error)) return error;
  return new DatabaseUnavailableError('the database did not answer', { cause: error });
}

/** True for a violated unique constraint (SQLSTATE 23505). */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23505';
}

/** Our own fault, not the network's. */
function isMistake(error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}
