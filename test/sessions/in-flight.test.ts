// A request in flight while its session is ended, for each way of ending one: it brings nothing back, and what it
// mints is dead. And a remembered browser that is just coming back while it is forgotten.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Ledger } from '@claimcheck/shared/ledger';
import pg from 'pg';
import type { Client } from '../app/client.js';
import { burn, claimOf, upload } from '../app/files-and-claims.js';
import { waitFor } from '../support/wait-for.js';
import {
  closeBrowser,
  DEVICE,
  isSignedIn,
  MINUTE_MS,
  REMEMBER,
  SECOND_MS,
  SESSION,
  startWithPeople,
  STORES,
  type People,
  type Person,
} from './people.js';

interface Scene {
  people: People;
  person: Person;
  accountId: string;
  /** The browser whose session is ended; remembered. */
  victim: Client;
  /** Another session of the same account. */
  elsewhere: Client;
  /** Has a secret of the victim's browser that was replaced since. */
  thief: Client;
}

const NEW_PASSWORD = 'another password for them';

/** Each way of ending the victim's session, and what it answers. */
const WAYS: Record<string, (scene: Scene) => Promise<unknown>> = {
  'its owner signs out': ({ people, victim }) =>
    people.copyOf(victim, SESSION, REMEMBER).request('DELETE', '/api/session'),
  'its owner ends it from elsewhere': async ({ elsewhere }) => {
    const { sessions } = (await (await elsewhere.get('/api/sessions')).json()) as {
      sessions: { id: string; current: boolean }[];
    };
    const id = sessions.find(({ current }) => !current)?.id;
    return await elsewhere.request('DELETE', `/api/sessions/${id}`);
  },
  'its owner ends all others': ({ elsewhere }) => elsewhere.request('DELETE', '/api/sessions'),
  'the password is changed': ({ elsewhere, person }) =>
    elsewhere.json('PUT', '/api/account/password', {
      currentPassword: person.password,
      newPassword: NEW_PASSWORD,
    }),
  'an administrator disables the account': async ({ people, accountId }) => {
    const admin = await people.app.signedIn();
    return await admin.json('PATCH', `/api/accounts/${accountId}`, { disabled: true });
  },
  'an administrator ends all sessions': async ({ people, accountId }) => {
    const admin = await people.app.signedIn();
    return await admin.request('DELETE', `/api/accounts/${accountId}/sessions`);
  },
  'a stolen secret is noticed': ({ thief }) => thief.get('/api/session'),
};

