// What the figures were measured on and with: a figure without it says nothing.
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export function describeMachine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    processor: cpus()[0]?.model ?? '',
    loadBefore: loadavg()[0] ?? 0,
    node: process.version,
    nginx: firstLine('nginx', ['-v']),
    redis: firstLine('redis-server', ['--version']),
    wrk: firstLine('wrk', ['-v']),
    openssl: process.versions.openssl,
  };
}

/** wrk and nginx say their version on stderr, wrk with a failing status. @param {string} program @param {string[]} args */
function firstLine(program, args) {
  try {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin`;
    return execFileSync('sh', ['-c', `"$0" "$@" 2>&1 || true`, program, ...args], {
      env: { ...process.env, PATH: path },
      encoding: 'utf8',
    })
      .split('\n')[0]
      ?.trim();
  } catch (error) {
    return String(error);
  }
}
