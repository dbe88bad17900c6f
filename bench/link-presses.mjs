// How long a press takes beside a plain session-checked mint, in the same run, and whether any link gives
// more copies than allowed: 10,000 links are made, 1,000 of them pressed at once (each by two people),
// every claim that comes out is fetched. Real servers, Redis and PostgreSQL.
//
//   TEST_REDIS_URL and TEST_DATABASE_URL name an empty Redis and an empty database.
//   node bench/link-presses.mjs [links] [pressed]
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';

const root = fileURLToPath(new URL('..', import.meta.url));
const LINKS = Number(process.argv[2] ?? 10_000);
const PRESSED = Number(process.argv[3] ?? 1_000);
const PER_REQUEST = 100;
/** Connections of the clients, and so presses that the server has at a time. */
const AT_A_TIME = 50;
/** Large beside the allowance of 1 MiB, so that a second copy would show. */
const FILE_BYTES = 2_000_000;

const { TEST_REDIS_URL: redisUrl, TEST_DATABASE_URL: databaseUrl } = process.env;
if (redisUrl === undefined || databaseUrl === undefined) {
  throw new Error('set TEST_REDIS_URL and TEST_DATABASE_URL to empty ones');
}

const [appPort, downloadPort] = [await freePort(), await freePort()];
const app = `http://localhost:${appPort}`;
const dataDir = await mkdtemp(join(tmpdir(), 'claimcheck-bench-'));
const credentials = { email: 'ada@example.org', password: 'correct horse battery' };
const env = {
  PATH: process.env['PATH'] ?? '',
  APP_PORT: String(appPort),
  DOWNLOAD_PORT: String(downloadPort),
  DATA_DIR: dataDir,
  REDIS_URL: redisUrl,
  DATABASE_URL: databaseUrl,
  ADMIN_EMAIL: credentials.email,
  ADMIN_PASSWORD: credentials.password,
  LOG_LEVEL: 'error',
};
const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const HTML = { accept: 'text/html' };
/** Answers of 503, after which the same was asked again. */
let notNow = 0;
const agent = new Agent({ connections: AT_A_TIME, bodyTimeout: 120_000, headersTimeout: 120_000 });
const servers = [];
try {
  servers.push(await start('app-server', appPort));
  servers.push(await start('download-server', downloadPort));
  await measure();
} finally {
  await agent.close();
  for (const server of servers) {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
  await rm(dataDir, { recursive: true, force: true });
}

async function measure() {
  const cookie = await signIn();
  const own = { cookie, origin: app };
  const put = await call('PUT', '/api/files?name=report.bin', own, Buffer.alloc(FILE_BYTES, 'x'));
  const fileId = JSON.parse(put.text).id;

  const makingAt = performance.now();
  /** @type {string[]} */
  const urls = [];
  while (urls.length < LINKS) {
    const to = Array.from({ length: PER_REQUEST }, (_, i) => `r${urls.length + i}@example.net`);
    const body = JSON.stringify({ fileId, to });
    const made = await call('POST', '/api/links', { ...own, ...JSON_TYPE }, body);
    urls.push(...JSON.parse(made.text).links.map((/** @type {{ url: string }} */ { url }) => url));
  }
  const madeMs = performance.now() - makingAt;
  console.log(`${urls.length} links made, ${(madeMs / urls.length).toFixed(2)} ms each`);

  const some = urls.slice(0, PRESSED);
  const pages = await eachOf(some, (url) => call('GET', new URL(url).pathname, HTML));
  await new Promise((resolve) => setTimeout(resolve, 1100));
  // Half of the presses are second ones for the same link: two people, or one who presses twice.
  const mints = await eachOf(some, () =>
    call('POST', '/api/claims', { ...own, ...JSON_TYPE }, JSON.stringify({ fileId })),
  );
  const presses = await eachOf([...some, ...some], (url, i) => {
    const view = /name="view" value="([^"]+)"/.exec(pages[i % PRESSED]?.text ?? '')?.[1] ?? '';
    const body = new URLSearchParams({ view, press: 'download' }).toString();
    return call('POST', new URL(url).pathname, { ...HTML, ...FORM_TYPE }, body);
  });
  report('GET of the page', pages);
  report('session-checked mint', mints);
  report('first press', presses.slice(0, PRESSED));
  report('press again', presses.slice(PRESSED));

  /** @type {Map<string, Set<string>>} */
  const claims = new Map();
  for (const [i, { location }] of presses.entries()) {
    const link = some[i % PRESSED] ?? '';
    claims.set(link, (claims.get(link) ?? new Set()).add(location));
  }
  const tooMany = [...claims.values()].filter((each) => each.size !== 1).length;
  const fetched = await eachOf(
    [...claims.values()].map(([first]) => first ?? ''),
    fetchWhole,
  );
  const whole = fetched.filter((bytes) => bytes === FILE_BYTES).length;
  console.log(
    `${presses.length} presses of ${claims.size} links: ${tooMany} links gave more than one claim, ${whole} copies came whole`,
  );
  console.log(`${notNow} answers were 503 and asked again`);
  if (tooMany > 0 || whole !== claims.size) process.exitCode = 1;
}

async function signIn() {
  const answer = await call('POST', '/api/session', JSON_TYPE, JSON.stringify(credentials));
  return answer.cookie;
}

/**
 * One request; the time is that of the answer that counts.
 * @param {'GET' | 'POST' | 'PUT'} method
 * @param {string} path
 * @param {Record<string, string>} headers
 * @param {string | Buffer} [body]
 */
async function call(method, path, headers, body) {
  const startedAt = performance.now();
  const answer = await request(app + path, { method, headers, dispatcher: agent, body });
  const text = await answer.body.text();
  if (answer.statusCode === 503) {
    // On a machine that is too busy the ledger does not answer in time, and nothing is decided.
    notNow += 1;
    return await call(method, path, headers, body);
  }
  if (answer.statusCode >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
  return {
    text,
    location: String(answer.headers['location'] ?? ''),
    cookie: [answer.headers['set-cookie'] ?? []]
      .flat()
      .map((line) => line.split(';')[0])
      .join('; '),
    ms: performance.now() - startedAt,
  };
}

/** @param {string} url */
async function fetchWhole(url) {
  const answer = await request(url, { dispatcher: agent });
  let bytes = 0;
  for await (const part of answer.body) bytes += part.length;
  return answer.statusCode === 200 ? bytes : 0;
}

/**
 * Does it for all, so many at a time.
 * @template T, R
 * @param {readonly T[]} items
 * @param {(item: T, index: number) => Promise<R>} act
 * @returns {Promise<R[]>}
 */
async function eachOf(items, act) {
  /** @type {R[]} */
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next;
      next += 1;
      results[i] = await act(items[i], i);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return results;
}

/**
 * @param {string} what
 * @param {readonly { ms: number }[]} answers
 */
function report(what, answers) {
  const sorted = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (/** @type {number} */ part) =>
    (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1);
  console.log(`${what}: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, ${AT_A_TIME} at a time`);
}

/**
 * @param {'app-server' | 'download-server'} name
 * @param {number} port
 */
async function start(name, port) {
  const script = join(root, 'packages', name, 'dist/main.js');
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  for (let tries = 0; tries < 300; tries += 1) {
    const ready = await fetch(`http://localhost:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return child;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill();
  throw new Error(`${name} is not ready`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
