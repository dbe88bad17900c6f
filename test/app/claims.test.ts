// Claims over real HTTP: what is minted, when nothing is, what kills it, and what the list tells.
import { EventEmitter, once } from 'node:events';
import { lstat, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { LedgerUnavailableError, type Ledger } from '@claimcheck/shared/ledger';
import { waitFor } from '../support/wait-for.js';
import type { Client } from './client.js';
import { burn, claimOf, findClaim, listClaims, mint, tokenOf, upload } from './files-and-claims.js';
import { DOWNLOAD_ORIGIN, startTestAppServer, type TestAppServer } from './start-app-server.js';

let app: TestAppServer;
let client: Client;
let clockAheadMs = 0;
let isLedgerAway = false;
/** While set, the server waits for it when it asks for the fence. */
let fenceHeld: Promise<unknown> | undefined;
let fenceAsked = 0;

function wrapLedger(ledger: Ledger): Ledger {
  return {
    ...ledger,
    fence: async (nonce) => {
      fenceAsked += 1;
      if (isLedgerAway) throw new LedgerUnavailableError('away');
      const fence = await ledger.fence(nonce);
      await fenceHeld;
      return fence;
    },
    revoke: async (revocation) => {
      if (isLedgerAway) throw new LedgerUnavailableError('away');
      await ledger.revoke(revocation);
    },
  };
}

beforeAll(async () => {
  app = await startTestAppServer({ wrapLedger, now: () => Date.now() + clockAheadMs });
});
beforeEach(async () => {
  client = await app.addMember();
});
afterEach(() => {
  clockAheadMs = 0;
  isLedgerAway = false;
  fenceHeld = undefined;
});
afterAll(async () => await app.stop());

/** Uploads a file and tells where its bytes lie. */
async function uploadTo(name: string, content: string) {
  const before = new Set(['.incoming', ...(await readdir(app.config.filesRoot))]);
  const file = await upload(client, name, content);
  const key = (await readdir(app.config.filesRoot)).find((entry) => !before.has(entry)) ?? '';
  return { file, key, path: join(app.config.filesRoot, key) };
}

async function refusalOf(response: Response): Promise<[number, string, string]> {
  const { type, detail } = (await response.json()) as Record<string, string>;
  return [response.status, type?.split(':').at(-1) ?? '', detail ?? ''];
}

describe('minting', () => {
  test('gives a URL whose token verifies with the published keys and says what it is for', async () => {
    const { file, key, path } = await uploadTo('Käse & "Brot".txt', 'content');
    const { id, url, expiresAt } = await mint(client, file.id);
    expect(url).toBe(`${DOWNLOAD_ORIGIN}/d/${tokenOf(url)}/${encodeURIComponent(file.name)}`);
    const claim = await claimOf(app, url);
    expect(claim).toMatchObject({
      jti: id,
      iss: app.config.appOrigin,
      aud: DOWNLOAD_ORIGIN,
      act: 'download',
      mod: 'strict',
      fen: await app.ledger.fence(id),
      exp: expiresAt.replace('.000Z', 'Z'),
      fil: {
        key,
        name: file.name,
        type: file.type,
        size: file.size,
        sha256: Buffer.from(file.sha256, 'hex').toString('base64url'),
        mtime: Math.trunc((await lstat(path)).mtimeMs),
      },
    });
    expect(Date.parse(claim.exp) - Date.parse(claim.iat)).toBe(120_000);
    expect(await burn(app.ledger, claim)).toBe('burned');
  });

  test('names its account and session without giving either away', async () => {
    const file = await upload(client, 'x');
    const { sub, ses } = await claimOf(app, (await mint(client, file.id)).url);
    const other = await claimOf(app, (await mint(client, file.id)).url);
    expect([other.sub, other.ses]).toEqual([sub, ses]);
    expect(sub).toMatch(/^[A-Za-z0-9_-]{12}$/);
    for (const cookie of client.cookies.values()) expect(cookie).not.toContain(ses);
  });

  test('takes a life of 1 to 900 seconds', async () => {
    const file = await upload(client, 'x');
    for (const lifetimeSeconds of [1, 900]) {
      const { iat, exp } = await claimOf(
        app,
        (await mint(client, file.id, { lifetimeSeconds })).url,
      );
      expect(Date.parse(exp) - Date.parse(iat)).toBe(lifetimeSeconds * 1000);
    }
  });

  test.each([
    [{ mode: 'twice' }, 'mode: expected "strict" or "resumable"'],
    [{ lifetimeSeconds: 0 }, 'lifetimeSeconds: '],
    [{ lifetimeSeconds: 901 }, 'lifetimeSeconds: '],
    [{ lifetimeSeconds: 1.5 }, 'lifetimeSeconds: '],
    [{ lifetimeSeconds: '60' }, 'lifetimeSeconds: '],
    [{ fileId: undefined }, 'fileId: '],
    [{ fileId: { $ne: '' } }, 'fileId: '],
    [{ sub: 'somebody else' }, 'sub'],
  ])('refuses %j by name', async (wrong, words) => {
    const { id } = await upload(client, 'x');
    const response = await client.json('POST', '/api/claims', { fileId: id, ...wrong });
    const [status, code, detail] = await refusalOf(response);
    expect([status, code]).toEqual([422, 'invalid-input']);
    expect(detail).toContain(words);
  });

  test('answers "not yours" and "not there" alike', async () => {
    const { id } = await upload(await app.addMember(), 'theirs');
    const theirs = await refusalOf(await client.json('POST', '/api/claims', { fileId: id }));
    const nobodys = await refusalOf(await client.json('POST', '/api/claims', { fileId: 'nobody' }));
    expect(theirs).toEqual(nobodys);
    expect(theirs.slice(0, 2)).toEqual([404, 'not-found']);
  });

  test('is refused while the ledger is away, and leaves no claim in the list', async () => {
    const { id } = await upload(client, 'x');
    isLedgerAway = true;
    const response = await client.json('POST', '/api/claims', { fileId: id });
    expect(response.headers.get('Retry-After')).not.toBeNull();
    expect((await refusalOf(response)).slice(0, 2)).toEqual([503, 'ledger-unavailable']);
    expect(await listClaims(client)).toEqual([]);
  });

  test('keeps the token to its answer: neither list, page nor log has it', async () => {
    const { file } = await uploadTo('x', 'content');
    const { id, url } = await mint(client, file.id);
    await client.get(new URL(url).pathname);
    const [token, list] = [tokenOf(url), JSON.stringify(await listClaims(client))];
    const page = await (await client.get('/claims')).text();
    await waitFor('the minting is logged', () => app.logged().includes(id));
    for (const text of [list, page, app.logged()]) {
      expect(text).not.toContain(token.split('.')[2]);
      expect(text).not.toContain('v4.public.');
    }
  });
});

async function tryMint(fileId: string): Promise<[number, string, string]> {
  return await refusalOf(await client.json('POST', '/api/claims', { fileId }));
}

describe('a file that changed in storage', () => {
  test('and is gone is refused as missing', async () => {
    const { file, path } = await uploadTo('x', 'content');
    await rm(path);
    expect((await tryMint(file.id)).slice(0, 2)).toEqual([409, 'file-missing']);
  });

  test.each([
    ['another size', 'longer content'],
    ['the same size and other bytes', 'CONTENT'],
  ])('to %s is refused as changed, each time', async (_, content) => {
    const { file, path } = await uploadTo('x', 'content');
    await writeFile(path, content);
    await utimes(path, 1, 1);
    for (let i = 0; i < 2; i += 1) {
      expect((await tryMint(file.id)).slice(0, 2)).toEqual([409, 'file-changed']);
    }
  });

  test('into a link to an equal file is refused as changed', async () => {
    const { file, path } = await uploadTo('x', 'content');
    await rename(path, `${path}.real`);
    await symlink(`${path}.real`, path);
    expect((await tryMint(file.id)).slice(0, 2)).toEqual([409, 'file-changed']);
  });

  test('in its time alone is minted for with the new time, also by many at once', async () => {
    const { file, path } = await uploadTo('x', 'content');
    await utimes(path, 1_700_000_000.5, 1_700_000_000.5);
    const minted = await Promise.all(Array.from({ length: 5 }, () => mint(client, file.id)));
    for (const { url } of minted) {
      expect((await claimOf(app, url)).fil.mtime).toBe(1_700_000_000_500);
    }
  });
});

async function disable(): Promise<Response> {
  const admin = await app.signedIn();
  const own = (await (await client.get('/api/session')).json()) as { account: { id: string } };
  return await admin.json('PATCH', `/api/accounts/${own.account.id}`, { disabled: true });
}

describe('an outstanding claim is dead', () => {
  const kills: [string, (ids: { fileId: string; claimId: string }) => Promise<Response>][] = [
    ['its withdrawal', ({ claimId }) => client.request('DELETE', `/api/claims/${claimId}`)],
    ['its withdrawal on the page', ({ claimId }) => client.form(`/claims/${claimId}/revoke`)],
    ['the deletion of its file', ({ fileId }) => client.request('DELETE', `/api/files/${fileId}`)],
    ['sign-out', () => client.request('DELETE', '/api/session')],
    ['its account being disabled', () => disable()],
  ];

  test.each(kills)('after %s', async (_, kill) => {
    const file = await upload(client, 'x');
    const { id, url } = await mint(client, file.id);
    const claim = await claimOf(app, url);
    expect((await kill({ fileId: file.id, claimId: id })).status).toBeLessThan(400);
    expect(await burn(app.ledger, claim)).toBe('revoked');
  });

  test.each(kills.slice(2))('when it was being minted during %s', async (_, kill) => {
    const file = await upload(client, 'x');
    const gate = new EventEmitter();
    fenceHeld = once(gate, 'open');
    const asked = fenceAsked;
    const minting = client.json('POST', '/api/claims', { fileId: file.id });
    await waitFor('the mint is under way', () => fenceAsked > asked);
    expect((await kill({ fileId: file.id, claimId: '' })).status).toBeLessThan(400);
    // A claim dated by the end of its minting would be younger than the withdrawal.
    clockAheadMs = 10_000;
    gate.emit('open');
    const response = await minting;
    if (response.status !== 201) return expect([401, 404]).toContain(response.status);
    const { url } = (await response.json()) as { url: string };
    expect(await burn(app.ledger, await claimOf(app, url))).toBe('revoked');
  });
});

describe('withdrawing a claim', () => {
  test('is shown in the list, and is no fault when done again', async () => {
    const { id } = await mint(client, (await upload(client, 'x')).id);
    for (let i = 0; i < 2; i += 1) {
      expect((await client.request('DELETE', `/api/claims/${id}`)).status).toBe(204);
    }
    expect(await findClaim(client, id)).toMatchObject({ state: 'revoked' });
  });

  test('is for its owner alone', async () => {
    const { id, url } = await mint(client, (await upload(client, 'x')).id);
    const other = await app.addMember();
    expect((await other.request('DELETE', `/api/claims/${id}`)).status).toBe(404);
    expect(await listClaims(other)).toEqual([]);
    expect(await burn(app.ledger, await claimOf(app, url))).toBe('burned');
  });

  test('is refused while the ledger is away, and the list goes on saying it waits', async () => {
    const { id } = await mint(client, (await upload(client, 'x')).id);
    isLedgerAway = true;
    expect((await client.request('DELETE', `/api/claims/${id}`)).status).toBe(503);
    expect(await findClaim(client, id)).toMatchObject({ state: 'waiting' });
  });

  test('along with its file is shown in the list, which keeps the file’s name', async () => {
    const file = await upload(client, 'gone.txt');
    const { id } = await mint(client, file.id);
    await client.request('DELETE', `/api/files/${file.id}`);
    expect(await findClaim(client, id)).toMatchObject({ state: 'revoked', fileName: 'gone.txt' });
  });
});

describe('the claims list', () => {
  test('is newest first, in pages', async () => {
    const file = await upload(client, 'x');
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      ids.push((await mint(client, file.id)).id);
      clockAheadMs += 1;
    }
    const seen: string[] = [];
    let path: string | undefined = '/api/claims?limit=2';
    while (path !== undefined) {
      const page = (await (await client.get(path)).json()) as {
        claims: { id: string }[];
        next?: string;
      };
      seen.push(...page.claims.map(({ id }) => id));
      path = page.next === undefined ? undefined : `${page.next}&limit=2`;
    }
    expect(seen).toEqual(ids.toReversed());
  });

  test('tells a claim nobody used from the moment it can no longer be', async () => {
    const { id } = await mint(client, (await upload(client, 'x')).id, { lifetimeSeconds: 60 });
    expect(await findClaim(client, id)).toMatchObject({ state: 'waiting' });
    clockAheadMs = 61_000;
    expect(await findClaim(client, id)).toMatchObject({ state: 'expired' });
  });
});

