// What people are shown of claims whose signing key was killed: that they are revoked, since when and why; and nothing
// else of any other claim. The ring is changed as the command does it, beside the running server.
import { afterEach, describe, expect, test } from '@jest/globals';
import { openDatabase } from '@claimcheck/app-server';
import { createKeyStore, kill, NO_WRAPPING, rotate } from '@claimcheck/app-server/keys';
import { readPublishedKeys, type DownloadClaim, type KeyId } from '@claimcheck/shared/claim';
import { responseRequestOf } from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import {
  claimOf,
  findClaim,
  mint,
  tokenOf,
  upload,
  type ListedClaim,
  type MintedClaim,
} from '../app/files-and-claims.js';
import { APP_ORIGIN, startTestAppServer, type StartOptions } from '../app/start-app-server.js';
import { createRecipient, makeLink, readLink } from '../links/press-link.js';
import { createDatabase } from '../support/postgres.js';
import { sharedRedisUrl } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

const SIZE = 1000;
const MINUTE_SECONDS = 60;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function start(options: StartOptions = {}) {
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const app = await startTestAppServer({ now, keys: { publishAheadSeconds: 5 }, ...options });
  stops.push(() => app.stop());
  const client = await app.signedIn();
  const file = await upload(client, 'report.bin', Buffer.alloc(SIZE, 'x'));
  const store = createKeyStore(app.config.keys.directory, NO_WRAPPING);
  const beside = { store, aheadMs: 5000, now, by: 'command' as const };
  const listed = (claim: Pick<MintedClaim, 'id'>) => findClaim(client, claim.id);

  /** Sends these bytes for it, as a download server would. */
  async function send(url: string, bytes: number, firstByte = 0): Promise<string> {
    const claim = await claimOf(app, url);
    const outcome = await open(claim, keyIdOf(url));
    const sent = { firstByte, bytes };
    const { jti: nonce, fen: fence } = claim;
    if (outcome === 'burned' || outcome === 'resumed')
      await app.ledger.settle({ nonce, fence, refundBytes: 0, sent });
    return outcome;
  }

  async function open(claim: DownloadClaim, keyId: KeyId): Promise<string> {
    const request = responseRequestOf(claim, { keyId, mayBegin: true });
    return (await app.ledger.openResponse({ ...request, leastBytes: 1, bytes: SIZE })).outcome;
  }

  return {
    app,
    client,
    beside,
    listed,
    send,
    open,
    mint: (wish: Record<string, unknown> = {}) => mint(client, file.id, wish),
    fileId: file.id,
    advance: (seconds: number) => void (aheadMs += seconds * 1000),
    until: async (claim: Pick<MintedClaim, 'id'>, state: string): Promise<ListedClaim> =>
      await waitFor(`it is ${state}`, async () => {
        const found = await listed(claim);
        return found.state === state && found;
      }),
    /** Kills keys, and returns when. */
    kill: async (ids: readonly KeyId[] | 'all'): Promise<string> => {
      const { keys } = await kill(beside, ids);
      return new Date(Math.max(...keys.map(({ killedAtMs }) => killedAtMs ?? 0))).toISOString();
    },
  };
}

/** The id of the key that has signed the token in a URL. */
function keyIdOf(url: string): KeyId {
  const footer = Buffer.from(tokenOf(url).split('.')[3] ?? '', 'base64url');
  return (JSON.parse(footer.toString()) as { kid: KeyId }).kid;
}

describe.each([
  ['memory and PGlite', async (): Promise<StartOptions> => ({})],
  [
    'Redis and PostgreSQL',
    async (): Promise<StartOptions> => ({
      redisUrl: sharedRedisUrl(),
      databaseUrl: await createDatabase(),
    }),
  ],
])('the claims of a killed key, with %s', (_, options) => {
  test('are listed as revoked, with when and why; what was over, and what others signed, is not', async () => {
    const on = await start(await options());
    const waiting = await on.mint();
    const copy = await on.mint({ mode: 'resumable' });
    const whole = await on.mint({ mode: 'resumable' });
    const withdrawn = await on.mint();
    await on.client.request('DELETE', `/api/claims/${withdrawn.id}`);
    await on.send(copy.url, 620);
    await on.send(whole.url, SIZE);
    await on.until(copy, 'interrupted');
    const before = await on.until(whole, 'finished');
    const withdrawnBefore = await on.listed(withdrawn);

    await rotate(on.beside);
    await waitFor('the next is published', async () => {
      const document = await on.app.visitor().get('/.well-known/claimcheck/keys');
      return (await readPublishedKeys(await document.json())).ids.length === 2;
    });
    on.advance(6);
    const next = await on.mint();
    expect(keyIdOf(next.url)).not.toBe(keyIdOf(waiting.url));

    const keyRetiredAt = await on.kill([keyIdOf(waiting.url)]);
    await on.until(waiting, 'revoked');
    expect(await on.listed(waiting)).toMatchObject({ state: 'revoked', keyRetiredAt });
    expect(await on.listed(copy)).toMatchObject({ state: 'revoked', bytesSent: 620, keyRetiredAt });
    expect(await on.listed(whole)).toEqual(before);
    expect(before).not.toHaveProperty('keyRetiredAt');
    expect(await on.listed(withdrawn)).toEqual(withdrawnBefore);
    expect(withdrawnBefore).toMatchObject({ state: 'revoked' });
    expect(withdrawnBefore).not.toHaveProperty('keyRetiredAt');
    expect(await on.listed(next)).toMatchObject({ state: 'waiting' });

    const page = await (await on.client.get('/claims')).text();
    expect(page.match(/revoked: its signing key was retired</g)).toHaveLength(2);
    expect(page.match(/>revoked</g)).toHaveLength(1);
    // One to be used is left, and nobody is offered to revoke what is dead.
    expect(page.match(/action="\/claims\/[^"]+\/revoke"/g)).toEqual([
      `action="/claims/${next.id}/revoke"`,
    ]);
  });
});

