// A TCP front before a server, as a load balancer or a bad line is one: it can be told to hold after so many
// bytes of answers, which puts a kill into the middle of a body without a clock. While it holds, nothing
// passes and new connections wait; whoever asks in that time is answered by the server's next life.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Front {
  port: number;
  /** Holds once this many more bytes of answers have passed, all connections together; resolves then. */
  holdAfter(bytes: number): Promise<void>;
  /**
   * Lets pass again. What was open either goes on (`drain`: what the dead server's kernel had, and its end of the
   * connection), or is reset towards the client (`reset`).
   */
  release(how: 'drain' | 'reset'): void;
  stop(): Promise<void>;
}

export async function startFront(targetPort: number): Promise<Front> {
  const open = new Set<{ client: Socket; upstream: Socket }>();
  const waiting = new Set<Socket>();
  let holding = false;
  let left = Number.POSITIVE_INFINITY;
  let held: (() => void) | undefined;

  function hold(): void {
    holding = true;
    left = Number.POSITIVE_INFINITY;
    for (const { upstream } of open) upstream.pause();
    held?.();
  }

  function join(client: Socket): void {
    const upstream = connect(targetPort, '127.0.0.1');
    const pair = { client, upstream };
    open.add(pair);
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (!client.write(chunk) && !holding) {
        upstream.pause();
        client.once('drain', () => holding || upstream.resume());
      }
      if (left <= 0) hold();
    });
    upstream.on('end', () => client.end());
    // While it holds, the client is to hear nothing: neither of a death nor of its manner.
    upstream.on('error', () => holding || client.destroy());
    client.on('close', () => {
      open.delete(pair);
      upstream.destroy();
    });
  }

  const server = createServer((client) => {
    client.on('error', () => {});
    if (!holding) return join(client);
    waiting.add(client);
    client.once('close', () => waiting.delete(client));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    holdAfter: (bytes) =>
      new Promise((resolve) => {
        left = bytes;
        held = resolve;
      }),
    release(how) {
      holding = false;
      for (const { client, upstream } of open) {
        if (how === 'drain') upstream.resume();
        else client.resetAndDestroy();
      }
      for (const client of waiting) join(client);
      waiting.clear();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { client, upstream } of open) {
          client.destroy();
          upstream.destroy();
        }
        for (const client of waiting) client.destroy();
      }),
  };
}
