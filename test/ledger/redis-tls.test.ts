// The ledger over TLS: with the CA that the URL names, and not without it.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { LedgerUnavailableError } from '@claimcheck/shared/ledger';
import { freePort } from '../support/free-port.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { burnRequest, closeLedgers, makeLedger, openLedger } from './open-ledger.js';

let directory: string;
let server: TestRedis;
let tlsPort: number;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claimcheck-tls-'));
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const names = 'subjectAltName=IP:127.0.0.1';
  const subject = ['-subj', '/CN=ledger', '-addext', names, '-days', '2'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', ...kind, ...files, ...subject], { stdio: 'pipe' });
  tlsPort = await freePort();
  const tls = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
  server = await startRedis(['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', ...tls]);
});
afterEach(closeLedgers);
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('a rediss:// URL', () => {
  test('reaches Redis when it names the CA', async () => {
    const { ledger } = await openLedger(
      `rediss://127.0.0.1:${tlsPort}?ca=${encodeURIComponent(join(directory, 'cert.pem'))}`,
    );
    expect(await ledger.burn(await burnRequest(ledger))).toBe('burned');
  });

  test('does not reach a Redis whose certificate nobody it trusts has signed', async () => {
    const { ledger, redis } = makeLedger(`rediss://127.0.0.1:${tlsPort}`);
    let reason = '';
    redis.on('error', (error: Error) => (reason = error.message));
    await waitFor('the refusal', () => /self-signed|certificate/.test(reason));
    await expect(ledger.check()).rejects.toThrow(LedgerUnavailableError);
  });
});
