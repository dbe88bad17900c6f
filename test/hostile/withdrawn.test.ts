// What is taken back while somebody has the page open, or the download running: it ends at once, and the
// recipient reads why in words that do not blame them.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '../app/client.js';
import { waitFor } from '../support/wait-for.js';
import { startHostile, type Hostile, type Offer } from './hostile-links.js';

let hostile: Hostile;
let ada: Client;
beforeAll(async () => {
  hostile = await startHostile();
  ada = hostile.sender;
}, 120_000);
afterAll(() => hostile.stop());

interface Case {
  /** Who sends: a member, where the account itself is to be shut. */
  sender: () => Promise<{ client: Client; accountId: string }>;
  takeBack: (offer: Offer, accountId: string) => Promise<unknown>;
  /** What the page of the link says then. */
  says: string;
  /** What the claim is refused as. */
  refusal: 'revoked' | 'file-missing';
}

async function member(): Promise<{ client: Client; accountId: string }> {
  const as = { email: `m${Math.random()}@example.org`, password: 'a password for a member' };
  const added = await ada.json('POST', '/api/accounts', { ...as, role: 'member' });
  const { id } = (await added.json()) as { id: string };
  return { client: await hostile.system.signIn(as), accountId: id };
}
const own = async () => ({ client: ada, accountId: '' });

const CASES: [string, Case][] = [
  [
    'revoked',
    {
      sender: own,
      takeBack: ({ link }) => ada.request('DELETE', `/api/links/${link.id}`),
      says: 'This link was withdrawn The sender has taken it back. You did nothing wrong',
      refusal: 'revoked',
    },
  ],
  [
    'of a file that was deleted',
    {
      sender: own,
      takeBack: ({ fileId }) => ada.request('DELETE', `/api/files/${fileId}`),
      says: 'The file is no longer there It was deleted after the link was sent',
      refusal: 'file-missing',
    },
  ],
  [
    'of an account that was disabled',
    {
      sender: member,
      takeBack: (_, id) => ada.json('PATCH', `/api/accounts/${id}`, { disabled: true }),
      says: 'This link no longer works The account that sent it has been closed here',
      refusal: 'revoked',
    },
  ],
];

describe.each(CASES)('a link %s', (_, { sender, takeBack, says, refusal }) => {
  test('while its page is open gives nothing to the press, and says why', async () => {
    const { client, accountId } = await sender();
    const offer = await hostile.offer({}, client);
    const person = hostile.recipient();
    const page = await person.open(offer.link.url);
    await takeBack(offer, accountId);
    const pressed = await person.press(offer.link.url, page);
    expect([pressed.status, pressed.claimUrl]).toEqual([410, undefined]);
    expect(pressed.words).toContain(says);
    expect((await person.open(offer.link.url)).words).toContain(says);
    expect(hostile.copiesOut(offer.content)).toBe(0);
  });

  test('after the press and before the first byte gives nothing to the claim', async () => {
    const { client, accountId } = await sender();
    const offer = await hostile.offer({}, client);
    const { claimUrl = '' } = await hostile.recipient().take(offer.link.url);
    await takeBack(offer, accountId);
    const refused = await hostile.fetchClaim(claimUrl, { Accept: 'application/json' });
    expect(refused.body.toString()).toContain(`urn:claimcheck:problem:${refusal}`);
    expect(hostile.copiesOut(offer.content)).toBe(0);
  });

  test('while a copy is under way does not let it be finished', async () => {
    const { client, accountId } = await sender();
    const offer = await hostile.offer({}, client);
    const { claimUrl = '' } = await hostile.recipient().take(offer.link.url);
    const part = await hostile.fetchClaim(claimUrl, {}, 100_000);
    await takeBack(offer, accountId);
    const rest = await hostile.fetchClaim(claimUrl, { Range: `bytes=${part.body.length}-` });
    expect(rest.body.toString()).toContain(`urn:claimcheck:problem:${refusal}`);
    const page = await hostile.recipient().open(offer.link.url);
    expect(page.words).toContain(says);
    expect(hostile.copiesOut(offer.content)).toBe(0);
  });
});

describe('a link revoked while its file is being sent', () => {
  test('ends the download in the middle', async () => {
    const offer = await hostile.offer({}, ada, 40 * 1024 * 1024);
    const { claimUrl = '' } = await hostile.recipient().take(offer.link.url);
    const response = await fetch(claimUrl);
    const reader = response.body?.getReader();
    let received = (await reader?.read())?.value?.length ?? 0;
    await ada.request('DELETE', `/api/links/${offer.link.id}`);
    for (;;) {
      const part = await reader?.read().catch(() => undefined);
      if (part?.value === undefined) break;
      received += part.value.length;
    }
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(offer.content.length);
    await waitFor('it counts as used', async () => (await offer.told()).copiesUsed === 1);
    expect((await offer.told()).state).toBe('revoked');
  });
});

describe('a sender who signs out', () => {
  test('leaves their links good: they hang from the account, not from a session', async () => {
    const { client } = await member();
    const offer = await hostile.offer({}, client);
    const { claimUrl = '' } = await hostile.recipient().take(offer.link.url);
    await client.request('DELETE', '/api/session');
    expect((await hostile.fetchClaim(claimUrl)).body.equals(offer.content)).toBe(true);
  });
});
