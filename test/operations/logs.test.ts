// The log of a request: one line, with all that an operator looks for, and never a token, wherever in a
// request one stands and however it is spelled.
import { afterEach, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { connect } from 'node:net';
import { at, mint, startInOneProcess, upload } from '../system/start-system.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for.js';
import { startDownloadProcess, type DownloadProcess } from './start-process.js';

let on: DownloadProcess | undefined;
afterEach(async () => {
  await on?.stop();
  on = undefined;
});

/** Parts of a token by which any spelling of it would show, as text and as bytes in numbers. */
function tracesOf(token: string): string[] {
  const middle = token.slice(60, 90);
  return [middle, Buffer.from(middle).toString('hex'), [...Buffer.from(middle)].join(',')];
}

/** The lines that hold anything of a token, shortened so that a failure can be read. */
function linesWith(text: string, token: string): string[] {
  return text
    .split('\n')
    .filter((line) => [...tracesOf(token), 'v4.public.'].some((trace) => line.includes(trace)))
    .map((line) => line.slice(0, 300));
}

/** Sends bytes as they are, and waits for the end of the connection. */
async function sendRaw(port: number, text: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(text));
    socket.on('error', () => {}).resume();
    socket.once('close', () => resolve());
  });
}

/** A request to a path as it stands, which `fetch` would normalise. */
async function ask(url: string, path: string, headers: Record<string, string> = {}): Promise<void> {
  await new Promise<void>((resolve) => {
    const { hostname, port } = new URL(url);
    const asking = request({ hostname, port, path, headers, agent: false }, (answer) => {
      answer.resume().once('end', resolve).once('error', resolve);
    });
    asking.once('error', () => resolve()).end();
  });
}

/** Every place and spelling that a token may come in. */
async function fire(url: string, token: string): Promise<void> {
  const port = Number(new URL(url).port);
  const encoded = Buffer.from(token).toString('hex').replaceAll(/../g, '%$&');
  const dots = token.replaceAll('.', '%2E');
  for (const spelled of [token, dots, encoded, `${token}x`, token.slice(9), token.slice(0, -4)]) {
    for (const path of [
      `/d/${spelled}`,
      `/d/${spelled}/name`,
      `/d//${spelled}`,
      `/D/${spelled}`,
      `//d/${spelled}`,
      `/${spelled}`,
      `/d/x/${spelled}`,
      `/d?token=${spelled}`,
      `/livez?token=${spelled}`,
      `/sign-in/link/${spelled}`,
      `/sign-in?next=/d/${spelled}`,
      `/api/files/${spelled}`,
      `/d/${spelled}/%ff%`,
      `/d/%E0%A4%A/${spelled}`,
    ]) {
      await ask(url, path, { Referer: `${url}/d/${spelled}`, Cookie: `a=${spelled}` });
    }
    for (const Authorization of [`Bearer ${spelled}`, `Basic ${spelled}`, spelled]) {
      await ask(url, '/d', { Authorization, 'X-Request-Id': spelled, 'User-Agent': spelled });
    }
    await sendRaw(port, `GET /d/${spelled} HTTP/9.9\r\n\r\n`);
    await sendRaw(port, `GET /d/${spelled}\r\n\r\n`);
    await sendRaw(port, `BREW /d/${spelled} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await sendRaw(port, `GET /d/${spelled} HTTP/1.1\r\nHost: x\r\nBad Header: ${spelled}\r\n\r\n`);
    await sendRaw(
      port,
      `GET /d/${spelled} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ${spelled}\r\n\r\n`,
    );
    await sendRaw(port, `${spelled}\r\n\r\n`);
  }
  await ask(url, `/d/${token}${'y'.repeat(9000)}`);
  await ask(url, '/d', { Authorization: `Bearer ${token}${'y'.repeat(20_000)}` });
}

describe('the log of a download server', () => {
  it('has one line a request with all that an operator looks for', async () => {
    on = await startDownloadProcess({ LOG_LEVEL: 'info' });
    const [url = ''] = await on.mintUrls(1, 70_000);
    const answer = await fetch(url);
    await answer.arrayBuffer();
    const requestId = answer.headers.get('x-request-id');
    const lines = await waitFor('it is logged', () => {
      const found = on?.log().filter((line) => line['requestId'] === requestId);
      return found?.length ? found : undefined;
    });
    expect(lines).toEqual([
      expect.objectContaining({
        method: 'GET',
        url: '/d/{token}',
        status: 200,
        complete: true,
        outcome: 'finished',
        claim: expect.stringMatching(/^[\w-]{22}$/),
        bytes: 70_000,
        durationMs: expect.any(Number),
        firstByteMs: expect.any(Number),
      }),
    ]);
    expect(Number(lines[0]?.['firstByteMs'])).toBeLessThanOrEqual(
      Number(lines[0]?.['durationMs']) + 1,
    );
  });

  it('holds no token, however it is sent, also at the finest level and when the ledger fails', async () => {
    on = await startDownloadProcess({ LOG_LEVEL: 'trace' });
    const urls = await on.mintUrls(3, 1000);
    const [good = '', unburned = '', failing = ''] = urls.map((url) => url.split('/').at(-1) ?? '');
    await fire(on.url, good);
    await (await fetch(`${on.url}/d/${unburned}`)).arrayBuffer();
    await on.redis.kill();
    await (await fetch(`${on.url}/d/${failing}`)).text();
    await waitFor('the failure is logged', () =>
      on?.log().some(({ outcome }) => outcome === 'ledger-unavailable'),
    );
    const text = on.child.output() + (await on.metrics());
    expect(on.log().length).toBeGreaterThan(60);
    for (const token of [good, unburned, failing]) expect(linesWith(text, token)).toEqual([]);
  });
});

it('the log of both services holds no token, however it is sent to either', async () => {
  const system = await startInOneProcess({
    LOG_LEVEL: 'trace',
    DATABASE_URL: await createDatabase(),
  });
  try {
    const ada = await system.signIn();
    const { id } = await upload(ada);
    const claim = await mint(ada, id);
    const token = new URL(claim.url).pathname.split('/')[2] ?? '';
    await fire(system.appUrl.replace('localhost', '127.0.0.1'), token);
    await fire(system.downloadUrls[0]?.replace('localhost', '127.0.0.1') ?? '', token);
    await (await fetch(at(system.downloadUrls[0], claim))).arrayBuffer();
    const text = system.app.output();
    expect(linesWith(text, token)).toEqual([]);
    expect(text).toContain('/d/{token}');
  } finally {
    await system.stop();
  }
});
