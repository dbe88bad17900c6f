// The recipient's two requests: GET and HEAD look and change nothing; POST, the button, mints a claim and
// sends the browser to it. No session, no script, no cookie is asked for.
import { logFields } from '@claimcheck/shared/http';
import type { Context } from 'koa';
import { z } from 'zod';
import type { AppContext } from '../context.js';
import type { Handler } from '../files/routes.js';
import { assetsOf } from '../http/assets.js';
import { APP_PROBLEMS, Refused, type AppRefusal } from '../http/problems.js';
import { readForm } from '../http/read-body.js';
import { redirectTo } from '../http/redirect-to.js';
import { readUserAgent, renderLanding } from '../pages/index.js';
import { browserOf, offerBrowserCookie } from './browser-cookie.js';
import { BUTTON, checkPress, stampView, type PressSource } from './check-press.js';
import { describeLanding, usedUp } from './describe-landing.js';
import { findLinkByHandle, type FoundLink } from './find-link.js';
import { checkCode } from './link-code.js';
import { readToldCopies } from './list-links.js';
import { recordVisit } from './record-link-event.js';
import { createCopyTaker } from './take-copy.js';

/** The fields of the page's form. */
export const pressForm = z.object({
  view: z.string().max(100).optional().catch(undefined),
  press: z.string().max(100).optional().catch(undefined),
  code: z.string().max(100).optional().catch(undefined),
});

/** Said on the page itself, which then has its button again. */
const SAID_IN_PLACE: ReadonlySet<AppRefusal> = new Set<AppRefusal>([
  'not-pressed',
  'wrong-code',
  'too-many-attempts',
]);

export function createLandingRoutes(context: AppContext) {
  const { config, db, linkDigest, now } = context;
  const takeCopy = createCopyTaker(context);

  async function showPage(ctx: Context, found: FoundLink, refused?: Refused): Promise<void> {
    const { link, sender } = found;
    const facts = await describeLanding(context, found);
    if (link.copies > 1) offerBrowserCookie(ctx);
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = renderLanding({
      assets: assetsOf(ctx),
      action: ctx.path,
      url: `${config.appOrigin}${ctx.path}`,
      button: BUTTON,
      view: stampView(linkDigest, link.id, now()),
      fileName: link.file_name,
      sizeBytes: link.size_bytes,
      sender: sender.email,
      message: link.message,
      expiresAt: link.expires_at,
      copies: link.copies,
      needsCode: link.code_hash !== null,
      ...facts,
      refusal: refused && inWords(refused),
    });
    if (refused === undefined) return;
    ctx.status = APP_PROBLEMS[refused.code].status;
    if (refused.retryAfterSeconds !== undefined) {
      ctx.set('Retry-After', String(refused.retryAfterSeconds));
    }
    logFields(ctx, { refusal: refused.code });
  }

  /** Everything that has to be right before a press is believed; told to the sender when it is not. */
  async function admit(ctx: Context, found: FoundLink, form: z.infer<typeof pressForm>) {
    const { link } = found;
    const atMs = now();
    const heldBack = checkPress(pressSourceOf(ctx, form), {
      digest: linkDigest,
      linkId: link.id,
      nowMs: atMs,
    });
    if (heldBack !== undefined) {
      logFields(ctx, { heldBack });
      await recordVisit(db, { link, kind: 'held-back', detail: heldBack, atMs });
      throw new Refused('not-pressed');
    }
    try {
      await checkCode({ db, digest: linkDigest, nowMs: atMs }, link, form.code);
    } catch (error) {
      const wrong = error instanceof Refused && form.code !== undefined && form.code !== '';
      if (wrong) await recordVisit(db, { link, kind: 'code-wrong', atMs });
      throw error;
    }
  }

  /** Somebody came after the last copy: the sender is told, the visitor hears when it went. */
  async function explainUsed({ link }: FoundLink): Promise<Refused> {
    const atMs = now();
    await recordVisit(db, { link, kind: 'refused', atMs });
    return usedUp((await readToldCopies(db, [link.id], atMs)).get(link.id) ?? []);
  }

  return {
    /** `GET` and `HEAD /l/{handle}`. */
    show: async (ctx: Context) => {
      const found = await findLinkByHandle(db, handleOf(ctx));
      logFields(ctx, { link: found.link.id });
      await showPage(ctx, found);
      if (ctx.method === 'HEAD' || isPrefetch(ctx)) return;
      await recordVisit(db, {
        link: found.link,
        kind: 'page-seen',
        detail: readUserAgent(ctx.get('User-Agent')),
        atMs: now(),
      });
    },
    /** `POST /l/{handle}`, the page's form → 303 to the claim. */
    press: async (ctx: Context) => {
      const form = await readForm(ctx, pressForm);
      const handle = handleOf(ctx);
      let found: FoundLink | undefined;
      try {
        const taken = await takeCopy({
          handle,
          address: ctx.ip,
          admit: async (admitted) => {
            found = admitted;
            logFields(ctx, { link: admitted.link.id });
            await admit(ctx, admitted, form);
          },
          browserOf: (linkId) => browserOf(ctx, linkDigest, linkId),
        });
        logFields(ctx, { claimId: taken.claimId });
        redirectTo(ctx, taken.url);
      } catch (error) {
        if (!(error instanceof Refused) || found === undefined) throw error;
        if (error.code === 'link-used') throw await explainUsed(found);
        if (!SAID_IN_PLACE.has(error.code) || !prefersPage(ctx)) throw error;
        await showPage(ctx, found, error);
      }
    },
  } satisfies Record<string, Handler>;
}

const handleOf = (ctx: Context) => String((ctx['params'] as Record<string, string>)['handle']);

function inWords({ code, detail }: Refused): string {
  const { title, advice } = APP_PROBLEMS[code];
  // What programs are told besides is of no use to people.
  if (code === 'not-pressed') return `${title}. We could not tell that a person did.`;
  return `${title}. ${detail ?? advice}`;
}

function pressSourceOf(ctx: Context, form: z.infer<typeof pressForm>): PressSource {
  return {
    view: form.view,
    press: form.press,
    fetchMode: ctx.get('Sec-Fetch-Mode'),
    fetchUser: ctx.get('Sec-Fetch-User'),
    clientHints: ctx.get('Sec-CH-UA'),
    purpose: purposeOf(ctx),
  };
}

/** The same question as that of every refusal. */
function prefersPage(ctx: Context): boolean {
  return ctx.accepts('application/problem+json', 'application/json', 'text/html') === 'text/html';
}

function purposeOf(ctx: Context): string {
  return `${ctx.get('Sec-Purpose')} ${ctx.get('Purpose')}`.trim();
}

function isPrefetch(ctx: Context): boolean {
  return /prefetch|prerender|preview/i.test(purposeOf(ctx));
}
