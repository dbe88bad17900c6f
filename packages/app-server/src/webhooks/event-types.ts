// Everything that a webhook can be told, in one closed table: the other side can rely on these names.

/** `type` on the wire → what it means, for the page. */
export const WEBHOOK_EVENTS = {
  'link.created': 'a link was made',
  'link.page_seen': 'a link’s page was opened',
  'link.expired': 'a link ran out',
  'link.revoked': 'a link was withdrawn',
  'download.started': 'a download began',
  'download.resumed': 'a download that had broken off went on',
  'download.finished': 'a download was completed',
  'download.broken_off': 'a download broke off',
  'download.refused': 'a used link was tried again',
  'webhook.test': 'somebody pressed “Send a test”',
} as const;

export type WebhookEvent = keyof typeof WEBHOOK_EVENTS;