describe('a claim', () => {
  test('that was over before its key was killed is told by its end', async () => {
    const on = await start();
    const expired = await on.mint();
    const idle = await on.mint({ mode: 'resumable' });
    await on.send(idle.url, 10);
    await on.until(idle, 'interrupted');
    on.advance(16 * MINUTE_SECONDS);
    const fresh = await on.mint();
    await on.kill('all');
    await on.until(fresh, 'revoked');
    expect(await on.listed(expired)).toMatchObject({ state: 'expired' });
    expect(await on.listed(idle)).toMatchObject({ state: 'broken-off' });
    for (const claim of [expired, idle])
      expect(await on.listed(claim)).not.toHaveProperty('keyRetiredAt');
  });

  test('goes on to say that its key was killed, after its time, its withdrawal and a restart', async () => {
    const databaseUrl = await createDatabase();
    const on = await start({ databaseUrl });
    const claim = await on.mint();
    const keyRetiredAt = await on.kill('all');
    await on.until(claim, 'revoked');
    on.advance(10 * MINUTE_SECONDS);
    await on.client.request('DELETE', `/api/claims/${claim.id}`);
    expect(await on.listed(claim)).toMatchObject({ state: 'revoked', keyRetiredAt });
    const again = await startTestAppServer({
      databaseUrl,
      config: { keys: on.app.config.keys, filesRoot: on.app.config.filesRoot },
    });
    stops.push(() => again.stop());
    const shown = await findClaim(await again.signedIn(), claim.id);
    expect(shown).toMatchObject({ state: 'revoked', keyRetiredAt });
  });

  test('of before keys were kept with claims is told as it was', async () => {
    const databaseUrl = await createDatabase();
    const on = await start({ databaseUrl });
    const [older, newer] = [await on.mint(), await on.mint()];
    const log = createLogger('test', 'silent');
    const { db, close } = await openDatabase({ databaseUrl, dataDir: '', log });
    await db.updateTable('claim').set({ key_ids: null }).where('id', '=', older.id).execute();
    await close();
    await on.kill('all');
    await on.until(newer, 'revoked');
    expect(await on.listed(older)).toMatchObject({ state: 'waiting' });
  });
});

describe('a link whose claim died with its key', () => {
  test('tells so in its story, and a press gives the same claim by the next key', async () => {
    const on = await start({ databaseUrl: await createDatabase() });
    const link = await makeLink(on.client, on.fileId);
    const untouched = await makeLink(on.client, on.fileId);
    const recipient = createRecipient(on.app.url, APP_ORIGIN);
    const { claimUrl: first = '' } = await recipient.take(link.url);
    const claim = await claimOf(on.app, first);
    expect(await on.send(first, 300)).toBe('burned');
    const state = async () => (await readLink(on.client, link.id)).state;
    await waitFor('it is interrupted', async () => (await state()) === 'interrupted');

    const at = await on.kill('all');
    const story = await waitFor('the story tells it', async () => {
      const { timeline } = await readLink(on.client, link.id);
      return timeline.some(({ kind }) => kind === 'key-retired') && timeline;
    });
    expect(story.at(-1)).toEqual({ at, kind: 'key-retired' });
    const retirements = async () =>
      (await readLink(on.client, link.id)).timeline.filter(({ kind }) => kind === 'key-retired')
        .length;
    expect(await retirements()).toBe(1);
    const page = await (await on.client.get(`/links/${link.id}`)).text();
    expect(page).toContain('Claim revoked: its signing key was retired in an emergency');
    await waitFor('the ledger knows', async () => {
      return (await on.open(claim, keyIdOf(first))) === 'revoked';
    });

    // The link itself lives: the copy is not lost.
    expect(await state()).toBe('interrupted');
    on.advance(6);
    const { claimUrl: second = '' } = await recipient.take(link.url);
    expect(keyIdOf(second)).not.toBe(keyIdOf(first));
    expect((await claimOf(on.app, second)).jti).toBe(claim.jti);
    expect(await on.send(second, 300, 300)).toBe('resumed');

    // The key that signed it last is killed too, and then one after all is over.
    await on.kill('all');
    await waitFor('the story tells that too', async () => (await retirements()) === 2);
    on.advance(6);
    const { claimUrl: third = '' } = await recipient.take(link.url);
    expect(await on.send(third, SIZE - 600, 600)).toBe('resumed');
    await waitFor('it is whole', async () => (await state()) === 'finished');
    await on.kill('all');
    await waitFor('that is seen', async () => {
      const document = await on.app.visitor().get('/.well-known/claimcheck/keys');
      return (await readPublishedKeys(await document.json())).retired.length === 3;
    });
    expect(await retirements()).toBe(2);
    const spared = await readLink(on.client, untouched.id);
    expect(spared.timeline.map(({ kind }) => kind)).toEqual(['created']);
  });
});
