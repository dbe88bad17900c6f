// Everything that takes a permission away kills the claims that were minted under it, checked where it
// counts: at the burn.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LedgerUnavailableError, type Ledger } from '@claimcheck/shared/ledger';
import { createDatabase } from '../support/postgres.js';
import { sharedRedisUrl } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import type { Client } from './client.js';
import { burn, claimOf, findClaim, mint, upload } from './files-and-claims.js';
import { startTestAppServer, type StartOptions, type TestAppServer } from './start-app-server.js';

describe.each<[string, () => Promise<StartOptions>]>([
  ['memory ledger, sessions in SQL', async () => ({ databaseUrl: await createDatabase() })],
  [
    'ledger and sessions in Redis',
    async () => ({ databaseUrl: await createDatabase(), redisUrl: sharedRedisUrl() }),
  ],
])('an outstanding claim (%s)', (_, options) => {
  let app: TestAppServer;
  beforeAll(async () => {
    app = await startTestAppServer(await options());
  });
  afterAll(() => app.stop());

  async function outstanding(client: Client) {
    const file = await upload(client, 'a.txt');
    const minted = await mint(client, file.id);
    return { id: minted.id, claim: await claimOf(app, minted.url) };
  }

  async function member() {
    const email = `member-${Math.random()}@example.org`;
    const client = await app.addMember(email);
    const as = { email, password: 'a password for a member' };
    const shown = (await (await client.get('/api/session')).json()) as {
      account: { id: string };
      session: { id: string };
    };
    return { client, as, accountId: shown.account.id, sessionId: shown.session.id };
  }

  test('lives as long as nothing is taken away', async () => {
    const { client } = await member();
    const { claim } = await outstanding(client);
    const unrelated = await member();
    await unrelated.client.request('DELETE', '/api/session');
    expect(await burn(app.ledger, claim)).toBe('burned');
  });

  test('dies when its session signs out, and is shown as revoked', async () => {
    const { client, as } = await member();
    const { id, claim } = await outstanding(client);
    const elsewhere = await app.signedIn(as);
    expect((await client.request('DELETE', '/api/session')).status).toBe(204);
    expect(await burn(app.ledger, claim)).toBe('revoked');
    expect((await findClaim(elsewhere, id)).state).toBe('revoked');
  });

  test('of another session outlives that sign-out', async () => {
    const { client, as } = await member();
    const elsewhere = await app.signedIn(as);
    const { claim } = await outstanding(elsewhere);
    await client.request('DELETE', '/api/session');
    expect(await burn(app.ledger, claim)).toBe('burned');
  });

  test('dies when its device is ended from another', async () => {
    const { client, as, sessionId } = await member();
    const { claim } = await outstanding(client);
    const elsewhere = await app.signedIn(as);
    expect((await elsewhere.form(`/devices/${sessionId}/end`)).status).toBe(303);
    expect(await burn(app.ledger, claim)).toBe('revoked');
  });

  test('dies when the password is changed elsewhere', async () => {
    const { client, as } = await member();
    const { claim } = await outstanding(client);
    const elsewhere = await app.signedIn(as);
    const own = await outstanding(elsewhere);
    await elsewhere.json('PUT', '/api/account/password', {
      currentPassword: as.password,
      newPassword: 'quite another password',
    });
    expect(await burn(app.ledger, claim)).toBe('revoked');
    expect(await burn(app.ledger, own.claim)).toBe('burned');
  });

  test('dies when its session is replaced by a new sign-in of the same browser', async () => {
    const { client, as } = await member();
    const { claim } = await outstanding(client);
    await client.json('POST', '/api/session', as);
    expect(await burn(app.ledger, claim)).toBe('revoked');
  });

  test('dies when its account is disabled', async () => {
    const { client, accountId } = await member();
    const { claim } = await outstanding(client);
    const admin = await app.signedIn();
    await admin.json('PATCH', `/api/accounts/${accountId}`, { disabled: true });
    expect(await burn(app.ledger, claim)).toBe('revoked');
  });

  test('dies when its file is deleted', async () => {
    const { client } = await member();
    const file = await upload(client, 'b.txt');
    const minted = await mint(client, file.id);
    const claim = await claimOf(app, minted.url);
    expect((await client.request('DELETE', `/api/files/${file.id}`)).status).toBe(204);
    expect(await burn(app.ledger, claim)).toBe('revoked');
  });
});

describe('with a ledger that can be held or lost', () => {
  let away = false;
  let held: Promise<void> | undefined;
  /** The next revocation alone waits for it. */
  let heldRevocation: Promise<void> | undefined;
  let minting = 0;
  const wrapLedger = (ledger: Ledger): Ledger => ({
    ...ledger,
    revoke: async (revocation) => {
      if (away) throw new LedgerUnavailableError('away');
      const hold = heldRevocation;
      heldRevocation = undefined;
      await hold;
      await ledger.revoke(revocation);
    },
    fence: async (nonce) => {
      minting += 1;
      await held;
      return await ledger.fence(nonce);
    },
  });
  let app: TestAppServer;
  beforeAll(async () => {
    app = await startTestAppServer({ databaseUrl: await createDatabase(), wrapLedger });
  });
  afterAll(() => app.stop());

  test('nobody is signed out, ended or disabled by half while the ledger is away', async () => {
    const member = await app.addMember();
    const admin = await app.signedIn();
    const { account } = (await (await member.get('/api/session')).json()) as {
      account: { id: string };
    };
    away = true;
    try {
      const signOut = await member.request('DELETE', '/api/session');
      expect(signOut.status).toBe(503);
      expect(signOut.headers.getSetCookie()).toEqual([]);
      const disable = await admin.json('PATCH', `/api/accounts/${account.id}`, { disabled: true });
      expect(disable.status).toBe(503);
    } finally {
      away = false;
    }
    expect((await member.get('/api/session')).status).toBe(200);
  });

  test('a claim whose minting began before the sign-out is dead when it comes out', async () => {
    const member = await app.addMember();
    const file = await upload(member, 'c.txt');
    let release: (() => void) | undefined;
    held = new Promise((resolve) => (release = resolve));
    const before = minting;
    const inFlight = member.json('POST', '/api/claims', { fileId: file.id });
    await waitFor('the minting is in flight', () => minting > before);
    expect((await member.request('DELETE', '/api/session')).status).toBe(204);
    release?.();
    held = undefined;
    const response = await inFlight;
    if (response.status === 201) {
      const { url } = (await response.json()) as { url: string };
      expect(await burn(app.ledger, await claimOf(app, url))).toBe('revoked');
    } else {
      expect(response.status).toBe(401);
    }
  });

  test('a sign-in that began before the password was changed ends with no session', async () => {
    const email = 'racing@example.org';
    const racing = await app.addMember(email);
    const as = { email, password: 'a password for a member' };
    const elsewhere = await app.signedIn(as);
    let release: (() => void) | undefined;
    heldRevocation = new Promise((resolve) => (release = resolve));
    // The password has been checked; the session that the browser brought is being ended.
    const inFlight = racing.json('POST', '/api/session', as);
    await waitFor('the sign-in is in flight', () => heldRevocation === undefined);
    const changed = await elsewhere.json('PUT', '/api/account/password', {
      currentPassword: as.password,
      newPassword: 'quite another password',
    });
    expect(changed.status).toBe(204);
    release?.();
    expect((await inFlight).status).toBe(401);
    const { sessions } = (await (await elsewhere.get('/api/sessions')).json()) as {
      sessions: object[];
    };
    expect(sessions).toHaveLength(1);
  });
});
