// Links as their sender has them: made by page and API, listed, changed, withdrawn, exported; and what
// of them is secret stays so.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../app/client.js';
import { upload } from '../app/files-and-claims.js';
import { APP_ORIGIN, startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { waitFor } from '../support/wait-for.js';
import { createRecipient, makeLink, readLink, type MadeLink } from './press-link.js';

let app: TestAppServer;
let sender: Client;
let fileId: string;
beforeAll(async () => {
  app = await startTestAppServer();
  sender = await app.signedIn();
  fileId = (await upload(sender, 'report.txt')).id;
});
afterAll(() => app.stop());

const recipient = () => createRecipient(app.url, APP_ORIGIN);

async function create(wish: Record<string, unknown>) {
  const response = await sender.json('POST', '/api/links', wish);
  return { status: response.status, body: (await response.json()) as Answer };
}

interface Answer extends MadeLink {
  links: (MadeLink & { to: string | null; fileId: string })[];
  detail?: string;
}

async function listed(query = ''): Promise<{ links: Record<string, unknown>[]; next?: string }> {
  return (await (await sender.get(`/api/links${query}`)).json()) as Awaited<
    ReturnType<typeof listed>
  >;
}

describe('making a link', () => {
  test('gives its id and an address of at most 40 characters after the origin', async () => {
    const { status, body } = await create({ fileId });
    expect(status).toBe(201);
    expect(body.id).toMatch(/^[A-Za-z0-9_-]{12}$/);
    const { origin, pathname } = new URL(body.url);
    expect(origin).toBe(APP_ORIGIN);
    expect(pathname).toMatch(/^\/l\/[a-z2-7]{32}$/);
    expect(pathname.length).toBeLessThanOrEqual(40);
    expect(body.links).toHaveLength(1);
  });

  test('makes one for each file and recipient, and one mail for each', async () => {
    const other = (await upload(sender, 'other.txt')).id;
    const to = ['bo@example.net', 'Cy@Example.net', 'bo@example.net'];
    const { body } = await create({ fileIds: [fileId, other], to });
    expect(body.links.map((link) => [link.fileId, link.to])).toEqual([
      [fileId, 'bo@example.net'],
      [fileId, 'cy@example.net'],
      [other, 'bo@example.net'],
      [other, 'cy@example.net'],
    ]);
    expect(body.id).toBeUndefined();
    expect(new Set(body.links.map(({ url }) => url)).size).toBe(4);
    const [newest] = (await listed('?to=cy@example.net')).links;
    expect(newest?.['mail']).toMatchObject({ state: 'queued', error: null });
  });

  test('takes uses for another name of copies', async () => {
    const { body } = await create({ fileId, uses: 3 });
    expect((await readLink(sender, body.id)).copies).toBe(3);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['no file', {}, /fileId: expected either fileId or fileIds/],
    ['both kinds of file', { fileId: 'a', fileIds: ['a'] }, /fileId: expected either/],
    ['no address', { fileId: 'a', to: 'bo' }, /to: .*|expected an e-mail address/],
    ['no copies', { fileId: 'a', copies: 0 }, /copies: /],
    ['copies and uses', { fileId: 'a', copies: 1, uses: 1 }, /copies: expected either/],
    ['a life of 91 days', { fileId: 'a', expiresInSeconds: 7_862_400 }, /expiresInSeconds: /],
    ['an unknown field', { fileId: 'a', secret: 1 }, /secret/],
    ['a message that is too long', { fileId: 'a', message: 'x'.repeat(2001) }, /message: /],
    ['control characters in the message', { fileId: 'a', message: 'a\u0007b' }, /message: control/],
  ])('is refused by name for %s', async (_, wish, fault) => {
    const { status, body } = await create(wish);
    expect(status).toBe(422);
    expect(body.detail).toMatch(fault);
  });

  test('is refused for a file of somebody else', async () => {
    const stranger = await app.addMember();
    const response = await stranger.json('POST', '/api/links', { fileId });
    expect(response.status).toBe(404);
  });

  test('stores neither the address nor the code, and logs neither', async () => {
    const { url, code = '', id } = await makeLink(sender, fileId, { code: true });
    const handle = new URL(url).pathname.slice(3);
    await recipient().take(url, { code });
    const told = await sender.get(`/api/links/${id}`);
    const page = await sender.get(`/links/${id}`, { Accept: 'text/html' });
    const texts = [await told.text(), await page.text(), app.logged()];
    for (const text of texts) {
      expect(text).not.toContain(handle);
      expect(text).not.toMatch(new RegExp(`\\b${code}\\b`));
    }
    expect(app.logged()).toContain('/l/[handle]');
  });
});

describe('the list of links', () => {
  test('comes in pages, newest first, and can be narrowed to a file or an address', async () => {
    const own = (await upload(sender, 'narrow.txt')).id;
    const made: string[] = [];
    for (let i = 0; i < 3; i += 1) made.unshift((await makeLink(sender, own)).id);
    const first = await listed(`?fileId=${own}&limit=2`);
    expect(first.links.map(({ id }) => id)).toEqual(made.slice(0, 2));
    expect(first.next).toMatch(/^\/api\/links\?after=/);
    const rest = await listed(`?fileId=${own}&${first.next?.split('?')[1]}`);
    expect(rest.links.map(({ id }) => id)).toEqual(made.slice(2));
  });

  test('is nobody else’s: not the list, not a link, not its story', async () => {
    const { id } = await makeLink(sender, fileId);
    const stranger = await app.addMember();
    expect(await (await stranger.get('/api/links')).json()).toEqual({ links: [] });
    for (const path of [`/api/links/${id}`, `/api/links/${id}/events`, `/links/${id}`]) {
      expect((await stranger.get(path)).status).toBe(404);
    }
    expect((await stranger.request('DELETE', `/api/links/${id}`)).status).toBe(404);
    expect((await stranger.json('PATCH', `/api/links/${id}`, { copies: 9 })).status).toBe(404);
    expect((await stranger.json('POST', `/api/links/${id}/send`, {})).status).toBe(404);
    expect((await readLink(sender, id)).state).toBe('waiting');
  });

  test('is exported as CSV in which nothing is a formula', async () => {
    const file = await upload(sender, '=HYPERLINK("http:--evil.example").txt');
    const { id } = await makeLink(sender, file.id, { to: '+cmd@example.net' });
    const response = await sender.get('/api/links.csv');
    expect(response.headers.get('Content-Type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="links.csv"');
    const lines = (await response.text()).split('\r\n');
    expect(lines[0]).toMatch(/^\ufeff?id,file,bytes,recipient,state,/);
    const row = lines.find((line) => line.startsWith(id));
    expect(row).toContain(`"'=HYPERLINK(""http:--evil.example"").txt"`);
    expect(row).toContain(`,'+cmd@example.net,`);
    const story = await waitFor('the mail is a file', async () => {
      const text = await (await sender.get(`/api/links/${id}/timeline.csv`)).text();
      return text.includes('mail-filed') && text.split('\r\n');
    });
    expect(story.slice(1, 3)).toEqual([
      expect.stringMatching(/^\d{4}-.*Z,created,,,$/),
      expect.stringMatching(/^\d{4}-.*Z,mail-filed,'\+cmd@example\.net,,$/),
    ]);
  });
});

describe('a link that is out', () => {
  test('is extended, and given more copies, but never fewer', async () => {
    const { id } = await makeLink(sender, fileId, { copies: 2, expiresInSeconds: 60 });
    const answer = await sender.json('PATCH', `/api/links/${id}`, {
      expiresInSeconds: 86_400,
      copies: 3,
    });
    const changed = (await answer.json()) as { expiresAt: string; copies: number };
    expect(changed.copies).toBe(3);
    expect(Date.parse(changed.expiresAt)).toBeGreaterThan(Date.now() + 86_000_000);
    expect((await sender.json('PATCH', `/api/links/${id}`, { copies: 2 })).status).toBe(409);
    expect((await sender.json('PATCH', `/api/links/${id}`, {})).status).toBe(422);
    const kinds = (await readLink(sender, id)).timeline.map(({ kind }) => kind);
    expect(kinds).toEqual(['created', 'extended']);
  });

  test('gets a new address, and the old one says so', async () => {
    const { id, url, code } = await makeLink(sender, fileId, { to: 'bo@example.net', code: true });
    const answer = await sender.json('POST', `/api/links/${id}/send`, { to: 'cy@example.net' });
    const again = (await answer.json()) as MadeLink & { to: string };
    expect(again).toMatchObject({ id, to: 'cy@example.net' });
    expect(again.url).not.toBe(url);
    expect(again.code).not.toBe(code);
    const old = await recipient().open(url);
    expect(old.status).toBe(410);
    expect(old.words).toContain('A newer link was sent in place of this one');
    expect((await recipient().take(again.url, { code: again.code ?? '' })).status).toBe(303);
    const { timeline } = await readLink(sender, id);
    expect(timeline.filter(({ kind }) => kind.startsWith('mail-'))).toHaveLength(2);
  });

  test('that was withdrawn stays so', async () => {
    const { id } = await makeLink(sender, fileId);
    expect((await sender.request('DELETE', `/api/links/${id}`)).status).toBe(204);
    expect((await sender.request('DELETE', `/api/links/${id}`)).status).toBe(204);
    expect((await sender.json('PATCH', `/api/links/${id}`, { copies: 2 })).status).toBe(409);
    expect((await sender.json('POST', `/api/links/${id}/send`, {})).status).toBe(409);
    const { state, timeline } = await readLink(sender, id);
    expect(state).toBe('revoked');
    expect(timeline.filter(({ kind }) => kind === 'revoked')).toHaveLength(1);
  });

  test('is withdrawn with all of its file, or all to its address', async () => {
    const own = (await upload(sender, 'all.txt')).id;
    const to = `all-${Math.random()}@example.net`;
    const ofFile = [await makeLink(sender, own), await makeLink(sender, own, { to })];
    const toAddress = await makeLink(sender, fileId, { to });
    const other = await makeLink(sender, fileId);
    const gone = await sender.request('DELETE', `/api/links?fileId=${own}`);
    expect(await gone.json()).toEqual({ revoked: 2 });
    const rest = await sender.request('DELETE', `/api/links?to=${to}`);
    expect(await rest.json()).toEqual({ revoked: 1 });
    for (const { id } of [...ofFile, toAddress]) {
      expect((await readLink(sender, id)).state).toBe('revoked');
    }
    expect((await readLink(sender, other.id)).state).toBe('waiting');
    expect((await sender.request('DELETE', '/api/links')).status).toBe(422);
  });
});

describe('the pages', () => {
  test('make a link, show its address once, and follow it', async () => {
    const form = await sender.get(`/links/new?file=${fileId}`, { Accept: 'text/html' });
    expect(await form.text()).toMatch(new RegExp(`value="${fileId}" checked`));
    const made = await sender.form('/links', {
      fileId,
      to: 'bo@example.net\ncy@example.net',
      copies: '2',
      days: '1',
      message: 'Hello',
      code: 'yes',
    });
    expect(made.status).toBe(200);
    const shown = await made.text();
    const urls = [...shown.matchAll(/http:\/\/localhost:3000\/l\/[a-z2-7]{32}/g)];
    expect(urls).toHaveLength(2);
    expect([...shown.matchAll(/<strong class="link-code">\d{6}</g)]).toHaveLength(2);
    const [, id = ''] = /href="\/links\/([\w-]{12})"/.exec(shown) ?? [];
    expect(await readLink(sender, id)).toMatchObject({ copies: 2, notify: false, needsCode: true });
  });

  test('say beside the form what was wrong, and keep what was typed', async () => {
    const refused = await sender.form('/links', { to: 'bo@', copies: '1', message: 'Kept words' });
    expect(refused.status).toBe(422);
    const html = await refused.text();
    expect(html).toContain('Files: choose 1 to 20 files');
    expect(html).toContain('To: expected an e-mail address (bo@)');
    expect(html).toContain('Kept words');
  });

  test('extend, allow one more, make a new address and withdraw', async () => {
    const { id } = await makeLink(sender, fileId);
    for (const action of ['extend', 'allow']) {
      const done = await sender.form(`/links/${id}/${action}`, { days: '30' });
      expect(done.headers.get('Location')).toBe(`/links/${id}?done=link-changed`);
    }
    const sent = await sender.form(`/links/${id}/send`, { to: '' });
    expect(await sent.text()).toMatch(/http:\/\/localhost:3000\/l\/[a-z2-7]{32}/);
    const done = await sender.form(`/links/${id}/revoke`);
    expect(done.headers.get('Location')).toBe(`/links/${id}?done=link-revoked`);
    const refused = await sender.form(`/links/${id}/extend`, { days: '30' });
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain('was withdrawn');
    const { timeline } = await readLink(sender, id);
    expect(timeline.map(({ kind }) => kind)).toEqual([
      'created',
      'extended',
      'extended',
      'sent-again',
      'revoked',
    ]);
  });
});
