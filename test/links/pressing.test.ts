// The press: the same claim until the copy is over, another one only once the last can never be burned,
// and never more copies than allowed, whatever ran out, was superseded, or was away.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client as Postgres } from 'pg';
import { secondsOf, type DownloadClaim } from '@claimcheck/shared/claim';
import {
  createMemoryLedger,
  LedgerUnavailableError,
  responseRequestOf,
  type Ledger,
} from '@claimcheck/shared/ledger';
import { SOME_KEY_ID } from '../claim/sample-claim.js';
import type { Client } from '../app/client.js';
import { tokenOf, upload } from '../app/files-and-claims.js';
import { APP_ORIGIN, startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { BY_PROGRAM, createRecipient, makeLink, readLink } from './press-link.js';

let nowMs = Date.now();
const now = () => nowMs;
const later = (seconds: number) => (nowMs += seconds * 1000);

let app: TestAppServer;
let sender: Client;
let fileId: string;
let databaseUrl: string;
let ledger: Ledger;
let away = false;
/** Revocations that the ledger was asked for. */
let revoked = 0;
beforeAll(async () => {
  databaseUrl = await createDatabase();
  ledger = createMemoryLedger({ now });
  const eventsOfNow = (reader: string) => ({
    next: () => ledger.events(reader).next(),
    acknowledge: (ids: readonly string[]) => ledger.events(reader).acknowledge(ids),
  });
  app = await startTestAppServer({
    now,
    databaseUrl,
    // The one that is asked can be exchanged, as a restart exchanges it, or be away.
    wrapLedger: () =>
      new Proxy({} as Ledger, {
        get: (_, name: keyof Ledger) => {
          if (name === 'events') return eventsOfNow;
          return async (...args: never[]) => {
            if (name === 'revoke') revoked += 1;
            if (away) throw new LedgerUnavailableError('it is away');
            return await (ledger[name] as (...given: never[]) => unknown)(...args);
          };
        },
      }),
  });
  sender = await app.signedIn();
  fileId = (await upload(sender, 'report.txt')).id;
}, 60_000);
afterAll(() => app.stop());

const recipient = () => createRecipient(app.url, APP_ORIGIN);
const pressUrl = async (url: string) => (await recipient().take(url)).claimUrl ?? '';

/** The claim in a URL, whether or not its time has passed; what follows the payload is the signature. */
function readClaim(claimUrl: string): DownloadClaim {
  const payload = Buffer.from(tokenOf(claimUrl).split('.')[2] ?? '', 'base64url');
  return JSON.parse(payload.subarray(0, -64).toString()) as DownloadClaim;
}

/** What a download server does first for a resumable claim. */
async function openResponse(claimUrl: string, bytes = 12) {
  const claim = readClaim(claimUrl);
  const mayBegin = nowMs <= (secondsOf(claim.exp) + 5) * 1000;
  const grant = await ledger.openResponse({
    ...responseRequestOf(claim, { keyId: SOME_KEY_ID, mayBegin }),
    bytes,
    leastBytes: bytes,
  });
  return { claim, grant };
}

/** What is written down of the link's only copy, which no page shows. */
async function outcomeOf(linkId: string): Promise<string | null | undefined> {
  const client = new Postgres({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ outcome: string | null }>(
      'select outcome from link_copy where link_id = $1',
      [linkId],
    );
    return rows[0]?.outcome;
  } finally {
    await client.end();
  }
}

async function sendAll(claimUrl: string): Promise<void> {
  const { claim, grant } = await openResponse(claimUrl);
  expect(grant.outcome).toBe('burned');
  await ledger.settle({
    nonce: claim.jti,
    fence: claim.fen,
    refundBytes: 0,
    sent: { firstByte: 0, bytes: claim.fil.size },
  });
}

describe('the claim of a press', () => {
  test('is resumable, short, and hangs from link, account and file, with no address in it', async () => {
    const { id, url } = await makeLink(sender, fileId, { to: 'bo@example.net' });
    const claim = readClaim(await pressUrl(url));
    const { account } = (await (await sender.get('/api/session')).json()) as {
      account: { id: string };
    };
    expect(claim).toMatchObject({ sub: `link:${id}`, acc: account.id, mod: 'resumable' });
    expect(claim.ses).toBeUndefined();
    expect(secondsOf(claim.exp) - secondsOf(claim.iat)).toBe(120);
    expect(JSON.stringify(claim)).not.toContain('@');
  });

  test('is byte for byte the same until the copy is over', async () => {
    const { url } = await makeLink(sender, fileId);
    const first = await pressUrl(url);
    later(60);
    expect(await pressUrl(url)).toBe(first);
    await openResponse(first, 3);
    later(600);
    expect(await pressUrl(url)).toBe(first);
  });

  test('is another one once the last has run out unused, which then stays dead', async () => {
    const { id, url } = await makeLink(sender, fileId);
    const first = await pressUrl(url);
    later(123);
    const second = await pressUrl(url);
    expect(second).not.toBe(first);
    expect((await openResponse(first)).grant.outcome).toBe('revoked');
    await sendAll(second);
    await waitFor(
      'the link is finished',
      async () => (await readLink(sender, id)).state === 'finished',
    );
    expect(await readLink(sender, id)).toMatchObject({ copiesUsed: 1 });
  });

  test('that was burned in the very moment it ran out is gone on with', async () => {
    const { url } = await makeLink(sender, fileId);
    const first = await pressUrl(url);
    later(124);
    await openResponse(first, 3);
    expect(await pressUrl(url)).toBe(first);
  });

  test('does not come back after the copy broke off for good', async () => {
    const { id, url } = await makeLink(sender, fileId);
    const claimUrl = await pressUrl(url);
    const { claim } = await openResponse(claimUrl, 3);
    const sent = { firstByte: 0, bytes: 3 };
    await ledger.settle({ nonce: claim.jti, fence: claim.fen, refundBytes: 0, sent });
    await waitFor(
      'it is interrupted',
      async () => (await readLink(sender, id)).state === 'interrupted',
    );
    later(16 * 60);
    const pressed = await recipient().open(url);
    expect(pressed.status).toBe(410);
    expect(pressed.words).toMatch(/The download broke off on .* after 3 of 12 bytes, and too much/);
    expect((await readLink(sender, id)).state).toBe('broken-off');
  });
});

describe('a copy whose ledger has forgotten', () => {
  test('or was restarted counts as used: nobody can know that it was not', async () => {
    const { id, url } = await makeLink(sender, fileId);
    await pressUrl(url);
    ledger = createMemoryLedger({ now });
    const pressed = await recipient().take(url);
    expect([pressed.status, pressed.claimUrl]).toEqual([410, undefined]);
    expect(await readLink(sender, id)).toMatchObject({ copies: 1, copiesUsed: 1 });
    await sender.json('PATCH', `/api/links/${id}`, { copies: 2 });
    expect((await recipient().take(url)).status).toBe(303);
  });

  test('is not given out again, though it was never heard of', async () => {
    const { id, url } = await makeLink(sender, fileId);
    await pressUrl(url);
    // At once past all memory: that stands for an app server that was down while it could be settled.
    later(1000);
    const pressed = await recipient().take(url);
    expect([pressed.status, pressed.claimUrl]).toEqual([410, undefined]);
    expect(await readLink(sender, id)).toMatchObject({ copiesUsed: 1 });
  });

  test('is settled in time, so that it is free for somebody who comes back tomorrow', async () => {
    const { id, url } = await makeLink(sender, fileId);
    const first = await pressUrl(url);
    later(131);
    const before = revoked;
    // The loop looks every ten seconds of real time, and kills the claim before it frees the copy.
    await waitFor('the claim is killed', () => revoked > before, 25_000);
    await waitFor('the copy is settled', async () => (await outcomeOf(id)) === 'unused');
    later(86_400);
    const second = await pressUrl(url);
    expect(second).not.toBe(first);
    expect(await readLink(sender, id)).toMatchObject({ copiesUsed: 0 });
  }, 60_000);
});

describe('while the ledger is away', () => {
  test('a press is told so and decides nothing', async () => {
    const { id, url } = await makeLink(sender, fileId);
    const person = recipient();
    const page = await person.open(url);
    away = true;
    const refused = await person.press(url, page);
    expect([refused.status, refused.claimUrl]).toEqual([503, undefined]);
    expect((await person.open(url)).status).toBe(200);
    away = false;
    expect((await person.press(url, page)).status).toBe(303);
    expect(await readLink(sender, id)).toMatchObject({ copiesUsed: 0 });
  });

  test('a link is not withdrawn by half', async () => {
    const { id, url } = await makeLink(sender, fileId);
    away = true;
    expect((await sender.request('DELETE', `/api/links/${id}`)).status).toBe(503);
    away = false;
    expect((await recipient().take(url)).status).toBe(303);
  });
});

describe('a link that expires', () => {
  test('begins nothing any more, but lets a copy that has begun be finished', async () => {
    const [late, begun] = [
      await makeLink(sender, fileId, { expiresInSeconds: 60 }),
      await makeLink(sender, fileId, { expiresInSeconds: 60 }),
    ];
    const claimUrl = await pressUrl(begun.url);
    await openResponse(claimUrl, 3);
    const page = await recipient().open(late.url);
    later(61);
    const refused = await recipient().press(late.url, page);
    expect([refused.status, refused.claimUrl]).toEqual([410, undefined]);
    expect(refused.words).toContain('This link has expired');
    await waitFor('its end is in its story', async () => {
      return (await readLink(sender, late.id)).timeline.at(-1)?.kind === 'expired';
    });
    expect(await pressUrl(begun.url)).toBe(claimUrl);
    await sender.json('PATCH', `/api/links/${late.id}`, { expiresInSeconds: 60 });
    expect((await recipient().take(late.url)).status).toBe(303);
  });
});

describe('a program that follows the form', () => {
  test('is believed after a second, by the server’s clock, and not after a day', async () => {
    const { url } = await makeLink(sender, fileId);
    const program = recipient();
    const page = await program.open(url);
    const press = () => program.press(url, page, { headers: BY_PROGRAM });
    later(0.9);
    expect((await press()).status).toBe(409);
    later(0.2);
    expect((await press()).status).toBe(303);
    later(86_401);
    expect((await program.press(url, page)).status).toBe(409);
  });

  test('gets a problem document when it prefers that', async () => {
    const { url } = await makeLink(sender, fileId);
    const answer = await recipient().client.request('POST', new URL(url).pathname, {
      body: new URLSearchParams({ press: 'download' }),
      headers: { Accept: 'application/json' },
    });
    expect([answer.status, answer.headers.get('Content-Type')]).toEqual([
      409,
      'application/problem+json',
    ]);
    expect(await answer.json()).toMatchObject({ type: 'urn:claimcheck:problem:not-pressed' });
  });
});

describe('a code', () => {
  test('locks for a time that doubles and always ends; the right one opens at once', async () => {
    const { url, code = '' } = await makeLink(sender, fileId, { code: true });
    const person = recipient();
    const page = await person.open(url);
    const wrong = code === '000000' ? '000001' : '000000';
    const type = async (typed: string) =>
      (await person.press(url, page, { fields: { code: typed } })).status;
    for (const minutes of [15, 30, 60]) {
      for (let i = 0; i < 4; i += 1) expect(await type(wrong)).toBe(403);
      expect(await type(wrong)).toBe(429);
      later(minutes * 60 - 1);
      expect(await type(code)).toBe(429);
      later(2);
    }
    expect(await type(`${code.slice(0, 3)} ${code.slice(3)}`)).toBe(303);
    expect(await type(wrong)).toBe(403);
  });
});
