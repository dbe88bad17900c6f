// The trail as CSV, written page by page as it is read: of any length, with one page in memory, and no
// transaction that is open as long as the client is slow.
import { Readable } from 'node:stream';
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.js';
import { readPageRequest } from '../http/list-page.js';
import { BYTE_ORDER_MARK, toCsvLines } from '../http/write-csv.js';
import { describeAction } from './describe-action.js';
import type { AuditFilter } from './input.js';
import { listAudit, type AuditEntry } from './list-audit.js';

const ROWS_AT_A_TIME = 500;

const HEAD = [
  'at',
  'action',
  'what',
  'actor',
  'actor e-mail',
  'account',
  'account e-mail',
  'subject',
  'address',
  'details',
] as const;

/** Every entry that the filter lets through and that is there when the export begins, newest first. */
export function exportAudit(db: Kysely<Schema>, filter: AuditFilter): Readable {
  return Readable.from(lines(db, filter), { objectMode: false });
}

async function* lines(db: Kysely<Schema>, filter: AuditFilter): AsyncGenerator<Buffer> {
  yield Buffer.from(BYTE_ORDER_MARK + toCsvLines([HEAD]));
  let after: string | undefined;
  do {
    const request = readPageRequest({ limit: ROWS_AT_A_TIME, after });
    const { rows, next } = await listAudit(db, { ...request, ...filter });
    if (rows.length > 0) yield Buffer.from(toCsvLines(rows.map(cells)));
    after = next;
  } while (after !== undefined);
}

function cells({ at, action, actor, account, subject, address, details }: AuditEntry) {
  return [
    at,
    action,
    describeAction(action),
    actor?.id,
    actor?.email,
    account?.id,
    account?.email,
    subject,
    address,
    JSON.stringify(details),
  ];
}
