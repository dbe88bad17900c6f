// The app server's side of the fault tests: one file, the key that signs claims for it, and the address
// where download servers read its public half. Fences come from whichever ledger a test mints under.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { revocationSubjects, type RevocationSubject } from '@claimcheck/shared/claim';
import { connectRedis, createRedisLedger, type Ledger } from '@claimcheck/shared/ledger';
import { generateSigningKey, mintClaim, newNonce } from '@claimcheck/shared/mint';
import { addFile, AUDIENCE, ISSUER } from '../download/start-download-server.js';
import { startKeyServer, type TestKeyServer } from '../download/start-key-server.js';
import { waitFor } from '../support/wait-for.js';

export const COPY_BYTES = 1000;
/** A control character, which no JSON may hold: a refusal that carried any of the file would not parse. */
const FILLED_WITH = 1;

export interface MintedClaim {
  nonce: string;
  token: string;
  fence: string;
  expiresAtMs: number;
  /** What its download server asks the ledger about: the claim, its account, its file, its session. */
  subjects: readonly RevocationSubject[];
}

export interface Issuer {
  keyServer: TestKeyServer;
  filesRoot: string;
  /** Signs a strict claim of an account and a session of its own; undefined when the ledger gives no fence. */
  mint(ledger: Pick<Ledger, 'fence'>): Promise<MintedClaim | undefined>;
  stop(): Promise<void>;
}

export async function startIssuer(): Promise<Issuer> {
  const key = await generateSigningKey();
  const filesRoot = await realpath(await mkdtemp(join(tmpdir(), 'claimcheck-files-')));
  const file = await addFile(filesRoot, Buffer.alloc(COPY_BYTES, FILLED_WITH));
  const keyServer = await startKeyServer([key]);
  let minted = 0;
  return {
    keyServer,
    filesRoot,
    mint: async (ledger) => {
      const nowMs = Date.now();
      const jti = newNonce();
      const fen = await ledger.fence(jti).catch(() => undefined);
      if (fen === undefined) return undefined;
      minted += 1;
      const sentence = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: `acc_${minted}`,
        jti,
        act: 'download' as const,
        fen,
        ses: `ses_${minted}`,
        fil: file,
        mod: 'strict' as const,
      };
      const { token, claim, expiresAtMs } = await mintClaim<'download'>(key, sentence, nowMs);
      const subjects = revocationSubjects(claim, key.id);
      return { nonce: jti, token, fence: claim.fen, expiresAtMs, subjects };
    },
    stop: async () => {
      await keyServer.stop();
      await rm(filesRoot, { recursive: true, force: true });
    },
  };
}

/** Mints under the ledger of this Redis, on a connection that is closed again. */
export async function mintUnder(
  redisUrl: string,
  issuer: Issuer,
  count: number,
): Promise<MintedClaim[]> {
  const redis = connectRedis(redisUrl);
  const ledger = createRedisLedger({ redis });
  const claims: MintedClaim[] = [];
  while (claims.length < count) {
    claims.push(await waitFor('a fence to mint under', () => issuer.mint(ledger)));
  }
  await ledger.close();
  redis.disconnect();
  return claims;
}
