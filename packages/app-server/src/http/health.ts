// `/livez`: the process answers. `/readyz`: so do the database and the ledger, and no stop was asked
// for. The body names what is missing; it holds nothing an outsider must not see.
import type { Context } from 'koa';
import { sql } from 'kysely';
import type { AppContext } from '../context.js';

export function createHealthRoutes(
  { db, ledger }: Pick<AppContext, 'db' | 'ledger'>,
  isStopping: () => boolean,
) {
  return {
    live: (ctx: Context) => {
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { live: true };
    },
    ready: async (ctx: Context) => {
      const [database, ledgerAnswers] = await Promise.all([
        answers(sql`select 1`.execute(db)),
        answers(ledger.check()),
      ]);
      const stopping = isStopping();
      const ready = database && ledgerAnswers && !stopping;
      ctx.set('Cache-Control', 'no-store');
      ctx.status = ready ? 200 : 503;
      ctx.body = { ready, database, ledger: ledgerAnswers, stopping };
    },
  };
}

async function answers(question: Promise<unknown>): Promise<boolean> {
  try {
    await question;
    return true;
  } catch {
    return false;
  }
}
