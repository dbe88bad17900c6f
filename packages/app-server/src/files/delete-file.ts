// Deleting a file: its claims die first, then its row, then its bytes. Should a later step fail, the
// earlier ones stand, and what is left over is disk space, never a way to the content.
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { subjectOf } from '@claimcheck/shared/claim';
import { recordAudit, type Actor } from '../audit/record-audit.js';
import { markClaimsRevoked } from '../claims/revoke-claims.js';
import type { AppContext } from '../context.js';
import type { FileRecord } from '../database/schema.js';
import { revokeAround } from '../revoke-around.js';
import { findOwnFile } from './own-files.js';

/** @throws Refused `not-found`; LedgerUnavailableError, as `revokeAround` does. */
export async function deleteFile(
  context: AppContext,
  ownerId: string,
  fileId: string,
  by: Actor,
): Promise<void> {
  const { db, now } = context;
  const file = await findOwnFile(db, ownerId, fileId);
  await revokeAround(context, [subjectOf.file(file.storage_key)], async () => {
    await db.transaction().execute(async (transaction) => {
      await markClaimsRevoked(transaction, { file_id: file.id }, now());
      await transaction.deleteFrom('file').where('id', '=', file.id).execute();
      const details = { name: file.name, bytes: file.size_bytes };
      const fact = { ...by, action: 'file.deleted', subject: `file:${file.id}`, details } as const;
      await recordAudit(transaction, fact, now());
    });
    await removeBytes(context, file);
  });
}

/** Bytes that stay behind are reported, not refused: for the owner the file is gone. */
async function removeBytes({ config, log }: AppContext, file: FileRecord): Promise<void> {
  try {
    await unlink(join(config.filesRoot, file.storage_key));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    log.error({ err: error, storageKey: file.storage_key }, 'a deleted file is still on disk');
  }
}
