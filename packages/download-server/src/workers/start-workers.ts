// The primary of several download servers on one port. It hands each connection to the next worker in turn
// (leaving that to the kernel gave one of four workers three quarters of 200 connections), starts another
// worker for one that ended, and passes a stop on to all. It reads no request and no file.
import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Running } from '@claimcheck/shared/http';
import type { Logger } from '@claimcheck/shared/log';
import { Counter, Gauge, type MetricsSnapshot, type Registry } from '@claimcheck/shared/metrics';
import { createRestartPause } from './restart-pause.js';
import { createSnapshotReader } from './read-snapshots.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

export interface WorkersDependencies {
  count: number;
  log: Logger;
  /** Settings of the workers that differ from this process's environment. */
  env?: Readonly<Record<string, string>>;
  /** For what the primary counts itself. */
  registry?: Registry | undefined;
}

export interface Workers extends Running {
  port: number;
  cut(): void;
  /** The metrics of all workers that answer within a second. */
  readMetrics(): Promise<MetricsSnapshot[]>;
}

/**
 * Starts the workers and resolves when all of them listen.
 * @throws Error with the worker's message for the operator when one cannot start.
 */
export async function startWorkers(dependencies: WorkersDependencies): Promise<Workers> {
  const { count, log, env = {}, registry } = dependencies;
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('../main.js', import.meta.url)),
    args: [],
    // JSON would turn an infinite age into null.
    serialization: 'advanced',
  });
  const running = new Map<number, Worker>();
  const restarts = new Set<NodeJS.Timeout>();
  const pauses = createRestartPause();
  const snapshots = createSnapshotReader(() => [...running.values()].map((worker) => send(worker)));
  const restarted = observeWorkers(registry, () => running.size);
  let restarting = false;
  let stopping = false;

  /** Resolves to the port when the worker listens. */
  function start(number: number): Promise<number> {
    const worker = cluster.fork(env);
    running.set(number, worker);
    const startedAtMs = performance.now();
    worker.on('error', (error) => log.warn({ err: error, worker: number }, 'a worker is deaf'));
    worker.once('exit', (status, signal) => {
      running.delete(number);
      if (!restarting || stopping) return;
      const pauseMs = pauses.after(number, performance.now() - startedAtMs);
      const ended = { worker: number, workerPid: worker.process.pid, status, signal, pauseMs };
      log.error(ended, 'a worker ended, with its downloads; another one is started');
      startLater(number, pauseMs);
    });
    return new Promise((resolve, reject) => {
      let failure = 'a worker ended before it listened';
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'up') {
          send(worker)({ kind: 'start', worker: number });
          if (stopping) send(worker)({ kind: 'stop' });
        }
        if (message.kind === 'listening') resolve(message.port);
        if (message.kind === 'failed') failure = message.message;
        if (message.kind === 'metrics') snapshots.take(message);
      });
      worker.once('exit', () => reject(new Error(failure)));
    });
  }

  function startLater(number: number, pauseMs: number): void {
    const timer = setTimeout(() => {
      restarts.delete(timer);
      restarted();
      start(number).then(
        () => log.info({ worker: number }, 'the worker is back'),
        (error: Error) => log.error({ worker: number, reason: error.message }, 'a worker failed'),
      );
    }, pauseMs);
    restarts.add(timer);
  }

  /** No more restarts; resolves when the last worker is gone. */
  async function allEnded(): Promise<void> {
    stopping = true;
    for (const timer of restarts) clearTimeout(timer);
    const ends = [...running.values()].map(
      (worker) => new Promise((resolve) => worker.once('exit', resolve)),
    );
    await Promise.all(ends);
  }
  const toAll = (message: ToWorker) => {
    for (const worker of running.values()) send(worker)(message);
  };

  let port: number;
  try {
    // The first one alone: what keeps one from starting keeps all, and is to be said once.
    port = await start(1);
    await Promise.all(Array.from({ length: count - 1 }, (_, i) => start(i + 2)));
    restarting = true;
  } catch (error) {
    const over = allEnded();
    for (const worker of running.values()) worker.process.kill('SIGKILL');
    await over;
    throw error;
  }
  let stopped: Promise<void> | undefined;
  return {
    port,
    stop: () => {
      stopped ??= allEnded();
      toAll({ kind: 'stop' });
      return stopped;
    },
    cut: () => toAll({ kind: 'cut' }),
    readMetrics: () => snapshots.read(),
  };
}

/** A worker may end between our look at it and the message: its exit is what is acted upon. */
function send(worker: Worker): (message: ToWorker) => void {
  return (message) => {
    if (worker.isConnected()) worker.send(message);
  };
}

/** Returns what to call for every start of a successor. */
function observeWorkers(registry: Registry | undefined, count: () => number): () => void {
  if (registry === undefined) return () => {};
  const workers = new Gauge({
    name: 'claimcheck_download_workers',
    help: 'Worker processes that are running.',
    registers: [],
    collect() {
      this.set(count());
    },
  });
  registry.registerMetric(workers);
  const restarts = new Counter({
    name: 'claimcheck_download_worker_restarts_total',
    help: 'Workers that were started because one had ended by itself.',
    registers: [registry],
  });
  return () => restarts.inc();
}