describe('the buttons of the files page', () => {
  test('Download goes to a fresh claim', async () => {
    const file = await upload(client, 'x.txt');
    const response = await client.form(`/files/${file.id}/download`);
    expect([response.status, await response.text()]).toEqual([303, '']);
    const url = response.headers.get('Location') ?? '';
    expect(await claimOf(app, url)).toMatchObject({ fil: { name: 'x.txt' } });
  });

  test('Copy as curl shows a command with a fresh claim, on a page that is not stored', async () => {
    const file = await upload(client, 'x.txt');
    const response = await client.form(`/files/${file.id}/curl`);
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store']);
    const [url = ''] = /http:\/\/localhost:3001\/d\/[^\s'"&<]+/.exec(await response.text()) ?? [];
    expect(await burn(app.ledger, await claimOf(app, url))).toBe('burned');
  });

  test('say on the page itself when the file cannot be handed out', async () => {
    const { file, path } = await uploadTo('lost.txt', 'content');
    await rm(path);
    for (const button of ['download', 'curl']) {
      const response = await client.form(`/files/${file.id}/${button}`);
      expect(response.status).toBe(409);
      const page = await response.text();
      expect(page).toContain('The file is gone from storage');
      expect(page).toContain('lost.txt');
    }
  });

  test('answer for another’s file as for none', async () => {
    const { id } = await upload(await app.addMember(), 'theirs');
    expect((await client.form(`/files/${id}/download`)).status).toBe(404);
  });
});
