// A TCP proxy of a test's own before a real server, which can lose replies: what the client sends still
// arrives and is executed, what the server answers does not come back, and the connection breaks.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CutProxy {
  port: number;
  /**
   * From now on a connection breaks `after` bytes into the first reply that follows a request which
   * contains `marker`. Resolves when that has happened; the proxy then passes everything again.
   */
  cutReplyTo(marker: string, after: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startCutProxy(targetPort: number): Promise<CutProxy> {
  let armed: { marker: string; after: number; done: () => void } | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    let cutting: typeof armed;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (armed && chunk.includes(armed.marker)) [cutting, armed] = [armed, undefined];
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (!cutting) {
        client.write(chunk);
        return;
      }
      const { after, done } = cutting;
      client.write(chunk.subarray(0, after), () => {
        client.destroy();
        done();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cutReplyTo: (marker, after) =>
      new Promise((resolve) => {
        armed = { marker, after, done: resolve };
      }),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
