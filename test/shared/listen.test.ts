// Opening and closing a server: clear words, and running responses finish.
import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:net';
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

  test('does not wait for a connection that was opened in advance and never used', async () => {
    const server = await listen((_, response) => response.end(), local);
    const socket = connect(server.port, '127.0.0.1');
    const accepted = once(server.server, 'connection');
    await Promise.all([once(socket, 'connect'), accepted]);
    await server.stop();
    await once(socket.resume(), 'close');
  });
});
