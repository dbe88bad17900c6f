// A TCP proxy in front of a Redis that can cut a connection in the middle of a reply: the command has been
// executed, and the answer gets lost.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingProxy {
  url: string;
  /** Cuts the connection that brings the next reply with this text; resolves when it has done so. */
  cutNextReply(containing: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startCuttingProxy(targetPort: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let cut: { containing: string; done: () => void } | undefined;

  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    client.on('data', (chunk) => target.write(chunk));
    target.on('data', (chunk: Buffer) => {
      if (cut === undefined || !chunk.includes(cut.containing)) return void client.write(chunk);
      const { containing, done } = cut;
      cut = undefined;
      // Up to the middle of the word that matters.
      client.end(chunk.subarray(0, chunk.indexOf(containing) + 3));
      target.destroy();
      return done();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutNextReply: (containing) => new Promise((done) => (cut = { containing, done })),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
