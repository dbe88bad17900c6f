// The budget of a resumable claim when nginx sends its bytes: all is paid for before nginx is told, and only what
// nginx says it has not sent comes back. Counted by nginx's own log, never by the client's.
import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from '@jest/globals';
import { budgetOf, type DownloadClaim } from '@claimcheck/shared/claim';
import { createMemoryLedger, type Ledger } from '@claimcheck/shared/ledger';
import { readSome } from '../download/read-some.js';
import { someBytes } from '../download/start-download-server.js';
import { waitFor } from '../support/wait-for.js';
import {
  freeUdpPort,
  startOffloading,
  type OffloadingOptions,
  type OffloadingSystem,
} from './start-front.js';

const MIB = 1024 * 1024;
const SIZE = 48 * MIB;
const content = someBytes(SIZE);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function start(options: OffloadingOptions = {}): Promise<OffloadingSystem> {
  const system = await startOffloading(options);
  cleanups.push(() => system.stop());
  return system;
}

async function offer(system: OffloadingSystem, mod: 'strict' | 'resumable' = 'resumable') {
  const file = await system.server.addFile(content);
  const { url, claim } = await system.server.mint(file, { mod });
  return { url: system.atFront(url), file, claim };
}

/** What is left of a claim's budget. Takes all of it. */
async function leftOf({ ledger }: { ledger: Ledger }, claim: DownloadClaim): Promise<number> {
  const grant = await ledger.openResponse({
    nonce: claim.jti,
    fence: claim.fen,
    issuedAtMs: Date.now(),
    forgetAtMs: Date.now() + 60_000,
    subjects: [],
    budgetBytes: budgetOf(claim.fil.size),
    bytes: budgetOf(claim.fil.size),
    leastBytes: 0,
    mayBegin: false,
  });
  return 'paidBytes' in grant ? grant.paidBytes : 0;
}

async function codeOf(url: string, headers: Record<string, string> = {}) {
  const { status, body } = await readSome(url, headers);
  const { type } = JSON.parse(body.toString()) as { type: string };
  return `${status} ${type.replace('urn:claimcheck:problem:', '')}`;
}

