// Everything that goes on beside the requests: mails, answers to requests for links, webhooks. One stop
// ends them all and lets what is under way finish.
import { startBackgroundLoop } from './background-loop.js';
import type { AppContext } from './context.js';
import { startMail } from './mail/start-mail.js';
import { answerLinkRequests, pruneIdentityLinks } from './sign-in/link-requests.js';
import { createSlots } from './slots.js';
import {
  deliverWebhooks,
  DELIVERIES_AT_A_TIME,
  pruneDeliveries,
} from './webhooks/deliver-webhooks.js';
import { isPublicAddress } from './webhooks/public-address.js';
import { createDeliverySender } from './webhooks/send-delivery.js';

const POLL_MS = 500;
const PRUNE_EVERY_MS = 60 * 60_000;

/** @throws Error that names the variable when a setting turns out to be of no use. */
export function startBackground(context: AppContext): { stop(): Promise<void> } {
  const { config, db, log, now } = context;
  const mail = startMail(context);
  const isDue = everyHour(now);
  const identity = startBackgroundLoop({
    log,
    name: 'link-requests',
    pollMs: POLL_MS,
    work: async () => {
      if (isDue()) {
        await pruneIdentityLinks(db, now());
        await pruneDeliveries(db, now());
      }
      return await answerLinkRequests(context);
    },
  });
  const sender = createDeliverySender({
    isAllowed: config.webhookAllowPrivate ? () => true : isPublicAddress,
  });
  const slots = createSlots(DELIVERIES_AT_A_TIME);
  const webhooks = startBackgroundLoop({
    log,
    name: 'webhooks',
    pollMs: POLL_MS,
    work: () => deliverWebhooks({ db, log, now, sender, slots }),
  });
  return {
    stop: async () => {
      await Promise.all([mail.stop(), identity.stop(), webhooks.stop()]);
      await slots.settle();
      await sender.close();
    },
  };
}

function everyHour(now: () => number): () => boolean {
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (now() - lastMs < PRUNE_EVERY_MS) return false;
    lastMs = now();
    return true;
  };
}
