// One attempt at one delivery, over the network. The name is resolved once, by the connection itself,
// and every address is judged there: what was checked is what is connected to, so a name that resolves
// differently a moment later (DNS rebinding) gains nothing. Redirects are not followed, no proxy is used.
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, request } from 'undici';

/** How a host name becomes addresses; the system's resolver unless a test brings its own. */
export type ResolveHost = (
  host: string,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface DeliverySender {
  /** The status that was answered. Rejects when none was, with why in one line. */
  send(url: string, headers: Record<string, string>, body: string): Promise<number>;
  close(): Promise<void>;
}

export class AddressRefusedError extends Error {
  override name = 'AddressRefusedError';
}

const ATTEMPT_MS = 15_000;
/** The answer is not read beyond this: its status is all that counts. */
const MAX_ANSWER_BYTES = 64 * 1024;

export function createDeliverySender(options: {
  /** Judges every address before it is connected to: `isPublicAddress`, but for evaluation. */
  isAllowed: (address: string) => boolean;
  resolve?: ResolveHost;
}): DeliverySender {
  const { isAllowed, resolve = resolveBySystem } = options;
  const agent = new Agent({
    connect: { lookup: allowedOnly(resolve, isAllowed), timeout: ATTEMPT_MS },
    headersTimeout: ATTEMPT_MS,
    bodyTimeout: ATTEMPT_MS,
    // A kept connection would be one that was judged for an earlier resolution.
    pipelining: 0,
  });
  return {
    send: async (url, headers, body) => {
      const { hostname } = new URL(url);
      const literal = hostname.replace(/^\[(.*)\]$/, '$1');
      // An address written out is connected to without any lookup, so it is judged here.
      if (isIP(literal) !== 0 && !isAllowed(literal)) {
        throw new AddressRefusedError(`${literal} is not a public address`);
      }
      const answer = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'claimcheck', ...headers },
        body,
        dispatcher: agent,
        signal: AbortSignal.timeout(ATTEMPT_MS),
      });
      await answer.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => {});
      return answer.statusCode;
    },
    close: () => agent.destroy(),
  };
}

/** A lookup that hands on only when every address is allowed: a mixed answer is a trick. */
function allowedOnly(
  resolve: ResolveHost,
  isAllowed: (address: string) => boolean,
): LookupFunction {
  return (host, { all }, done) => {
    resolve(host, (error, addresses) => {
      if (error) return done(error, '', 0);
      const bad = addresses.find(({ address }) => !isAllowed(address));
      const first = addresses[0];
      if (bad || first === undefined) {
        const what = bad ? `resolves to ${bad.address}, which is not public` : 'has no address';
        return done(new AddressRefusedError(`${host} ${what}`), '', 0);
      }
      if (all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

function resolveBySystem(host: string, done: Parameters<ResolveHost>[1]): void {
  systemLookup(host, { all: true }, done);
}
