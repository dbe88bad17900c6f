// Turns what was thrown into an answer: a refusal as its table says, anything else as 500 without a word
// of what it was. Koa's own error answer drops headers and may show a message, so nothing may reach it.
import type { Context, Next } from 'koa';
import { logFields, requestIdOf, sendProblem } from '@claimcheck/shared/http';
import type { Logger } from '@claimcheck/shared/log';
import { chooseTexts } from './page-texts.js';
import { renderProblemPage } from './problem-page.js';
import { problemOf, Refused } from './problems.js';

/** Middleware, right behind the request log and around everything else. */
export function answerRefusals({ log }: { log: Logger }) {
  return async function catchRefusals(ctx: Context, next: Next): Promise<void> {
    try {
      await next();
    } catch (error) {
      answer(ctx, error, log);
    }
  };
}

function answer(ctx: Context, error: unknown, log: Logger): void {
  const refused =
    error instanceof Refused ? error : new Refused('internal-error', { reason: 'see the error' });
  logFields(ctx, { outcome: refused.code, reason: refused.reason });
  if (refused !== error) {
    log.error({ requestId: requestIdOf(ctx), err: error }, 'a request failed');
  }
  if (ctx.headerSent) {
    ctx.req.socket.destroy();
    return;
  }
  ctx.respond = true;
  ctx.set(refused.headers);
  const { code, usedBetween } = refused;
  const texts = chooseTexts((tags) => ctx.acceptsLanguages(tags));
  ctx.vary('Accept-Language');
  sendProblem(ctx, code, problemOf(code), ({ requestId }) =>
    renderProblemPage({ code, requestId, texts, usedBetween }),
  );
}
