// A load on a fleet: everybody mints and redeems without a pause, and every answer is kept with the key it was about.
import { at, type MintedClaim } from '../system/start-system.js';
import type { Fleet } from './start-fleet.js';

export interface Redeemed {
  keyId: string;
  /** `200`, or the status and code of the refusal. */
  outcome: string;
  atMs: number;
}

export interface Load {
  readonly redeemed: readonly Redeemed[];
  /** Codes of the mints that were refused. */
  readonly unminted: readonly string[];
  stop(): Promise<void>;
}

/** The key id in the footer of the token in a claim's URL. */
export function keyIdOf({ url }: Pick<MintedClaim, 'url'>): string {
  const footer = new URL(url).pathname.split('/')[2]?.split('.')[3] ?? '';
  return (JSON.parse(Buffer.from(footer, 'base64url').toString()) as { kid: string }).kid;
}

/** The code of a refusal after its status; just the status of an answer with the file. */
export async function redeem(claim: MintedClaim, downloadUrl: string): Promise<Redeemed> {
  const response = await fetch(at(downloadUrl, claim));
  const body = await response.text();
  const type = response.ok ? '' : ((JSON.parse(body) as { type?: string }).type ?? '');
  const outcome = `${response.status}${type.replace('urn:claimcheck:problem:', ' ')}`;
  return { keyId: keyIdOf(claim), outcome, atMs: Date.now() };
}

/** Two hands at each app server, each of which redeems what it has minted, at the download servers in turn. */
export function startLoad({ clients, downloadUrls }: Fleet, fileId: string): Load {
  const redeemed: Redeemed[] = [];
  const unminted: string[] = [];
  const stopping = new AbortController();
  const hands = clients.flatMap((client) =>
    Array.from({ length: 2 }, async (_, hand) => {
      for (let turn = hand; !stopping.signal.aborted; turn += 1) {
        const answer = await client.json('POST', '/api/claims', { fileId, mode: 'strict' });
        if (answer.status !== 201) {
          const { type = '' } = (await answer.json()) as { type?: string };
          unminted.push(type.replace('urn:claimcheck:problem:', ''));
          continue;
        }
        const claim = (await answer.json()) as MintedClaim;
        redeemed.push(await redeem(claim, downloadUrls[turn % downloadUrls.length] ?? ''));
      }
    }),
  );
  const ended = Promise.all(hands);
  ended.catch(() => {});
  return {
    redeemed,
    unminted,
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

/** What a machine that is too busy for its Redis to answer in time says, and no key has to do with. */
const BUSY_MACHINE = ['sessions-unavailable', 'ledger-unavailable', '503 ledger-unavailable'];

/** Leaves out what a busy machine explains. */
export function withoutBusyMachine(codes: readonly string[]): string[] {
  return codes.filter((code) => !BUSY_MACHINE.includes(code));
}
