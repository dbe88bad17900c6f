// Opening and closing a server: clear words, and running responses finish.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { listen } from '@claimcheck/shared/http';

const local = { host: '127.0.0.1', port: 0, portName: 'APP_PORT' };

describe('listen', () => {
  test('names the variable when the port is taken', async () => {
    const first = await listen((_, response) => response.end(), local);
    await expect(listen(() => {}, { ...local, port: first.port })).rejects.toThrow(
      `port ${first.port} is already in use; stop the other program or set APP_PORT`,
    );
    await first.stop();
  });

  test('names HOST when the address is not of this machine', async () => {
    await expect(listen(() => {}, { ...local, host: '192.0.2.1' })).rejects.toThrow(/set HOST/);
  });

  test('lets a running response finish, takes no new connection, and closes kept-alive ones', async () => {
    let finish = () => {};
    const server = await listen((_, response) => {
      response.write('first ');
      finish = () => void response.end('last');
    }, local);
    const url = `http://127.0.0.1:${server.port}/`;
    let stopped = false;
    const body = await new Promise<string>((resolve, reject) => {
      const request = get(url, { headers: { connection: 'keep-alive' } }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text !== 'first ') return;
          void server.stop().then(() => (stopped = true));
          fetch(url).then(
            () => reject(new Error('a new connection was taken')),
            () => {
              expect(stopped).toBe(false);
              finish();
            },
          );
        });
        response.on('end', () => resolve(text));
      });
      request.on('error', reject);
    });
    expect(body).toBe('first last');
    await server.stop();
    expect(server.stopping).toBe(true);
  });

  test('cuts no answer whose end still waits for the client, at the stop or when another one ends', async () => {
    const size = 24_000_000;
    let finishOther = () => {};
    const server = await listen((request, response) => {
      if (request.url === '/large') response.end(Buffer.alloc(size));
      else {
        response.write('first');
        finishOther = () => void response.end('last');
      }
    }, local);
    const open = (path: string) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        get(`http://127.0.0.1:${server.port}${path}`, { agent: false }, resolve).on(
          'error',
          reject,
        );
      });
    const [large, other] = [await open('/large'), await open('/other')];
    const stopped = server.stop();
    finishOther();
    for await (const part of other) expect(part).toBeDefined();
    let received = 0;
    for await (const part of large as AsyncIterable<Buffer>) received += part.length;
    expect(received).toBe(size);
    await stopped;
  });

  test('looks after slow heads also while it stops', async () => {
    const limits = { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 50 };
    const server = await listen((_, response) => response.end(), { ...local, limits });
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {}).resume();
    const accepted = once(server.server, 'connection') as Promise<[Socket]>;
    socket.write('GET / HTTP/1.1\r\n');
    const [taken] = await accepted;
    while (taken.bytesRead === 0) await new Promise(setImmediate);
    await server.stop();
  });

  test('does not wait for a connection that was opened in advance and never used', async () => {
    const server = await listen((_, response) => response.end(), local);
    const socket = connect(server.port, '127.0.0.1');
    const accepted = once(server.server, 'connection');
    await Promise.all([once(socket, 'connect'), accepted]);
    await server.stop();
    await once(socket.resume(), 'close');
  });
});
