// A press: from a link that may be used to the URL of a claim. Pressing again while the copy is not
// finished gives the same claim: signatures are deterministic (RFC 8032), so the very same token is made
// again from what is stored. Which of several presses begins a copy is decided by a unique key in SQL.
import { DEFAULT_LIFE_SECONDS, linkSubject, type ClaimedFile } from '@claimcheck/shared/claim';
import { mintClaim, newNonce, type SigningKey } from '@claimcheck/shared/mint';
import { auditRow } from '../audit/record-audit.js';
import { noteSigningKey } from '../claims/claim-keys.js';
import { claimedFileOf } from '../claims/mint-download.js';
import type { AppContext } from '../context.js';
import { createStoredFileCheck } from '../files/check-stored-file.js';
import { Refused } from '../http/problems.js';
import { chooseCopy } from './choose-copy.js';
import { readCopies, standingsOf, type SignedCopy } from './copy-of-link.js';
import { findLinkByHandle, refusalOf, type FoundLink } from './find-link.js';
import type { CopyRecord } from './link-tables.js';

/** Each round somebody else has begun a copy; a link has few presses at a time. */
const MAX_ROUNDS = 20;

export interface Press {
  /** As it came in the address. */
  handle: string;
  /** Where the press comes from. */
  address: string;
  /** Hash of the cookie that the page gave this browser, if it came back. */
  browserOf: (linkId: string) => string | undefined;
  /** Lets pass, or throws: the code and whatever else is asked of the person. */
  admit: (found: FoundLink) => Promise<void>;
}

export interface TakenCopy {
  claimId: string;
  /** Holds the token: to be given to the asker and written nowhere. */
  url: string;
  linkId: string;
}

/** Returns the function behind the button. */
export function createCopyTaker(context: AppContext) {
  const { config, db, keys, ledger, now } = context;
  const checkStoredFile = createStoredFileCheck(context);

  /**
   * The order is that of every mint: instant and fence first, permission after, so that whatever is
   * withdrawn meanwhile kills the claim.
   * @throws Refused with a link's refusal, or whatever `admit` throws; LedgerUnavailableError.
   */
  return async function takeCopy({ handle, address, browserOf, admit }: Press): Promise<TakenCopy> {
    const requestedAtMs = now();
    const nonce = newNonce();
    const fence = await ledger.fence(nonce);
    const found = await findLinkByHandle(db, handle);
    const { link, file } = found;
    const refusal = refusalOf(found);
    if (refusal !== undefined || file === undefined) throw new Refused(refusal ?? 'link-file-gone');
    await admit(found);
    const mtimeMs = await checkStoredFile(file);
    const browser = browserOf(link.id);
    const expired = link.expires_at.getTime() <= requestedAtMs;

    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const known = await readCopies(db, link.id);
      const standings = await standingsOf({ db, ledger }, known, requestedAtMs);
      const choice = chooseCopy(standings, { browser, copies: expired ? 0 : link.copies });
      if (choice.kind === 'spent') {
        const used = standings.some(({ standing }) => standing === 'spent');
        throw new Refused(expired && !used ? 'link-expired' : 'link-used');
      }
      const last = known.find(({ number }) => number === choice.number);
      const key = await keys.signing();
      const copy =
        choice.kind === 'continue' ? await goOn(last, key) : await begin(choice.number, last, key);
      if (copy) return { claimId: copy.claim_id, url: await urlOf(copy, key), linkId: link.id };
    }
    throw new Refused('busy');

    async function goOn(copy: SignedCopy | undefined, key: SigningKey) {
      if (copy) await noteSigningKey(db, { ...copy, id: copy.claim_id }, key.id);
      return copy;
    }

    /** Undefined when another press has begun this copy just now. */
    async function begin(number: number, last: CopyRecord | undefined, key: SigningKey) {
      const issuedAt = new Date(Math.floor(requestedAtMs / 1000) * 1000);
      const copy: CopyRecord = {
        claim_id: nonce,
        link_id: link.id,
        number,
        attempt: (last?.attempt ?? 0) + 1,
        browser_hash: browser ?? null,
        fence,
        issued_at: issuedAt,
        expires_at: new Date(issuedAt.getTime() + DEFAULT_LIFE_SECONDS * 1000),
        claimed_file: JSON.stringify(file && claimedFileOf(file, mtimeMs)),
        outcome: null,
      };
      return await db.transaction().execute(async (transaction) => {
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('link_copy')
          .values(copy)
          .onConflict((conflict) => conflict.columns(['link_id', 'number', 'attempt']).doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows !== 1n) return undefined;
        const details = { claimId: nonce, copy: number };
        const by = { actorId: null, address, accountId: link.account_id };
        const fact = {
          ...by,
          action: 'link.pressed',
          subject: `link:${link.id}`,
          details,
        } as const;
        await transaction
          .with('minted', (cte) =>
            cte.insertInto('claim').values({
              id: nonce,
              account_id: link.account_id,
              session_reference: null,
              link_id: link.id,
              file_id: link.file_id,
              file_name: link.file_name,
              size_bytes: link.size_bytes,
              created_at: issuedAt,
              expires_at: copy.expires_at,
              revoked_at: null,
              mode: 'resumable',
              key_ids: [key.id],
            }),
          )
          .insertInto('audit_entry')
          .values(auditRow(fact, requestedAtMs))
          .execute();
        return copy;
      });
    }

    async function urlOf(copy: CopyRecord, key: SigningKey): Promise<string> {
      const fil = JSON.parse(copy.claimed_file) as ClaimedFile;
      const issuedAtMs = copy.issued_at.getTime();
      const { token } = await mintClaim<'download'>(
        key,
        {
          iss: config.appOrigin,
          aud: config.downloadOrigin,
          sub: linkSubject(link.id),
          jti: copy.claim_id,
          act: 'download',
          fen: copy.fence,
          acc: link.account_id,
          fil,
          mod: 'resumable',
        },
        issuedAtMs,
        (copy.expires_at.getTime() - issuedAtMs) / 1000,
      );
      return `${config.downloadOrigin}/d/${token}/${encodeURIComponent(fil.name)}`;
    }
  };
}
