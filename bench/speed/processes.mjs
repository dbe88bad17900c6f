// Processes under measurement: started on the cores they are given, asked for the CPU and memory the
// kernel has counted for them, and ended by their own id. Linux only: it reads /proc and uses taskset.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Clock ticks a second of /proc (USER_HZ), 100 on every Linux that Node runs on. */
const TICKS = 100;

/**
 * @typedef {object} Measured
 * @property {number} pid
 * @property {() => string} output everything it has printed
 * @property {() => number} cpuSeconds user and system time of all its threads, and of its children that live
 * @property {() => number} residentBytes its own and its children's
 * @property {Promise<number | string>} ended its exit status or signal
 * @property {() => Promise<void>} stop
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cores?: string | undefined, env?: Record<string, string> }} [options] cores as taskset
 *   takes them, `0` or `0,1`; everywhere when left out.
 * @returns {Measured}
 */
export function startProcess(command, args, { cores, env = {} } = {}) {
  const pinned =
    cores === undefined ? [command, ...args] : ['taskset', '-c', cores, command, ...args];
  const [program = command, ...rest] = pinned;
  const child = spawn(program, rest, {
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  /** @type {Promise<number | string>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => {
      output += String(error);
      resolve(-1);
    });
    child.once('close', (code, signal) => resolve(code ?? signal ?? -1));
  });
  const pid = child.pid ?? -1;
  return {
    pid,
    output: () => output,
    cpuSeconds: () => sumOver(familyOf(pid), cpuSecondsOf),
    residentBytes: () => sumOver(familyOf(pid), residentBytesOf),
    ended,
    stop: async () => {
      const running = child.exitCode === null && child.signalCode === null;
      for (const one of running ? familyOf(pid) : []) killIfThere(one);
      await ended;
    },
  };
}

/** A process and all that it has started. @param {number} pid @returns {number[]} */
function familyOf(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => familyOf(Number(child)))];
}

/** @param {number[]} pids @param {(pid: number) => number} of */
function sumOver(pids, of) {
  return pids.reduce((sum, pid) => sum + of(pid), 0);
}

/** @param {number} pid one of our own */
function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @param {number} pid */
function cpuSecondsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may hold blanks; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** @param {number} pid */
function residentBytesOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

/** @returns {Promise<number>} a loopback port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/**
 * Waits until a server answers HTTP on loopback.
 * @param {Measured} server
 * @param {string} url
 * @param {(status: number) => boolean} [isReady] what it has to answer; anything, when left out
 * @throws Error with the server's output when it ends, or does not answer in time
 */
export async function untilAnswers(server, url, isReady = () => true, withinMs = 20_000) {
  let ended = false;
  void server.ended.then(() => (ended = true));
  const until = Date.now() + withinMs;
  for (;;) {
    const status = await fetch(url).then(
      (response) => response.status,
      () => undefined,
    );
    if (status !== undefined && isReady(status)) return;
    if (ended) throw new Error(`a server ended at its start: ${server.output()}`);
    if (Date.now() > until) throw new Error(`no answer from ${url}: ${server.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
