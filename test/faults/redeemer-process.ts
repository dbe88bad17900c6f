// A process of its own that stands where a download server stands: it holds a ledger, burns what it is
// asked to, and sends its bytes only after `burned`. It prints its port and ends with its parent.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  LedgerUnavailableError,
  openRedisLedger,
  type BurnRequest,
} from '@claimcheck/shared/ledger';
import { createLogger } from '@claimcheck/shared/log';
import { CLAIM_PROBLEMS, type ClaimRefusal } from '@claimcheck/shared/problems';

const { REDIS_URL = '', COPY_BYTES = '0' } = process.env;
const { ledger } = await openRedisLedger(REDIS_URL, createLogger('redeemer', 'silent'));

const server = createServer((request, response) => {
  void (async () => {
    const code = await burn(JSON.parse(await bodyOf(request)) as BurnRequest);
    if (code === 'served') return response.end(Buffer.alloc(Number(COPY_BYTES), 1));
    return response.writeHead(CLAIM_PROBLEMS[code].status, { 'X-Code': code }).end();
  })();
});

async function burn(request: BurnRequest): Promise<ClaimRefusal | 'served'> {
  try {
    const outcome = await ledger.burn(request);
    return outcome === 'burned' ? 'served' : outcome;
  } catch (error) {
    if (error instanceof LedgerUnavailableError) return 'ledger-unavailable';
    throw error;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`);
});
// The parent holds the other end of this channel; when it is gone, so is the reason to run.
process.once('disconnect', () => process.exit(0));
