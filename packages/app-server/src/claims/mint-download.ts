// Minting a download claim. The order is the rule: the fence is read first and the permission after
// it, so that a permission withdrawn in between is either marked in the life of the ledger that the
// claim names, or that life is over and the claim with it.
import {
  DEFAULT_LIFE_SECONDS,
  type ClaimedFile,
  type DownloadClaim,
} from '@claimcheck/shared/claim';
import { mintClaim, newNonce } from '@claimcheck/shared/mint';
import { auditRow, type Actor } from '../audit/record-audit.js';
import type { AppContext, SignedIn } from '../context.js';
import type { FileRecord } from '../database/schema.js';
import { createStoredFileCheck } from '../files/check-stored-file.js';
import { findOwnFile } from '../files/own-files.js';
import { Refused } from '../http/problems.js';

export interface DownloadWish {
  fileId: string;
  /** 1 to 900; 120 by default. */
  lifetimeSeconds?: number | undefined;
  /** `resumable` by default: what breaks off can be finished from the same URL. */
  mode?: DownloadClaim['mod'] | undefined;
}

export interface MintedDownload {
  /** The claim's nonce. */
  id: string;
  /** Holds the token: to be given to the asker and written nowhere. */
  url: string;
  fileName: string;
  expiresAt: Date;
}

/** Returns a function that mints a claim for one copy of one of the viewer's files. */
export function createDownloadMint(context: AppContext) {
  const { config, db, keys, ledger } = context;
  const checkStoredFile = createStoredFileCheck(context);

  /**
   * @throws Refused `not-signed-in`, `not-found`, `file-missing`, `file-changed`; LedgerUnavailableError.
   */
  return async function mintDownload(
    { account, sessionReference, requestedAtMs, isStillSignedIn }: SignedIn,
    { fileId, lifetimeSeconds = DEFAULT_LIFE_SECONDS, mode = 'resumable' }: DownloadWish,
    by: Actor,
  ): Promise<MintedDownload> {
    const nonce = newNonce();
    const fence = await ledger.fence(nonce);
    if (!(await isStillSignedIn())) throw new Refused('not-signed-in');
    const file = await findOwnFile(db, account.id, fileId);
    const mtimeMs = await checkStoredFile(file);
    const key = await keys.signing();
    const { token, expiresAtMs } = await mintClaim<'download'>(
      key,
      {
        iss: config.appOrigin,
        aud: config.downloadOrigin,
        sub: account.id,
        jti: nonce,
        act: 'download',
        fen: fence,
        ses: sessionReference,
        fil: claimedFileOf(file, mtimeMs),
        mod: mode,
      },
      requestedAtMs,
      lifetimeSeconds,
    );
    const expiresAt = new Date(expiresAtMs);
    const details = { fileId: file.id, mode };
    const fact = { ...by, action: 'claim.minted', subject: `claim:${nonce}`, details } as const;
    // One statement and so one round trip for both, and both or neither.
    await db
      .with('minted', (cte) =>
        cte.insertInto('claim').values({
          id: nonce,
          account_id: account.id,
          session_reference: sessionReference,
          file_id: file.id,
          file_name: file.name,
          size_bytes: file.size_bytes,
          created_at: new Date(requestedAtMs),
          expires_at: expiresAt,
          revoked_at: null,
          mode,
          key_ids: [key.id],
        }),
      )
      .insertInto('audit_entry')
      .values(auditRow(fact, requestedAtMs))
      .execute();
    const url = `${config.downloadOrigin}/d/${token}/${encodeURIComponent(file.name)}`;
    return { id: nonce, url, fileName: file.name, expiresAt };
  };
}

/** What a claim says of a file that was last written at `mtimeMs`, Unix milliseconds. */
export function claimedFileOf(file: FileRecord, mtimeMs: number): ClaimedFile {
  return {
    key: file.storage_key,
    name: file.name,
    type: file.media_type,
    size: file.size_bytes,
    sha256: Buffer.from(file.sha256, 'hex').toString('base64url'),
    mtime: mtimeMs,
  };
}
