// One run through everything that the trail tells of: each action is there, with who, whom and from where,
// its details are those of the table, and nothing that was secret in the run is anywhere in it.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ACTION_NAMES, AUDIT_ACTIONS, type OpenDatabase } from '@claimcheck/app-server';
import type { Client } from '../app/client.js';
import { mint, tokenOf, upload } from '../app/files-and-claims.js';
import {
  ADMIN,
  APP_ORIGIN,
  startTestAppServer,
  type TestAppServer,
} from '../app/start-app-server.js';
import { startWithMail, type WithMail } from '../identity-links/with-mail.js';
import { createRecipient, makeLink } from '../links/press-link.js';
import { linkIn } from '../mail/start-mail-server.js';
import { createDatabase } from '../support/postgres.js';
import { openBeside, readTrail, type Entry } from './read-trail.js';

const PASSWORD = 'the first password of mel';
const SECOND = 'the second password of mel';
const THIRD = 'the third password of mel';
const MESSAGE = 'a message that is nobody else’s business';

/** Everything that was secret in the run, with what it was. */
const secrets = new Map<string, string>();
const keep = (what: string, secret: string) => {
  secrets.set(what, secret);
  return secret;
};

let app: WithMail;
let first: TestAppServer;
let databases: OpenDatabase[];
let admin: Client;
let mel: { id: string; email: string };
let entries: Entry[];
beforeAll(async () => {
  app = await startWithMail({ config: { webhookAllowPrivate: true } });
  first = await startTestAppServer({ databaseUrl: await createDatabase(), withoutAdmin: true });
  databases = [await openBeside(app), await openBeside(first)];
  admin = await app.signedIn();
  await runWithMail();
  for (const database of databases.slice(0, 1)) await runAsides(database);
  entries = await readTrail(admin);
  await runFirstStart();
}, 180_000);
afterAll(async () => {
  for (const { close } of databases) await close();
  await app.stop();
  await first.stop();
});

async function done(response: Promise<Response>, status: number): Promise<Record<string, string>> {
  const answer = await response;
  const text = await answer.text();
  if (answer.status !== status) throw new Error(`${answer.url} gave ${answer.status}: ${text}`);
  return text.startsWith('{') ? (JSON.parse(text) as Record<string, string>) : {};
}

async function runWithMail(): Promise<void> {
  const recipient = createRecipient(app.url, APP_ORIGIN);
  const email = 'mel@example.org';
  const { id } = await done(admin.json('POST', '/api/invitations', { email, role: 'member' }), 201);
  mel = { id: id ?? '', email };
  // Read before the next is asked for: two mails on their way may overtake each other.
  await app.nextMail(email);
  await done(admin.json('POST', `/api/invitations/${id}/send`, {}), 200);
  const handle = handleIn(linkIn(await app.nextMail(email)));
  keep('invitation', handle);
  const invited = { handle, password: keep('password', PASSWORD) };
  await done(app.visitor().json('PUT', '/api/account/chosen-password', invited), 204);
  const gone = { email: 'gone@example.org', role: 'member' };
  const withdrawn = await done(admin.json('POST', '/api/invitations', gone), 201);
  await done(admin.request('DELETE', `/api/invitations/${withdrawn['id']}`), 204);
  const added = { email: 'sam@example.org', password: PASSWORD, role: 'member' };
  await done(admin.json('POST', '/api/accounts', added), 201);

  const client = await app.signedIn({ email, password: PASSWORD });
  keep('session', client.cookies.get('__Host-claimcheck') ?? '');
  const wrong = { email, password: keep('wrong password', 'a wrong one for mel') };
  await done(app.visitor().json('POST', '/api/session', wrong), 401);
  const change = { currentPassword: 'not it at all', newPassword: keep('second', SECOND) };
  await done(client.json('PUT', '/api/account/password', change), 422);
  change.currentPassword = PASSWORD;
  await done(client.json('PUT', '/api/account/password', change), 204);
  const reset = handleIn(await app.askFor('password-resets', email));
  keep('reset', reset);
  const chosen = { handle: reset, password: keep('third', THIRD) };
  await done(app.visitor().json('PUT', '/api/account/chosen-password', chosen), 204);

  const again = await app.signedIn({ email, password: THIRD });
  keep('device', [...again.cookies.values()].join(' ').split(' ')[1] ?? 'no device');
  const file = await upload(again, 'plans.pdf', 'some content');
  const claim = await mint(again, file.id);
  keep('claim token', tokenOf(claim.url));
  await done(again.request('DELETE', `/api/claims/${claim.id}`), 204);
  const wish = { to: 'rae@example.net', message: keep('message', MESSAGE), code: true };
  const link = await makeLink(again, file.id, wish);
  keep('link', handleIn(link.url));
  await done(again.json('PATCH', `/api/links/${link.id}`, { copies: 2 }), 200);
  const sent = await done(again.json('POST', `/api/links/${link.id}/send`, {}), 200);
  keep('second link', handleIn(sent['url'] ?? ''));
  const pressed = await recipient.take(sent['url'] ?? '', {
    code: keep('code', sent['code'] ?? ''),
  });
  keep('link’s token', tokenOf(pressed.claimUrl ?? ''));
  await done(again.request('DELETE', `/api/links/${link.id}`), 204);
  await done(again.request('DELETE', `/api/files/${file.id}`), 204);
  const url = keep('webhook path', 'https://hooks.example.net/services/very-secret-path');
  const webhook = await done(again.json('POST', '/api/webhooks', { url }), 201);
  keep('webhook secret', webhook['secret'] ?? '');
  const rotated = await done(again.json('POST', `/api/webhooks/${webhook['id']}/secret`, {}), 200);
  keep('new webhook secret', rotated['secret'] ?? '');
  await done(again.request('DELETE', `/api/webhooks/${webhook['id']}`), 204);
  await done(again.json('PUT', '/api/account/notices', { fetched: false }), 204);
  await done(again.json('PUT', '/api/account/notices', { fetched: false }), 204);
  await done(again.request('DELETE', '/api/session'), 204);

  const patch = (body: object) => admin.json('PATCH', `/api/accounts/${mel.id}`, body);
  await done(patch({ role: 'admin' }), 200);
  await done(patch({ role: 'member' }), 200);
  await done(patch({ quota: { files: 3 } }), 200);
  await done(patch({ disabled: true }), 200);
  await done(patch({ disabled: false }), 200);
  await done(admin.get('/api/audit.csv?action=link.pressed'), 200);
}

