// A system that has been lived in: files with awkward names, claims in every state, several devices
// and accounts. What the pages look like is judged with this, not with one tidy row.
import { once } from 'node:events';
import { get } from 'node:http';
import { createClient, type Client } from '../app/client.js';
import { waitFor } from '../support/wait-for.js';
import { mint, tryDownload, upload, type System } from '../system/start-system.js';
import { ADA } from './start-browsing.js';

const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  'curl/8.5.0',
];

/** Larger than what the sockets between two processes hold, so that it can be left half sent. */
const LARGE_BYTES = 40_000_000;

/** Names as people have them, from the shortest to one without any place to break. */
const NAMES = [
  'Board minutes 2026-11.pdf',
  'a',
  `${'nobreak'.repeat(34)}.tar.gz`,
  'دليل المستخدم للطابعة.pdf',
  '家族写真 🏖️ Sommer.jpg',
];

/**
 * Fills the system, and returns when the claims list tells of all that happened. One download is left
 * running; the function that it returns ends that, which a server's graceful stop waits for.
 */
export async function furnish(system: System): Promise<() => Promise<void>> {
  const client = await system.signIn();
  for (const userAgent of USER_AGENTS) await signInAs(system, userAgent);
  await addAccounts(client);
  await addMailsAndWebhooks(client);
  const key = {
    name: 'a program whose name is as long as a name may be',
    scopes: ['claims:mint', 'files:read'],
  };
  await client.json('POST', '/api/api-keys', key);
  for (const [i, name] of NAMES.entries()) await upload(client, 900 * 12 ** i, name);
  const large = await upload(client, LARGE_BYTES, 'Holiday film, first cut.mkv');
  const small = await upload(client, 2000, 'Invoice 4711.pdf');

  const used = await mint(client, small.id);
  await tryDownload(used.url);
  await tryDownload(used.url);
  const brokenOff = await begin((await mint(client, large.id)).url);
  await brokenOff();
  const endRunning = await begin((await mint(client, large.id)).url);
  const revoked = await mint(client, small.id);
  await client.request('DELETE', `/api/claims/${revoked.id}`);
  await client.json('POST', '/api/claims', { fileId: small.id, lifetimeSeconds: 1 });
  await mint(client, small.id);
  await waitFor('the claims list tells everything', async () => {
    const { claims } = (await (await client.get('/api/claims')).json()) as { claims: Listed[] };
    const states = claims.map(({ state }) => state).toSorted();
    const told = claims.some(({ refusedCount }) => refusedCount > 0);
    return told && states.join() === 'broken-off,expired,finished,revoked,started,waiting';
  });
  return endRunning;
}

interface Listed {
  state: string;
  refusedCount: number;
}

async function signInAs({ appUrl }: System, userAgent: string): Promise<void> {
  const response = await createClient(appUrl, appUrl).request('POST', '/api/session', {
    body: JSON.stringify(ADA),
    headers: { 'Content-Type': 'application/json', 'User-Agent': userAgent },
  });
  if (response.status !== 204) throw new Error(`sign-in gave ${response.status}`);
}

async function addAccounts(client: Client): Promise<void> {
  const password = 'a password for a member';
  const emails = ['bo@example.org', `${'very-long-name'.repeat(4)}@subdomain.example.org`];
  for (const email of emails) {
    const added = await client.json('POST', '/api/accounts', { email, password, role: 'member' });
    if (added.status !== 201) throw new Error(`adding an account gave ${added.status}`);
    const { id } = (await added.json()) as { id: string };
    if (email === emails[0]) await client.json('PATCH', `/api/accounts/${id}`, { disabled: true });
  }
}

/** Invitations leave mails in the outbox; one address has nowhere to break. */
async function addMailsAndWebhooks(client: Client): Promise<void> {
  for (const email of ['guest@example.org', `${'nobreak'.repeat(9)}@example.org`]) {
    const invited = await client.json('POST', '/api/invitations', { email, role: 'member' });
    if (invited.status !== 201) throw new Error(`inviting gave ${invited.status}`);
  }
  const url = `https://hooks.example.org/${'nobreak'.repeat(20)}`;
  const added = await client.json('POST', '/api/webhooks', { url });
  if (added.status !== 201) throw new Error(`adding a webhook gave ${added.status}`);
}

/** Takes the first bytes of a download and then no more; returns what breaks it off. */
async function begin(url: string): Promise<() => Promise<void>> {
  const request = get(url, { agent: false });
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
  response.on('error', () => {});
  await once(response, 'readable');
  return async () => {
    const closed = once(request, 'close');
    request.destroy();
    await closed;
  };
}
