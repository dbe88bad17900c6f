// The database did not answer. Told apart from its saying "no" (a violated constraint, a wrong
// statement), since only the first is a 503 that is worth trying again.

export class DatabaseUnavailableError extends Error {
  override name = 'DatabaseUnavailableError';
}

/** What is told of an error without asking for its class, which another realm's error does not have. */
interface Described {
  name?: unknown;
  /** SQLSTATE, or a system error's code. */
  code?: unknown;
  /** The server's own field: nothing else has it. */
  severity?: unknown;
}

/** SQLSTATE classes that mean "not now": connection, shutdown, out of resources, cancelled, read-only. */
const NOT_NOW = /^(?:08|53|57P|57014|25006)/;

/** Our own fault, not the network's. */
const MISTAKES: ReadonlySet<unknown> = new Set(['TypeError', 'RangeError', 'SyntaxError']);

/**
 * The error as callers should see it. What did not come from the server means that the connection
 * broke, timed out or could not be had.
 */
export function explainDatabaseError(error: unknown): unknown {
  const { name, code, severity } = (error ?? {}) as Described;
  const isAnswer = severity !== undefined && !NOT_NOW.test(String(code));
  if (isAnswer || MISTAKES.has(name) || error instanceof DatabaseUnavailableError) return error;
  return new DatabaseUnavailableError('the database did not answer', { cause: error });
}

/** True for a violated unique constraint (SQLSTATE 23505). */
export function isDuplicate(error: unknown): boolean {
  return (error as Described | null)?.code === '23505';
}