describe.each(STORES)('sessions in %s', (store, options) => {
  let people: People;
  let db: pg.Client;
  let scene: Scene;
  let minting = 0;
  let held: Promise<void> | undefined;
  const wrapLedger = (ledger: Ledger): Ledger => ({
    ...ledger,
    fence: async (nonce) => {
      minting += 1;
      await held;
      return await ledger.fence(nonce);
    },
  });

  beforeAll(async () => {
    people = await startWithPeople({ ...(await options()), wrapLedger });
    db = new pg.Client({ connectionString: people.databaseUrl });
    await db.connect();
  });
  afterAll(async () => {
    await db.end();
    await people.app.stop();
  });

  beforeEach(async () => {
    // The ledger goes by its own clock: the scene ends at about its time.
    people.clock.nowMs = Date.now() - MINUTE_MS - 11 * SECOND_MS;
    const person = await people.newPerson();
    const victim = await people.signIn(person, { remember: true });
    const thief = people.copyOf(victim, REMEMBER);
    closeBrowser(victim);
    people.clock.nowMs += MINUTE_MS;
    await victim.get('/files');
    const shown = await victim.get('/api/session');
    const { account } = (await shown.json()) as { account: { id: string } };
    people.clock.nowMs += 11 * SECOND_MS;
    const elsewhere = await people.signIn(person);
    scene = { people, person, accountId: account.id, victim, elsewhere, thief };
  });

  async function expectGone(client: Client): Promise<void> {
    for (const cookie of [SESSION, REMEMBER].filter((name) => client.cookies.has(name))) {
      expect(await isSignedIn(people.copyOf(client, cookie))).toBe(false);
    }
    const { rows } = await db.query('select id from remembered_browser where account_id = $1', [
      scene.accountId,
    ]);
    expect(rows).toEqual([]);
    const admin = await people.app.signedIn();
    await admin.json('PATCH', `/api/accounts/${scene.accountId}`, { disabled: false });
    expect(await isSignedIn(client)).toBe(false);
  }

  test.each(Object.keys(WAYS))('a claim being minted is dead when %s', async (way) => {
    const { victim } = scene;
    const file = await upload(victim, 'a.txt');
    let release: (() => void) | undefined;
    held = new Promise((resolve) => (release = resolve));
    const before = minting;
    const inFlight = victim.json('POST', '/api/claims', { fileId: file.id });
    await waitFor('the minting is in flight', () => minting > before);
    await WAYS[way]?.(scene);
    release?.();
    held = undefined;
    const response = await inFlight;
    if (response.status === 201) {
      const { url } = (await response.json()) as { url: string };
      expect(await burn(people.app.ledger, await claimOf(people.app, url))).toBe('revoked');
    } else expect(response.status).toBe(401);
    await expectGone(victim);
  });

  test.each(Object.keys(WAYS))('a claim minted just before is dead when %s', async (way) => {
    const { victim } = scene;
    const file = await upload(victim, 'a.txt');
    const response = await victim.json('POST', '/api/claims', { fileId: file.id });
    const { url } = (await response.json()) as { url: string };
    const claim = await claimOf(people.app, url);
    await WAYS[way]?.(scene);
    expect(await burn(people.app.ledger, claim)).toBe('revoked');
  });

  test.each(Object.keys(WAYS))('an upload under way brings nothing back when %s', async (way) => {
    const { victim } = scene;
    let send: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (send = controller),
    });
    send?.enqueue(new Uint8Array(1000));
    people.clock.nowMs += 2 * MINUTE_MS;
    const uploading = victim.request('PUT', '/api/files?name=held', { body });
    await waitFor('the upload is noted as a use of the session', async () => {
      const { sessions } = (await (await scene.elsewhere.get('/api/sessions')).json()) as {
        sessions: { current: boolean; lastSeenAt: string }[];
      };
      const seen = sessions.find(({ current }) => !current)?.lastSeenAt ?? '';
      return Date.parse(seen) === people.clock.nowMs;
    });
    await WAYS[way]?.(scene);
    people.clock.nowMs += 2 * MINUTE_MS;
    send?.close();
    await uploading;
    await expectGone(victim);
  });

  // Who signs out does so with a session, so that its browser is not just coming back.
  test.each(Object.keys(WAYS).filter((way) => way !== 'its owner signs out'))(
    'a browser that is just coming back gets no session when %s',
    async (way) => {
      const { victim, accountId } = scene;
      closeBrowser(victim);
      people.clock.nowMs += 11 * SECOND_MS;
      const holding = new pg.Client({ connectionString: people.databaseUrl });
      await holding.connect();
      try {
        // Its secret has been replaced; its session waits for this lock: in SQL for its room, and with sessions
        // in Redis a step before, where the device is noted anew.
        if (store === 'Redis') {
          await db.query('delete from known_device where account_id = $1', [accountId]);
        }
        await holding.query('begin');
        await holding.query('select id from account where id = $1 for update', [accountId]);
        const back = people.copyOf(victim, REMEMBER, DEVICE);
        const comingBack = back.get('/api/session');
        await waitFor('it is in flight', async () => (await countWaiting()) === 1);
        let hasEnded = false;
        const ending = WAYS[way]?.(scene).then(() => (hasEnded = true));
        // Some ways change the account, and wait for the same lock: then either may come first.
        await waitFor('it ends', async () => hasEnded || (await countWaiting()) === 2);
        await holding.query('rollback');
        await Promise.all([comingBack, ending]);
        expect(await isSignedIn(back)).toBe(false);
        await expectGone(victim);
      } finally {
        await holding.end();
      }
    },
  );

  /** How many statements wait for a lock. */
  async function countWaiting(): Promise<number> {
    const { rows } = await db.query(
      `select 1 from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length;
  }
});
