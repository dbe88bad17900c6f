// What follows when a replaced secret of a remembered browser is presented: two have had its cookie, and which of
// them is its owner cannot be told. So both are out, and the owner hears of it by mail and on the next page.
import { recordAudit } from '../audit/record-audit.js';
import type { IdentityContext } from '../context.js';
import { queueMail } from '../mail/queue-mail.js';
import { endChosen, markInLedger } from '../sessions/end-sessions.js';
import { forgetBrowsers, type RememberedBrowser } from '../sessions/remembered-browsers.js';
import type { Session } from '../sessions/session-store.js';
import { secretStolenMail } from './identity-mails.js';

/**
 * Ends the browser's whole family: its secrets, every session begun by them, and their claims with downloads
 * that are under way.
 * @param address of whoever presented the old secret, for the audit trail.
 * @throws LedgerUnavailableError, and then nothing was changed: the old secret will be noticed again.
 */
export async function reportTheft(
  context: IdentityContext,
  { id, account_id: accountId }: RememberedBrowser,
  address: string,
): Promise<void> {
  const { config, db, log, sessions, now } = context;
  const isOfFamily = ({ rememberedId }: Session) => rememberedId === id;
  const family = (await sessions.list(accountId, now())).filter(isOfFamily);
  await markInLedger(context, family, {});
  await db.transaction().execute(async (transaction) => {
    const forgotten = await forgetBrowsers(transaction, { account: accountId, id });
    // Of two who notice it at once, one tells.
    if (forgotten.length === 0) return;
    const account = await transaction
      .updateTable('account')
      .set({ theft_at: new Date(now()) })
      .where('id', '=', accountId)
      .returning('email')
      .executeTakeFirst();
    if (account?.email) {
      await queueMail(transaction, {
        to: account.email,
        ...secretStolenMail(config.appOrigin),
        stableId: `secret-stolen:${id}`,
        kind: 'account-notice',
        at: new Date(now()),
      });
    }
    const fact = { action: 'browser.secret-stolen', actorId: null, accountId } as const;
    await recordAudit(transaction, { ...fact, subject: `browser:${id}`, address }, now());
  });
  await endChosen(context, {
    accountId,
    chosen: isOfFamily,
    actorId: null,
    address,
    reason: 'secret-stolen',
  });
  log.warn({ accountId, browser: id }, 'a replaced secret of a remembered browser was presented');
}
