// Making links: one for each file and recipient, with its mail, all in one transaction. What is secret
// (address and code) is given back once and stored as hashes; it cannot be shown again, only replaced.
import { recordAudits, type Actor } from '../audit/record-audit.js';
import type { AppContext, SignedIn } from '../context.js';
import { newId } from '../database/new-id.js';
import type { FileRecord } from '../database/schema.js';
import { createStoredFileCheck } from '../files/check-stored-file.js';
import { findOwnFile } from '../files/own-files.js';
import { hashOfHandle, mailedUrl, newHandle } from '../mailed-handle.js';
import { takeLinkQuota } from '../quotas/take-link-quota.js';
import type { NewLinks } from './input.js';
import { hashOfCode, newCode } from './link-code.js';
import type { LinkRecord } from './link-tables.js';
import { mailLink } from './mail-link.js';
import { recordLinkEvents } from './record-link-event.js';

/** What only the maker of a link ever sees, beside the link. */
export interface NewLink {
  link: LinkRecord;
  url: string;
  code: string | undefined;
}

/** Returns a function that makes links to the viewer's files. */
export function createLinkMaker(context: AppContext) {
  const { config, db, linkDigest } = context;
  const checkStoredFile = createStoredFileCheck(context);

  /** @throws Refused `not-found` for a file of somebody else, `file-missing`, `file-changed`, `links-used-up`. */
  return async function createLinks(
    { account, requestedAtMs }: SignedIn,
    wish: NewLinks,
    by: Actor,
  ): Promise<NewLink[]> {
    const files = await Promise.all(
      wish.fileIds.map((fileId) => findOwnFile(db, account.id, fileId)),
    );
    for (const file of files) await checkStoredFile(file);
    const recipients = wish.recipients.length === 0 ? [null] : wish.recipients;
    const made = files.flatMap((file) => recipients.map((to) => makeOne(file, to)));
    await db.transaction().execute(async (transaction) => {
      const wanted = { accountId: account.id, links: made.length, nowMs: requestedAtMs };
      await takeLinkQuota({ config, db: transaction }, wanted);
      await transaction
        .insertInto('link')
        .values(made.map(({ link }) => link))
        .execute();
      await transaction
        .insertInto('link_handle')
        .values(
          made.map(({ link, handle }) => ({
            hash: hashOfHandle(handle),
            link_id: link.id,
            created_at: link.created_at,
            replaced_at: null,
          })),
        )
        .execute();
      await recordLinkEvents(
        transaction,
        made.map(({ link }) => ({ link, kind: 'created', atMs: requestedAtMs })),
      );
      const facts = made.map(({ link: { id, file_id: fileId, recipient: to } }) => {
        const details = { fileId, to };
        return { ...by, action: 'link.created', subject: `link:${id}`, details } as const;
      });
      await recordAudits(transaction, facts, requestedAtMs);
      const { appOrigin } = config;
      for (const { link, handle, url } of made) {
        const mail = { link, handle, url, sender: account, appOrigin, atMs: requestedAtMs };
        await mailLink(transaction, mail);
      }
    });
    return made.map(({ link, url, code }) => ({ link, url, code }));

    function makeOne(file: FileRecord, to: string | null) {
      const id = newId();
      const handle = newHandle();
      const code = wish.code ? newCode() : undefined;
      const link: LinkRecord = {
        id,
        account_id: account.id,
        file_id: file.id,
        file_name: file.name,
        size_bytes: file.size_bytes,
        recipient: to,
        message: wish.message,
        copies: wish.copies,
        notify: wish.notify,
        code_hash: code === undefined ? null : hashOfCode(linkDigest, id, code),
        code_tries: 0,
        code_blocked_until: null,
        created_at: new Date(requestedAtMs),
        expires_at: new Date(requestedAtMs + wish.expiresInSeconds * 1000),
        revoked_at: null,
        run_out_at: null,
      };
      return { link, handle, code, url: mailedUrl(config.appOrigin, 'l', handle) };
    }
  };
}
