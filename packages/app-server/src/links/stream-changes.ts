// Server-sent events (WHATWG HTML, section 9.2): a page that shows links is told when to look again. A
// stream ends with its session, and when the server stops; the browser then asks again by itself.
import type { Context } from 'koa';
import type { SignedIn } from '../context.js';
import { Refused } from '../http/problems.js';
import type { LinkWatch } from './watch-links.js';

/** Proxies cut what is silent for a minute. Milliseconds. */
const HEARTBEAT_MS = 15_000;
/** Tabs that one account may have open on its links at each app server. */
const MAX_STREAMS = 30;
const RETRY_MS = 2000;

export interface StreamOptions {
  watch: LinkWatch;
  viewer: SignedIn;
  linkId?: string;
  /** What is sent at the beginning and after each change. */
  read: () => Promise<unknown>;
}

/** Answers with the stream and returns at once. @throws Refused `too-many-attempts`. */
export function streamChanges(ctx: Context, options: StreamOptions): void {
  const { watch, viewer, linkId, read } = options;
  const accountId = viewer.account.id;
  if (watch.countOf(accountId) >= MAX_STREAMS) {
    throw new Refused('too-many-attempts', 'Too many pages are open at once; close some.', {
      retryAfterSeconds: 10,
    });
  }
  const { res } = ctx;
  ctx.respond = false;
  ctx.status = 200;
  ctx.set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // nginx would keep events back until its buffer is full.
    'X-Accel-Buffering': 'no',
  });
  res.flushHeaders();
  res.write(`retry: ${RETRY_MS}\n\n`);

  const send = async () => {
    const data = JSON.stringify(await read());
    if (!res.writableEnded) res.write(`event: change\ndata: ${data}\n\n`);
  };
  // One at a time and none twice: a reader that is slow gets the newest state.
  let sending = false;
  let again = false;
  const tell = () => {
    again = true;
    if (sending) return;
    sending = true;
    void (async () => {
      while (again) {
        again = false;
        await send();
      }
      sending = false;
    })().catch(() => res.end());
  };
  const heartbeat = setInterval(() => {
    res.write(':\n\n');
    viewer.isStillSignedIn().then(
      (still) => !still && res.end(),
      () => res.end(),
    );
  }, HEARTBEAT_MS);
  const stop = watch.watch({ accountId, linkId, changed: tell, ended: () => res.end() });
  res.once('close', () => {
    clearInterval(heartbeat);
    stop();
  });
}