/** A download server whose nginx logs to the test instead, which tells the server that it has heard of nginx. */
async function startTapped(options: OffloadingOptions = {}) {
  const seen: string[] = [];
  const tap = createSocket('udp4');
  tap.on('message', (datagram) => seen.push(datagram.toString()));
  await new Promise<void>((resolve) => tap.bind(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise<void>((resolve) => tap.close(() => resolve())));
  const system = await start({ ...options, front: { logPorts: [tap.address().port] } });
  const send = async (line: string, to = system) => {
    const port = to.server.server.offloadLogPort ?? 0;
    await new Promise((resolve) => tap.send(line, port, '127.0.0.1', resolve));
  };
  const lineOf = (status: number) =>
    waitFor(`nginx tells of a ${status}`, () =>
      seen.find((line) => new RegExp(` [\\w-]{22} ${status} `).test(line)),
    );
  await send(await waitFor('nginx logs', () => seen[0]));
  await waitFor('it is heard', () => system.server.logText().includes('logs to us'));
  return { system, send, lineOf };
}

const sumOf = (lines: { status: number; bytes: number }[]) =>
  lines
    .filter(({ status }) => status === 200 || status === 206)
    .reduce((sum, { bytes }) => sum + bytes, 0);

describe('a transfer that breaks off at nginx', () => {
  it('gives back what was not sent within a second, and is finished by Range', async () => {
    const system = await start();
    const { url, claim } = await offer(system);
    const first = await readSome(url, {}, 2 * MIB);
    await waitFor('it is settled', () => system.server.ledger.settled.length === 1, 1000);
    const [line] = (await system.front.sent()).slice(-1);
    expect(line?.bytes).toBeGreaterThanOrEqual(first.body.length);
    expect(line?.bytes).toBeLessThan(SIZE / 2);
    const rest = await readSome(url, { range: `bytes=${first.body.length}-` });
    expect(Buffer.concat([first.body, rest.body]).equals(content)).toBe(true);
    await waitFor('both are settled', () => system.server.ledger.settled.length === 2);
    const sent = (line?.bytes ?? 0) + rest.body.length;
    expect(await leftOf(system.server, claim)).toBe(budgetOf(SIZE) - sent);
  });

  it('before its first byte costs nothing, also when the client leaves during the burn', async () => {
    const ledger = createMemoryLedger();
    let asked = () => {};
    const burning = new Promise<void>((resolve) => (asked = resolve));
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const system = await start({
      ledger: {
        ...ledger,
        openResponse: async (request) => {
          asked();
          await gate;
          return await ledger.openResponse(request);
        },
      },
    });
    const { url, claim } = await offer(system);
    const before = (await system.front.sent()).length;
    const client = new AbortController();
    const left = fetch(url, { signal: client.signal }).catch(() => 'left');
    await burning;
    client.abort();
    expect(await left).toBe('left');
    await waitFor('nginx has seen it', async () => (await system.front.sent()).length > before);
    goOn();
    await waitFor('it is settled', () => system.server.ledger.settled.length === 1);
    expect(await leftOf({ ledger }, claim)).toBe(budgetOf(SIZE));
  });

  it('costs nothing where nginx does not find the file', async () => {
    const system = await start({ front: { root: '/nonexistent' } });
    const { url, claim } = await offer(system);
    expect((await readSome(url)).status).toBe(404);
    await waitFor('it is settled', () => system.server.ledger.settled.length === 1);
    expect(await leftOf(system.server, claim)).toBe(budgetOf(SIZE));
  });
});

describe('the budget', () => {
  it('holds for 20 full GETs at once', async () => {
    const system = await start();
    const { url } = await offer(system);
    const answers = await Promise.all(Array.from({ length: 20 }, () => readSome(url)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.every((status) => [200, 410, 503].includes(status))).toBe(true);
    expect(answers.filter(({ whole, status }) => whole && status === 200)).toHaveLength(1);
    const again = await Promise.all(Array.from({ length: 20 }, () => readSome(url)));
    expect(again.some(({ whole, status }) => whole && status === 200)).toBe(false);
    const opened = [...answers, ...again].filter(({ status }) => status === 200).length;
    await waitFor('all are settled', () => system.server.ledger.settled.length === opened);
    expect(sumOf(await system.front.sent())).toBeLessThanOrEqual(budgetOf(SIZE));
    expect(await codeOf(url)).toBe('410 already-used');
  });

  it('only becomes smaller by a line that is lost', async () => {
    const { system } = await startTapped({ patienceMs: () => 1500 });
    const { url, claim } = await offer(system);
    await readSome(url, {}, 1);
    // Held, not used: it may yet come back. What the budget has beyond one copy can be had meanwhile.
    const more = await readSome(url, { range: `bytes=0-${budgetOf(SIZE) - SIZE - 1}` });
    expect([more.status, more.whole]).toEqual([206, true]);
    expect(await codeOf(url, { range: 'bytes=0-0' })).toBe('503 busy');
    await waitFor('it is given up', () => system.server.ledger.settled.length === 2);
    expect(await leftOf(system.server, claim)).toBe(0);
    expect(sumOf(await system.front.sent())).toBeLessThanOrEqual(budgetOf(SIZE));
    expect(system.server.logText()).toContain('has not said what became of a response');
  });

  it('does not grow by lines that are forged, repeated or about others', async () => {
    const { system, send, lineOf } = await startTapped();
    const { url, claim } = await offer(system);
    await readSome(url, {}, MIB);
    const line = await lineOf(200);
    const bytes = Number(/ 200 (\d+) /.exec(line)?.[1]);
    const [id = ''] = /[0-9a-f]{32}/.exec(line) ?? [];
    await send(line.replace(id, '0'.repeat(32)).replace(/ 200 \d+ /, ' 200 0 '));
    await send(line.slice(0, line.indexOf(id) + 40));
    await send('');
    await send(line);
    for (let i = 0; i < 5; i += 1) await send(line.replace(/ 200 \d+ /, ' 200 0 '));
    await readSome(url, { range: 'bytes=0-9' });
    await send(await lineOf(206));
    // Datagrams on this machine keep their order, so the forged ones have been read by now.
    await waitFor('that is settled', () => system.server.ledger.settled.length === 2);
    expect(system.server.ledger.settled).toEqual([bytes, 10]);
    expect(await leftOf(system.server, claim)).toBe(budgetOf(SIZE) - bytes - 10);
  });

  it('gets all back when nginx took the answer of another server', async () => {
    const { system, send, lineOf } = await startTapped();
    const { url, claim } = await offer(system);
    await readSome(url, {}, MIB);
    const line = await lineOf(200);
    await send(line.replace(/ [\w-]{22} 200 /, ` ${'A'.repeat(22)} 200 `));
    await waitFor('it is settled', () => system.server.ledger.settled.length === 1);
    expect(system.server.ledger.settled).toEqual([0]);
    expect(await leftOf(system.server, claim)).toBe(budgetOf(SIZE));
  });

  it('is shared by download servers behind one nginx, each of which knows its own lines', async () => {
    const ledger = createMemoryLedger();
    const other = await start({ ledger });
    const { system, send, lineOf } = await startTapped({ ledger });
    const { url, claim } = await offer(system);
    await readSome(url, {}, MIB);
    const line = await lineOf(200);
    for (const each of [other, system]) await send(line, each);
    await waitFor('it is settled', () => system.server.ledger.settled.length === 1);
    expect(other.server.ledger.settled).toEqual([]);
    const [bytes = 0] = system.server.ledger.settled;
    expect(await leftOf({ ledger }, claim)).toBe(budgetOf(SIZE) - bytes);
  });
});

describe('an nginx that logs elsewhere', () => {
  it('is left nothing: the download server sends the file', async () => {
    const system = await start({ front: { logPorts: [await freeUdpPort()] } });
    const { url, claim } = await offer(system);
    await readSome(url);
    await waitFor('it is settled', () => system.server.ledger.settled.length === 1);
    expect(system.server.logText()).not.toContain('handed-over');
    expect(await leftOf(system.server, claim)).toBe(budgetOf(SIZE) - SIZE);
  });
});

describe('a client that asks twice at once', () => {
  it('gets the file by the second GET, once the first is dropped', async () => {
    const system = await start();
    const { url } = await offer(system);
    const first = new AbortController();
    const begun = await fetch(url, { signal: first.signal });
    const second = readSome(url);
    await waitFor('the second is let in', () => system.server.ledger.burns.length === 2);
    first.abort();
    await begun.arrayBuffer().catch(() => {});
    expect((await second).body.equals(content)).toBe(true);
  });
});

describe('a strict claim', () => {
  it('has one response, of which nginx tells the end', async () => {
    const system = await start();
    const { url, claim } = await offer(system, 'strict');
    const { body } = await readSome(url);
    expect(body.equals(content)).toBe(true);
    expect(await codeOf(url)).toBe('410 already-used');
    await waitFor('it is recorded', () =>
      system.server.ledger.recorded.includes(`finished ${claim.jti} ${SIZE}`),
    );
    const broken = await offer(system, 'strict');
    await readSome(broken.url, {}, MIB);
    expect(await codeOf(broken.url, { range: `bytes=${MIB}-` })).toBe('410 already-used');
    await waitFor('it is recorded', () =>
      system.server.ledger.recorded.some((event) =>
        event.startsWith(`broken-off ${broken.claim.jti} `),
      ),
    );
  });
});

describe('a stop of the download server', () => {
  it('waits for what nginx is sending, and loses none of it', async () => {
    const system = await start();
    const { url, claim } = await offer(system);
    const response = await fetch(url);
    const reader = response.body?.getReader();
    await reader?.read();
    let stopped = false;
    const stopping = system.server.server.stop().then(() => (stopped = true));
    await waitFor('it says for what', () => system.server.logText().includes('still running'));
    expect(stopped).toBe(false);
    await reader?.cancel();
    await stopping;
    expect(system.server.ledger.settled).toHaveLength(1);
    expect(await leftOf(system.server, claim)).toBe(
      budgetOf(SIZE) - (system.server.ledger.settled[0] ?? 0),
    );
  });
});