/** A mail that failed, and a notice with its handle, put there as a run of hours would leave them. */
async function runAsides({ db }: OpenDatabase): Promise<void> {
  const at = new Date();
  const sam = await db
    .selectFrom('account')
    .select('id')
    .where('email', '=', 'sam@example.org')
    .executeTakeFirstOrThrow();
  const handle = keep('handle of a notice', 'abcdefghijklmnopqrstuvwxyz234567');
  const handle_hash = createHash('sha256').update(handle).digest('hex');
  const row = { handle_hash, account_id: sam.id, created_at: at };
  await db.insertInto('opt_out_handle').values(row).execute();
  for (let i = 0; i < 2; i += 1) await done(app.visitor().form(`/n/${handle}`), 200);
  await db
    .insertInto('outbox_mail')
    .values({
      id: 'failed-mail',
      kind: 'account-notice',
      recipient: 'sam@example.org',
      subject: 'A subject',
      text: keep('mail text', 'the text of a mail'),
      html: '',
      stable_id: 'failed-mail',
      link_id: null,
      unsubscribe_url: null,
      useless_after: null,
      state: 'failed',
      attempts: 3,
      next_attempt_at: at,
      held_until: null,
      last_error: 'refused',
      created_at: at,
      queued_at: at,
      sent_at: null,
      failed_at: at,
    })
    .execute();
  await done(admin.request('POST', '/api/outbox/failed-mail/retry'), 204);
}

async function runFirstStart(): Promise<void> {
  const visitor = first.visitor();
  const token = new URL(first.server.firstSignInLink ?? '').pathname.split('/').at(-1) ?? '';
  keep('first-run token', token);
  await done(visitor.json('POST', '/api/session/link', { token }), 204);
  await done(visitor.json('PUT', '/api/account/welcome', ADMIN), 204);
  keep('administrator’s password', ADMIN.password);
  const body = { email: 'ann@example.org', password: PASSWORD, role: 'member' };
  const { id } = await done(visitor.json('POST', '/api/accounts', body), 201);
  const made = await done(visitor.json('POST', `/api/accounts/${id}/reset-link`, {}), 201);
  keep('link by hand', handleIn(made['url'] ?? ''));
}

function handleIn(url: string): string {
  return url.split('/').at(-1) ?? '';
}

const of = (action: string) => entries.filter((entry) => entry.action === action);

/** Told of by tests of their own: what needs hours and days, and what begins with another program or server. */
const ELSEWHERE = [
  'session.refusals-counted',
  'audit.forgotten',
  'account.made-by-provider',
  'api-key.made',
  'api-key.revoked',
  'browser.forgotten',
  'browser.secret-stolen',
  'hand-off.accepted',
  'hand-off.sent',
  'identity.connected',
  'identity.disconnected',
  'identity.refused',
  'key.exported',
  'key.forgotten',
  'key.imported',
  'key.killed',
  'key.withdrawn',
  'keys.rewrapped',
  'passkey.added',
  'passkey.copy-suspected',
  'passkey.removed',
  'passkey.renamed',
  'recovery-code.used',
  'recovery-codes.made',
  'second-factor.refused',
  'second-factor.removed',
  'totp.added',
  'totp.removed',
];
/** What the server does by itself comes from nowhere. */
const BY_SERVER: readonly string[] = ['key.made'];

