// Short ways to the API of files and claims for tests, and what a download server would do with a
// claim's URL: verify its token against the published keys, and burn its nonce in the ledger.
import {
  createClaimVerifier,
  forgetBurnAt,
  readPublishedKeys,
  revocationSubjects,
  secondsOf,
  type DownloadClaim,
} from '@claimcheck/shared/claim';
import type { BurnOutcome, Ledger } from '@claimcheck/shared/ledger';
import { SOME_KEY_ID } from '../claim/sample-claim.js';
import type { Client } from './client.js';
import { APP_ORIGIN, DOWNLOAD_ORIGIN, type TestAppServer } from './start-app-server.js';

/** The token in a claim's URL. */
export function tokenOf(url: string): string {
  return new URL(url).pathname.split('/')[2] ?? '';
}

/** The claim in a URL, as a download server reads it. */
export async function claimOf(app: TestAppServer, url: string): Promise<DownloadClaim> {
  const response = await app.visitor().get('/.well-known/claimcheck/keys');
  const verify = createClaimVerifier({
    act: 'download',
    issuer: APP_ORIGIN,
    audience: DOWNLOAD_ORIGIN,
    keys: await readPublishedKeys(await response.json()),
  });
  const verified = await verify(tokenOf(url), Date.now());
  if (!verified.ok) throw new Error(`the token was refused: ${JSON.stringify(verified)}`);
  return verified.claim;
}

export async function burn(ledger: Ledger, claim: DownloadClaim): Promise<BurnOutcome> {
  return await ledger.burn({
    nonce: claim.jti,
    fence: claim.fen,
    issuedAtMs: secondsOf(claim.iat) * 1000,
    forgetAtMs: forgetBurnAt(secondsOf(claim.exp)),
    subjects: revocationSubjects(claim, SOME_KEY_ID),
  });
}

export interface UploadedFile {
  id: string;
  name: string;
  size: number;
  type: string;
  sha256: string;
}

/** Uploads by the API. */
export async function upload(
  client: Client,
  name: string,
  body: BodyInit = 'some content',
): Promise<UploadedFile> {
  const path = `/api/files?name=${encodeURIComponent(name)}`;
  const response = await client.request('PUT', path, { body });
  if (response.status !== 201) throw new Error(`uploading gave ${response.status}`);
  return (await response.json()) as UploadedFile;
}

export interface MintedClaim {
  id: string;
  url: string;
  expiresAt: string;
}

/** Mints by the API; strict, unless another mode is wished for. */
export async function mint(
  client: Client,
  fileId: string,
  wish: Record<string, unknown> = {},
): Promise<MintedClaim> {
  const response = await client.json('POST', '/api/claims', {
    fileId,
    mode: 'strict',
    ...wish,
  });
  if (response.status !== 201) {
    throw new Error(`minting gave ${response.status}: ${await response.text()}`);
  }
  return (await response.json()) as MintedClaim;
}

export interface ListedClaim {
  id: string;
  fileName: string;
  state: string;
  bytesSent: number;
  resumableUntil?: string;
  refusedCount: number;
  startedAt?: string;
  endedAt?: string;
  lastRefusedAt?: string;
  keyRetiredAt?: string;
}

/** The first page of the claims list. */
export async function listClaims(client: Client): Promise<ListedClaim[]> {
  const response = await client.get('/api/claims');
  return ((await response.json()) as { claims: ListedClaim[] }).claims;
}

/** One claim of the list's first page. */
export async function findClaim(client: Client, id: string): Promise<ListedClaim> {
  const found = (await listClaims(client)).find((claim) => claim.id === id);
  if (found === undefined) throw new Error(`the list has no claim ${id}`);
  return found;
}
