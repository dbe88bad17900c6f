// The ACL rules that docs/ledger.md prints, read from there, so that what is printed is what is tested.
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import type { LedgerService } from '@claimcheck/shared/ledger';
import { askRedis } from '../support/redis.js';

const DOCS = new URL('../../../docs/ledger.md', import.meta.url);

/** The rule of one service, as one line after `ACL SETUSER name`. */
export function printedRule(service: LedgerService): string {
  const text = readFileSync(DOCS, 'utf8');
  const found = new RegExp(`ACL SETUSER claimcheck-${service} ([^\`]+)`).exec(text)?.[1];
  if (found === undefined) throw new Error(`docs/ledger.md prints no rule for ${service}`);
  return found.replaceAll(/\s*\\\n\s*/g, ' ').trim();
}

/** Makes the user on a server and returns the URL's user part. */
export async function makeUser(port: number, service: LedgerService, change = ''): Promise<string> {
  const password = randomBytes(12).toString('hex');
  const rule = printedRule(service).replace('>PASSWORD', `>${password}`);
  const reply = await askRedis(port, `ACL SETUSER claimcheck-${service} reset ${rule} ${change}`);
  if (!reply.startsWith('+OK')) throw new Error(reply);
  return `claimcheck-${service}:${password}`;
}
