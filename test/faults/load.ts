// A steady load of claims on two download servers, and the history of what their clients saw. Each claim is
// tried at both at once when it is minted, again after a while, and once more at each at the end, so
// that its attempts lie on both sides of whatever happens in between.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { forgetRevocationAt } from '@claimcheck/shared/claim';
import type { Ledger } from '@claimcheck/shared/ledger';
import { waitFor } from '../support/wait-for.js';
import { judgeHistory, type Verdict } from './judge-history.js';
import type { Redeemer } from './redeemers.js';
import { COPY_BYTES, type Issuer, type MintedClaim } from './start-issuer.js';

const MINT_EVERY_MS = 12;
/** Every tenth claim is revoked, every third is left for later: else all would be burned at once. */
const REVOKED_ONE_IN = 10;
const LATER_ONE_IN = 3;
const LONGEST_WAIT_MS = 2000;
const AT_ONCE = 16;

export interface Load {
  /** Notes that something was done to the ledger, or to a server. */
  fault(name: string): void;
  /** Resolves when the whole ledger answers and so many claims minted after that have been served. */
  servesAgain(more?: number, withinMs?: number): Promise<void>;
  /** Resolves when so many more attempts have had this outcome. */
  sees(outcome: string, more: number, withinMs?: number): Promise<void>;
  /** Ends the load, tries every claim once more at each redeemer and returns the judgement. */
  finish(): Promise<Verdict>;
}

export interface LoadOptions {
  /** The app server's: fences and revocations. */
  ledger: Ledger;
  issuer: Issuer;
  redeemers: readonly Redeemer[];
  /** Off where two masters may answer at once: a revocation reaches only one of them. */
  revoke?: boolean;
  /** Off where an illegal history is what is expected. */
  keepIllegal?: boolean;
}

export function startLoad(options: LoadOptions): Load {
  const { ledger, issuer, redeemers, revoke = true, keepIllegal = true } = options;
  const history: object[] = [];
  const claims: MintedClaim[] = [];
  const underWay = new Set<Promise<void>>();
  const servedMintedAt: number[] = [];
  const mintedAt = new Map<string, number>();
  const outcomes = new Map<string, number>();
  let attempts = 0;
  let revocations = 0;
  const ending = new AbortController();

  async function attempt(claim: MintedClaim, server: number): Promise<void> {
    const redeemer = redeemers[server % redeemers.length];
    const start = now();
    const seen = await redeemer?.redeem(claim);
    attempts += 1;
    history.push({
      kind: 'attempt',
      claim: claim.nonce,
      attempt: attempts,
      server,
      start,
      end: now(),
      ...seen,
    });
    const outcome = seen?.outcome ?? '';
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (outcome === 'served') servedMintedAt.push(mintedAt.get(claim.nonce) ?? 0);
  }

  async function mint(): Promise<MintedClaim | undefined> {
    const at = now();
    const claim = await issuer.mint(ledger);
    if (claim === undefined) return undefined; // No ledger, no claim.
    const { nonce, expiresAtMs: expiresAt } = claim;
    history.push({ kind: 'mint', claim: nonce, at, expiresAt, size: COPY_BYTES });
    mintedAt.set(nonce, at);
    claims.push(claim);
    return claim;
  }

  /** By each thing in turn that the claim hangs from, but for the file and the key, from which all of them hang. */
  async function revokeClaim({ nonce, subjects }: MintedClaim): Promise<void> {
    const own = subjects.filter((one) => !/^(?:file|key):/.test(one));
    const subject = own[revocations % own.length];
    if (subject === undefined) throw new Error('a claim hangs from nothing');
    revocations += 1;
    const start = now();
    const mark = { subject, issuedUntilMs: Date.now() };
    const acknowledged = await ledger
      .revoke({ ...mark, forgetAtMs: forgetRevocationAt(Date.now()) })
      .then(
        () => true,
        () => false,
      );
    history.push({ kind: 'revocation', claim: nonce, start, end: now(), acknowledged });
  }

  /** The life of one claim until the load ends. */
  async function follow(number: number): Promise<void> {
    const claim = await mint();
    if (!claim) return;
    if (number % LATER_ONE_IN === 0) await pause(Math.random() * LONGEST_WAIT_MS);
    if (revoke && number % REVOKED_ONE_IN === 0) await revokeClaim(claim);
    await Promise.all([attempt(claim, number), attempt(claim, number + 1)]);
    await pause(Math.random() * LONGEST_WAIT_MS);
    await attempt(claim, number);
  }

  const minting = (async () => {
    for (let number = 0; !ending.signal.aborted; number += 1) {
      const life = follow(number).finally(() => underWay.delete(life));
      underWay.add(life);
      await pause(MINT_EVERY_MS);
    }
  })();

  async function servesAgain(more = 50, withinMs = 30_000): Promise<void> {
    await waitFor('the ledger answers', () => answers(ledger), withinMs);
    const since = now();
    const newlyServed = () => servedMintedAt.filter((at) => at >= since).length >= more;
    await waitFor(`${more} claims minted from now on are served`, newlyServed, withinMs);
  }

  async function sees(outcome: string, more: number, withinMs = 30_000): Promise<void> {
    const count = () => outcomes.get(outcome) ?? 0;
    const before = count();
    await waitFor(`${more} more ${outcome}`, () => count() >= before + more, withinMs);
  }

  async function finish(): Promise<Verdict> {
    ending.abort();
    await minting;
    await Promise.all(underWay);
    for (let i = 0; i < claims.length; i += AT_ONCE) {
      const some = claims.slice(i, i + AT_ONCE);
      await Promise.all(some.flatMap((claim) => [attempt(claim, 0), attempt(claim, 1)]));
    }
    const folder = await mkdtemp(join(tmpdir(), 'claimcheck-history-'));
    const file = join(folder, 'history.jsonl');
    await writeFile(file, history.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const verdict = judgeHistory(file);
    if (verdict.legal || !keepIllegal) await rm(folder, { recursive: true });
    else process.stderr.write(`illegal history kept in ${file}\n`);
    return verdict;
  }

  return {
    fault: (name) => void history.push({ kind: 'fault', name, at: now() }),
    servesAgain,
    sees,
    finish,
  };
}

async function answers(ledger: Ledger): Promise<boolean> {
  return await ledger.check().then(
    () => true,
    () => false,
  );
}

/** One clock for the whole history, never stepped. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