test('every action of the table is in the trail', async () => {
  const all = new Set(
    [...entries, ...(await readTrail(await first.signedIn()))].map((e) => e.action),
  );
  expect([...new Set([...all, ...ELSEWHERE])].toSorted()).toEqual(ACTION_NAMES.toSorted());
});

test('every entry of a person has an address, and its details are those that the table names', () => {
  for (const { action, address, details } of entries) {
    const from = BY_SERVER.includes(action) ? null : expect.stringMatching(/127\.0\.0\.1$/);
    expect([action, address]).toEqual([action, from]);
    const known: readonly string[] = AUDIT_ACTIONS[action as keyof typeof AUDIT_ACTIONS].details;
    expect([action, Object.keys(details).filter((name) => !known.includes(name))]).toEqual([
      action,
      [],
    ]);
  }
});

describe('who did what to whom', () => {
  const boss = expect.objectContaining({ email: ADMIN.email }) as unknown;
  const her = expect.objectContaining({ email: 'mel@example.org' }) as unknown;
  test.each([
    ['invitation.accepted', { actor: her, account: her }],
    ['password.refused', { actor: her, account: her }],
    ['file.uploaded', { actor: her, account: her, details: { name: 'plans.pdf', bytes: 12 } }],
    ['link.pressed', { actor: null, account: her, details: { copy: 1 } }],
    ['link.extended', { actor: her, details: { copies: 2 } }],
    ['account.quota-changed', { actor: boss, account: her, details: { files: 3, bytes: null } }],
    ['account.disabled', { actor: boss, account: her }],
    ['notices.stopped', { actor: null, account: { email: 'sam@example.org' } }],
    ['outbox.retried', { actor: boss, subject: 'mail:failed-mail' }],
    ['webhook.added', { actor: her, details: { origin: 'https://hooks.example.net' } }],
    ['invitation.withdrawn', { actor: boss, details: { email: 'gone@example.org' } }],
    ['audit.exported', { actor: boss, details: { filter: 'action=link.pressed' } }],
    ['session.refused', { actor: null, account: her, details: { reason: 'wrong-password' } }],
    ['notices.changed', { actor: her, details: { fetched: false } }],
  ])('of %s', (action, expected) => {
    const found = of(action);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject(expected);
  });

  test('of a role, in the order in which it changed', () => {
    expect(of('account.role-changed').map(({ details }) => details)).toEqual([
      { from: 'admin', to: 'member' },
      { from: 'member', to: 'admin' },
    ]);
  });

  test('of passwords and sessions, with how and why', () => {
    expect(of('password.changed').map(({ details }) => details['how'])).toEqual([
      'by mailed link',
      'by its owner',
    ]);
    const hers = of('session.ended').filter(({ account }) => account?.id === mel.id);
    expect(hers.map(({ details }) => details['reason'])).toEqual([
      'signed-out',
      'password-changed',
    ]);
    const begun = of('session.begun').filter(({ account }) => account?.id === mel.id);
    expect(begun.map(({ subject }) => subject)).toEqual(hers.map(({ subject }) => subject));
  });

  test('of a link and the claim that a press made, by their ids', async () => {
    const [pressed] = of('link.pressed');
    const story = await readTrail(admin, { subject: pressed?.subject ?? '' });
    expect(story.map(({ action }) => action)).toEqual([
      'link.revoked',
      'link.pressed',
      'link.sent-again',
      'link.extended',
      'link.created',
    ]);
    expect(pressed?.details['claimId']).toMatch(/^[\w-]{22}$/);
  });
});

test('nothing that was secret is anywhere in the table', async () => {
  const tables = await Promise.all(
    databases.map(({ db }) => db.selectFrom('audit_entry').selectAll().execute()),
  );
  const text = JSON.stringify(tables);
  expect(secrets.size).toBeGreaterThan(18);
  for (const [what, secret] of secrets) {
    expect([what, secret.length >= 6]).toEqual([what, true]);
    expect([what, text.includes(secret)]).toEqual([what, false]);
  }
});

test('an account reads what is about it, and not from where an administrator did it', async () => {
  const client = await app.signedIn({ email: mel.email, password: THIRD });
  const response = await client.get('/api/account/audit?limit=500');
  const own = ((await response.json()) as { entries: (Entry & { by: string })[] }).entries;
  const shown = own.map(({ action, by, address }) => [action, by, address !== null]);
  expect(shown).toEqual(
    expect.arrayContaining([
      ['file.uploaded', 'self', true],
      ['account.disabled', 'administrator', false],
      ['link.pressed', 'visitor', true],
    ]),
  );
  expect(JSON.stringify(own)).not.toContain(ADMIN.email);
  const ids = new Set(entries.filter(({ account }) => account?.id === mel.id).map(({ id }) => id));
  expect(own.filter(({ id }) => ids.has(id))).toHaveLength(ids.size);
  const page = await (await client.get('/account/activity')).text();
  expect(page).toContain('an administrator');
  expect(page).toContain('Uploaded a file');
});
