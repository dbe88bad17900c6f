// Every action of the trail in words, with the details its entries may have. An action that is missing
// here does not compile; docs/audit.md is checked against this table.
import type { AuditAction } from './record-audit.js';

export interface ActionWords {
  /** What was done, as a sentence without its subject: "signed in". */
  words: string;
  /** Names of the details that its entries may have. */
  details: readonly string[];
}

export const AUDIT_ACTIONS = {
  'session.begun': { words: 'signed in', details: ['method', 'remember'] },
  'session.refused': { words: 'was refused signing in', details: ['reason'] },
  'session.refusals-counted': {
    words: 'was refused signing in more than once within an hour',
    details: ['hour', 'times'],
  },
  'session.ended': { words: 'session ended', details: ['reason'] },
  'password.changed': { words: 'changed a password', details: ['how'] },
  'password.refused': { words: 'gave a wrong current password', details: [] },
  'account.added': { words: 'added an account', details: ['role'] },
  'account.completed': { words: 'set up the first administrator', details: [] },
  'account.disabled': { words: 'disabled an account', details: ['sessionsEnded'] },
  'account.enabled': { words: 'enabled an account', details: [] },
  'account.role-changed': { words: 'changed a role', details: ['from', 'to'] },
  'account.quota-changed': {
    words: 'changed a quota',
    details: ['bytes', 'files', 'linksPerDay'],
  },
  'invitation.made': { words: 'invited somebody', details: ['role'] },
  'invitation.sent': { words: 'sent an invitation again', details: [] },
  'invitation.withdrawn': { words: 'withdrew an invitation', details: ['email'] },
  'invitation.accepted': { words: 'accepted an invitation', details: [] },
  'reset-link.made': { words: 'made a link to a new password', details: [] },
  'file.uploaded': { words: 'uploaded a file', details: ['name', 'bytes'] },
  'file.deleted': { words: 'deleted a file', details: ['name', 'bytes'] },
  'claim.minted': { words: 'made a download link', details: ['fileId', 'mode'] },
  'claim.revoked': { words: 'withdrew a download link', details: [] },
  'link.created': { words: 'made a link', details: ['fileId', 'to'] },
  'link.pressed': { words: 'pressed a link', details: ['claimId', 'copy'] },
  'link.extended': { words: 'extended a link', details: ['expiresAt', 'copies'] },
  'link.sent-again': { words: 'gave a link a new address', details: ['to'] },
  'link.revoked': { words: 'withdrew a link', details: [] },
  'webhook.added': { words: 'added a webhook', details: ['origin'] },
  'webhook.removed': { words: 'removed a webhook', details: ['origin'] },
  'webhook.secret-rotated': { words: 'gave a webhook a new secret', details: [] },
  'notices.changed': { words: 'changed whether notices come', details: ['fetched'] },
  'notices.stopped': { words: 'stopped notices by the link in one', details: [] },
  'outbox.retried': { words: 'had a mail tried again', details: [] },
  'audit.exported': { words: 'exported the audit trail', details: ['filter'] },
  'audit.forgotten': {
    words: 'forgot old entries of the audit trail',
    details: ['before', 'entries'],
  },
  'session.proven': { words: 'proved anew who they are', details: ['by'] },
  'browser.forgotten': { words: 'had a browser forgotten', details: [] },
  'browser.secret-stolen': { words: 'used a secret of a remembered browser again', details: [] },
  'api-key.made': { words: 'made an API key', details: ['name', 'scopes', 'expiresInSeconds'] },
  'api-key.revoked': { words: 'revoked an API key', details: ['name'] },
  'identity.connected': { words: 'connected an identity elsewhere', details: ['issuer'] },
  'identity.disconnected': { words: 'disconnected an identity elsewhere', details: ['issuer'] },
  'identity.refused': {
    words: 'was refused with an identity elsewhere',
    details: ['issuer', 'reason'],
  },
  'account.made-by-provider': { words: 'got an account from the identity provider', details: [] },
  'hand-off.sent': { words: 'was handed over to another server', details: ['to'] },
  'hand-off.accepted': {
    words: 'was handed over from another server',
    details: ['from', 'purpose', 'method'],
  },
  'totp.added': { words: 'set up an authenticator app', details: ['replaced'] },
  'totp.removed': { words: 'removed the authenticator app', details: [] },
  'passkey.added': { words: 'added a passkey', details: ['name'] },
  'passkey.renamed': { words: 'renamed a passkey', details: ['name'] },
  'passkey.removed': { words: 'removed a passkey', details: ['name'] },
  'passkey.copy-suspected': { words: 'used a passkey that may have been copied', details: [] },
  'recovery-codes.made': { words: 'made new recovery codes', details: [] },
  'recovery-code.used': { words: 'signed in with a recovery code', details: ['left'] },
  'second-factor.refused': { words: 'gave too many wrong codes', details: ['wrongCodes'] },
  'second-factor.removed': {
    words: 'took all second factors from an account',
    details: ['totp', 'passkeys'],
  },
  'key.made': { words: 'made a signing key', details: ['by'] },
  'key.imported': { words: 'imported a signing key', details: ['by'] },
  'key.withdrawn': { words: 'withdrew a signing key from signing', details: ['by'] },
  'key.killed': { words: 'killed a signing key and all its claims', details: ['by'] },
  'key.forgotten': { words: 'forgot a signing key whose last claim is dead', details: ['by'] },
  'key.exported': { words: 'exported signing keys', details: ['by'] },
  'keys.rewrapped': { words: 'encrypted the keys anew', details: ['by'] },
} as const satisfies Record<AuditAction, ActionWords>;

/** All actions, in the order of the table. */
export const ACTION_NAMES = Object.keys(AUDIT_ACTIONS) as AuditAction[];

/** An action in words; its name for one that this version does not know. */
export function describeAction(action: string): string {
  return Object.hasOwn(AUDIT_ACTIONS, action) ? AUDIT_ACTIONS[action as AuditAction].words : action;
}
