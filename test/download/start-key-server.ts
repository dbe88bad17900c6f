// The app server's well-known address, as small as it can be: it serves a key document that a test may
// change, break or withhold, and counts who asks.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { publishKeys, type SigningKey } from '@claimcheck/shared/mint';

export interface TestKeyServer {
  url: string;
  /** How often the keys were asked for. */
  readonly requests: number;
  /** Serves these keys from now on. */
  publish(keys: readonly SigningKey[]): void;
  /** Answers in another way from now on; undefined goes back to the keys. */
  answerWith(listener: RequestListener | undefined): void;
  stop(): Promise<void>;
}

export async function startKeyServer(keys: readonly SigningKey[]): Promise<TestKeyServer> {
  let requests = 0;
  let published = documentOf(keys);
  let other: RequestListener | undefined;
  const server = createServer((request, response) => {
    requests += 1;
    if (other) other(request, response);
    else response.setHeader('Content-Type', 'application/json').end(published);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/.well-known/claimcheck/keys`,
    get requests() {
      return requests;
    },
    publish: (next) => void (published = documentOf(next)),
    answerWith: (listener) => void (other = listener),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function documentOf(keys: readonly SigningKey[]): string {
  return JSON.stringify(publishKeys({ all: keys }));
}
