// A refusal on the wire: `application/problem+json` (RFC 9457), or a page when the client prefers
// HTML. Same status, same headers, never cached.
import type { Context } from 'koa';
import { problemDocument, type Problem } from '../problems.js';
import { requestIdOf } from './request-log.js';

export interface ProblemPageProps {
  code: string;
  problem: Problem;
  /** What exactly was wrong, when it differs from the problem's advice. */
  detail: string | undefined;
  requestId: string;
}

/** Answers with a problem; `page` renders the HTML for clients that prefer it. */
export function sendProblem(
  ctx: Context,
  code: string,
  problem: Problem,
  page: (props: ProblemPageProps) => string,
  detail?: string,
): void {
  const requestId = requestIdOf(ctx);
  ctx.status = problem.status;
  ctx.set('Cache-Control', 'no-store');
  ctx.vary('Accept');
  if (problem.retryAfterSeconds !== undefined) {
    ctx.set('Retry-After', String(problem.retryAfterSeconds));
  }
  if (ctx.accepts('application/problem+json', 'application/json', 'text/html') === 'text/html') {
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = page({ code, problem, detail, requestId });
  } else {
    ctx.body = JSON.stringify(problemDocument(code, problem, requestId, detail));
    ctx.type = 'application/problem+json';
  }
}
