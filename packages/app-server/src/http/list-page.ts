// Long lists, newest first, one page at a time. A page is named by the last row of the one before it
// (instant and id), so that rows added or removed meanwhile neither repeat nor hide others.
import { sql, type SelectQueryBuilder } from 'kysely';
import { z } from 'zod';
import { Refused } from './problems.js';

const DEFAULT_ROWS = 100;
const MAX_ROWS = 500;
const CURSOR = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/;

/** Which rows are asked for: `limit` of them, older than `after`. */
export interface PageRequest {
  limit: number;
  after: Position | undefined;
}

interface Position {
  created_at: Date;
  id: string;
}

export interface PageOf<Row> {
  rows: Row[];
  /** The `after` that continues the list; undefined on its last page. */
  next: string | undefined;
}

const limit = z.coerce.number().int().min(1).max(MAX_ROWS);

/** What every list takes, for its description; `readPageRequest` reads it. */
export const pageQuery = z.object({
  limit: limit.optional().meta({ description: `Rows on a page, ${DEFAULT_ROWS} by default.` }),
  after: z.string().regex(CURSOR).optional().meta({ description: 'As an earlier page gave it.' }),
});

/**
 * Reads `?limit=` (1 to 500, by default 100) and `?after=` (a cursor that an earlier page gave).
 * @throws Refused `invalid-input` naming the parameter.
 */
export function readPageRequest(query: Readonly<Record<string, unknown>>): PageRequest {
  const rows = limit.safeParse(query['limit'] ?? DEFAULT_ROWS);
  if (!rows.success) {
    throw new Refused('invalid-input', `limit: expected a whole number from 1 to ${MAX_ROWS}`);
  }
  return { limit: rows.data, after: readCursor(query['after']) };
}

/**
 * The page that was asked for, of a query on a table that has `created_at` and `id`. One row more than
 * the page is fetched: it only says that there is more.
 */
export async function readPage<DB, TB extends keyof DB, Row extends Position>(
  query: SelectQueryBuilder<DB, TB, Row>,
  { limit: most, after }: PageRequest,
): Promise<PageOf<Row>> {
  let page = query
    .orderBy(sql`created_at`, 'desc')
    .orderBy(sql`id`, 'desc')
    .limit(most + 1);
  if (after) page = page.where(sql<boolean>`(created_at, id) < (${after.created_at}, ${after.id})`);
  const fetched: Row[] = await page.execute();
  const rows = fetched.slice(0, most);
  const last = rows.at(-1);
  const next =
    fetched.length > most && last ? `${last.created_at.getTime()}.${last.id}` : undefined;
  return { rows, next };
}

/** The address of the next page of `path`, keeping its other parameters out of it. */
export function nextPageUrl(path: string, next: string | undefined): string | undefined {
  return next === undefined ? undefined : `${path}?after=${next}`;
}

function readCursor(text: unknown): Position | undefined {
  if (text === undefined) return undefined;
  const [, instant, id] = (typeof text === 'string' && CURSOR.exec(text)) || [];
  if (instant === undefined || id === undefined) {
    throw new Refused('invalid-input', 'after: expected what an earlier page gave as its next');
  }
  return { created_at: new Date(Number(instant)), id };
}
