// The catalogue as its owner sees it. Every query here asks for the owner, so that "not yours" and
// "not there" are one answer.
import type { Kysely } from 'kysely';
import type { FileRecord, Schema } from '../database/schema.js';
import { Refused } from '../http/problems.js';
import { readPage, type PageOf, type PageRequest } from '../http/list-page.js';

/** One page of an account's files, newest first. */
export async function listFiles(
  db: Kysely<Schema>,
  ownerId: string,
  request: PageRequest,
): Promise<PageOf<FileRecord>> {
  const own = db.selectFrom('file').selectAll().where('owner_id', '=', ownerId);
  return await readPage(own, request);
}

/**
 * One file, if this account owns it and is not disabled at this moment.
 * @throws Refused `not-found`.
 */
export async function findOwnFile(
  db: Kysely<Schema>,
  ownerId: string,
  fileId: string,
): Promise<FileRecord> {
  const file = await db
    .selectFrom('file')
    .innerJoin('account', 'account.id', 'file.owner_id')
    .selectAll('file')
    .where('file.id', '=', fileId)
    .where('file.owner_id', '=', ownerId)
    .where('account.disabled_at', 'is', null)
    .executeTakeFirst();
  if (file === undefined) throw new Refused('not-found');
  return file;
}
