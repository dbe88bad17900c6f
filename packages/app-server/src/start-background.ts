// Everything that goes on beside the requests: events of downloads, links that run out, mails, answers to
// requests for links, webhooks, forgetting. One stop ends them all and lets what is under way finish.
import { forgetAudit } from './audit/forget-audit.js';
import { tellRefusedSignIns } from './audit/record-refused-sign-in.js';
import { startBackgroundLoop } from './background-loop.js';
import { createEventFollower } from './claims/follow-events.js';
import type { AppContext } from './context.js';
import { pruneChallenges } from './factors/passkey-challenges.js';
import { prunePendingSignIns } from './factors/pending-sign-in.js';
import { auditKeyChanges } from './keys/audit-keys.js';
import { LOOK_EVERY_MS, MARK_EVERY_MS, type KeyTending } from './keys/tend-keys.js';
import { noteExpiredLinks } from './links/note-expired-links.js';
import { settleCopies } from './links/settle-copies.js';
import { pruneOptOuts } from './mail/opt-out.js';
import { pruneOutbox } from './mail/outbox.js';
import { startMail } from './mail/start-mail.js';
import { pruneRemembered } from './sessions/remembered-browsers.js';
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
const SETTLE_EVERY_MS = 10_000;
const PRUNE_EVERY_MS = 60 * 60_000;

export interface Background {
  /** How far what is known of downloads is behind. */
  eventLagSeconds(): number;
  stop(): Promise<void>;
}

/** @throws Error that names the variable when a setting turns out to be of no use. */
export function startBackground(context: AppContext, tending: KeyTending): Background {
  const { config, db, log, now } = context;
  const mail = startMail(context);
  const sender = createDeliverySender({
    isAllowed: config.webhookAllowPrivate ? () => true : isPublicAddress,
  });
  const slots = createSlots(DELIVERIES_AT_A_TIME);
  const follower = createEventFollower(context);
  const loops = [
    startLoop('events', () => follower.takeBatch()),
    startLoop('expired-links', () => noteExpiredLinks(context)),
    startLoop(
      'link-copies',
      once(() => settleCopies(context)),
      SETTLE_EVERY_MS,
    ),
    startLoop('link-requests', () => answerLinkRequests(context)),
    startLoop('webhooks', () => deliverWebhooks({ db, log, now, sender, slots })),
    // Apart, so that a ledger or a database that is away keeps nobody from seeing that a key was killed.
    startLoop(
      'keys',
      once(() => tending.look()),
      LOOK_EVERY_MS,
    ),
    startLoop(
      'killed-keys',
      once(() => tending.mark()),
      MARK_EVERY_MS,
    ),
    startLoop('key-audit', once(auditKeyChanges(context)), LOOK_EVERY_MS),
    startLoop('forgetting', once(forget), PRUNE_EVERY_MS),
  ];

  function startLoop(name: string, work: () => Promise<number>, pollMs = POLL_MS) {
    return startBackgroundLoop({ log, name, work, pollMs });
  }

  async function forget(): Promise<void> {
    const prunes = [pruneIdentityLinks, pruneDeliveries, pruneOutbox, pruneOptOuts];
    for (const prune of [...prunes, pruneRemembered]) {
      await prune(db, now());
    }
    for (const prune of [prunePendingSignIns, pruneChallenges]) await prune(db, now());
    await tellRefusedSignIns(db, now());
    const { auditRetentionDays } = config;
    if (auditRetentionDays !== undefined) await forgetAudit(db, now(), auditRetentionDays);
  }

  return {
    eventLagSeconds: () => follower.lagSeconds(),
    stop: async () => {
      await Promise.all([mail.stop(), ...loops.map((loop) => loop.stop())]);
      await slots.settle();
      await sender.close();
    },
  };
}

/** Work that does all there is in one go: the loop rests after it. */
function once(work: () => Promise<void>): () => Promise<number> {
  return async () => {
    await work();
    return 0;
  };
}
