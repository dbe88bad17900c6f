// The streams that tell pages of changes: what they send, when they end, and for whom.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyStore, kill, NO_WRAPPING } from '@claimcheck/app-server/keys';
import type { Client } from '../app/client.js';
import { upload } from '../app/files-and-claims.js';
import { APP_ORIGIN, startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { waitFor } from '../support/wait-for.js';
import { createRecipient, makeLink, readLink } from './press-link.js';

let app: TestAppServer;
let sender: Client;
let fileId: string;
beforeAll(async () => {
  app = await startTestAppServer();
  sender = await app.signedIn();
  fileId = (await upload(sender, 'report.txt')).id;
});
afterAll(() => app.stop());

interface Stream {
  response: Response;
  /** The data of each `change` until now. */
  changes: {
    state?: string;
    timeline?: { kind: string }[];
    links?: { id: string; state: string }[];
  }[];
  ended: () => boolean;
  close(): void;
}

async function follow(client: Client, path: string): Promise<Stream> {
  const closing = new AbortController();
  const response = await client.request('GET', path, { signal: closing.signal });
  const changes: Stream['changes'] = [];
  let ended = false;
  void (async () => {
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const part of response.body ?? []) {
        text += decoder.decode(part, { stream: true });
        const messages = text.split('\n\n');
        text = messages.pop() ?? '';
        for (const message of messages) {
          const [, data] = /^event: change\ndata: (.*)$/.exec(message) ?? [];
          if (data !== undefined) changes.push(JSON.parse(data) as Stream['changes'][number]);
        }
      }
    } catch {
      // Closed by the test.
    }
    ended = true;
  })();
  return { response, changes, ended: () => ended, close: () => closing.abort() };
}

describe('a stream of changes', () => {
  test('tells a link as it is, and again when its page is opened or it is revoked', async () => {
    const { id, url } = await makeLink(sender, fileId);
    const stream = await follow(sender, `/api/links/${id}/events`);
    expect(stream.response.headers.get('Content-Type')).toBe('text/event-stream; charset=utf-8');
    await waitFor('the link is told', () => stream.changes.length === 1);
    expect(stream.changes[0]?.state).toBe('waiting');
    await createRecipient(app.url, APP_ORIGIN).open(url);
    await waitFor('the view is told', () => stream.changes.at(-1)?.state === 'seen', 2000);
    await sender.request('DELETE', `/api/links/${id}`);
    await waitFor('the end is told', () => stream.changes.at(-1)?.state === 'revoked', 2000);
    stream.close();
  });

  test('tells that a link has run out, without anybody’s doing, and again when it was extended', async () => {
    const { id } = await makeLink(sender, fileId, { expiresInSeconds: 1 });
    const stream = await follow(sender, `/api/links/${id}/events`);
    const list = await follow(sender, '/api/links/events');
    await waitFor('the end is told', () => stream.changes.at(-1)?.state === 'expired', 4000);
    const inList = () => list.changes.at(-1)?.links?.find((link) => link.id === id)?.state;
    await waitFor('the list tells it', () => inList() === 'expired', 4000);
    await sender.json('PATCH', `/api/links/${id}`, { expiresInSeconds: 1 });
    await waitFor('the extension is told', () => stream.changes.at(-1)?.state === 'waiting', 4000);
    await waitFor('its end is told', () => stream.changes.at(-1)?.state === 'expired', 4000);
    const kinds = (await readLink(sender, id)).timeline.map(({ kind }) => kind);
    expect(kinds).toEqual(['created', 'expired', 'extended', 'expired']);
    stream.close();
    list.close();
  });

  test('of the list tells a new link, and one that was extended', async () => {
    const stream = await follow(sender, '/api/links/events');
    await waitFor('the list is told', () => stream.changes.length === 1);
    const { id } = await makeLink(sender, fileId);
    const told = () => stream.changes.at(-1)?.links?.some((link) => link.id === id);
    await waitFor('the link is told', told, 2000);
    const before = stream.changes.length;
    await sender.json('PATCH', `/api/links/${id}`, { expiresInSeconds: 60 });
    await waitFor('the change is told', () => stream.changes.length > before, 2000);
    stream.close();
  });

  test('of one link is silent about others', async () => {
    const [own, other] = [await makeLink(sender, fileId), await makeLink(sender, fileId)];
    const stream = await follow(sender, `/api/links/${own.id}/events`);
    const others = await follow(sender, `/api/links/${other.id}/events`);
    await waitFor('both are told', () => stream.changes.length + others.changes.length === 2);
    await waitFor('the other is told', async () => {
      await sender.json('PATCH', `/api/links/${other.id}`, { expiresInSeconds: 60 });
      return others.changes.length > 1;
    });
    expect(stream.changes).toHaveLength(1);
    stream.close();
    others.close();
  });

  test('is refused without a session, and to more than 30 at a time', async () => {
    expect((await app.visitor().get('/api/links/events')).status).toBe(401);
    const member = await app.addMember();
    const streams: Stream[] = [];
    for (let i = 0; i < 30; i += 1) streams.push(await follow(member, '/api/links/events'));
    expect((await member.get('/api/links/events')).status).toBe(429);
    for (const stream of streams) stream.close();
    await waitFor('one fits in again', async () => {
      const stream = await follow(member, '/api/links/events');
      stream.close();
      return stream.response.status === 200;
    });
  });

  test('does not keep the server from stopping', async () => {
    const own = await startTestAppServer();
    const client = await own.signedIn();
    const stream = await follow(client, '/api/links/events');
    await waitFor('the list is told', () => stream.changes.length === 1);
    await own.stop();
    await waitFor('the stream has ended', stream.ended);
  });
});

test('a stream tells that a key was killed which had signed a claim of the link', async () => {
  const { id, url } = await makeLink(sender, fileId);
  expect((await createRecipient(app.url, APP_ORIGIN).take(url)).claimUrl).toBeDefined();
  const stream = await follow(sender, `/api/links/${id}/events`);
  await waitFor('the link is told', () => stream.changes.length === 1);
  const store = createKeyStore(app.config.keys.directory, NO_WRAPPING);
  await kill({ store, aheadMs: 5000, now: Date.now, by: 'command' }, 'all');
  const told = () => stream.changes.at(-1)?.timeline?.some(({ kind }) => kind === 'key-retired');
  await waitFor('it is told', told);
  stream.close();
});
