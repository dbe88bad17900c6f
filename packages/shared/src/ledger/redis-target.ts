// Where the ledger's Redis is, from one URL: a single server, a master that Sentinels name, or a
// Cluster. Standard URLs name one host; the lists of hosts follow the form that other clients use.
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/**
 * How the ledger tells that burns may have been lost. `replication-id` keeps the whole guarantee;
 * `stored-epoch` is for a managed Redis that forbids INFO, and promises less (docs/ledger.md).
 */
export type FenceMode = 'replication-id' | 'stored-epoch';

export interface RedisHost {
  host: string;
  port: number;
}

export interface RedisTarget {
  kind: 'standalone' | 'sentinel' | 'cluster';
  /** One for standalone; else whom to ask first. */
  hosts: readonly [RedisHost, ...RedisHost[]];
  username: string | undefined;
  password: string | undefined;
  db: number;
  /** What the Sentinels call the master. */
  masterName: string | undefined;
  sentinelUsername: string | undefined;
  sentinelPassword: string | undefined;
  tls: ConnectionOptions | undefined;
  fence: FenceMode;
}

/** The schemes of REDIS_URL. */
export const REDIS_URL_SCHEMES = [
  'redis:',
  'rediss:',
  'redis+sentinel:',
  'rediss+sentinel:',
  'redis+cluster:',
  'rediss+cluster:',
] as const;

const FORM =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(\/[^?#]*)?(\?[^#]*)?$/;
const PARAMETERS = new Set([
  'fence',
  'ca',
  'cert',
  'key',
  'servername',
  'sentinelUsername',
  'sentinelPassword',
]);

/**
 * Reads a Redis URL; certificates that it names are read from their files.
 * @throws Error whose message completes "expected …" and quotes no password.
 */
export function parseRedisUrl(url: string): RedisTarget {
  const form = FORM.exec(url);
  if (!form) {
    throw new Error(
      'expected redis://host:port/db, redis+sentinel://host:port,host:port/NAME/db or ' +
        'redis+cluster://host:port,host:port (rediss for TLS)',
    );
  }
  const [, scheme, kind = 'standalone', user = '', hostList = '', path = '', query = ''] = form;
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (!PARAMETERS.has(name))
      throw new Error(
        `expected no parameter "${name}" in the Redis URL, only ${[...PARAMETERS].join(', ')}`,
      );
  }
  const hosts = hostList
    .split(',')
    .map((text) => readHost(text, kind === 'sentinel' ? 26_379 : 6379));
  if (kind === 'standalone' && hosts.length > 1)
    throw new Error('expected one host (redis+sentinel:// and redis+cluster:// take several)');
  const [username, password] = readUser(user);
  return {
    kind: kind as RedisTarget['kind'],
    hosts: hosts as [RedisHost, ...RedisHost[]],
    username,
    password,
    ...readPath(kind, path.split('/').slice(1).map(decode)),
    sentinelUsername: parameters.get('sentinelUsername') ?? undefined,
    sentinelPassword: parameters.get('sentinelPassword') ?? undefined,
    tls: scheme === 'rediss' ? readTls(parameters) : refuseTls(parameters),
    fence: readFenceMode(parameters.get('fence')),
  };
}

function readHost(text: string, defaultPort: number): RedisHost {
  const parts = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text.trim());
  const port = parts?.[2] === undefined ? defaultPort : Number(parts[2]);
  if (!parts?.[1] || port < 1 || port > 65_535)
    throw new Error(`expected host:port in the Redis URL, found "${text}"`);
  return { host: parts[1].replace(/^\[|\]$/g, ''), port };
}

function readUser(text: string): [username: string | undefined, password: string | undefined] {
  if (text === '') return [undefined, undefined];
  const colon = text.indexOf(':');
  const [name, password] =
    colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
  return [decode(name) || undefined, password === undefined ? undefined : decode(password)];
}

function readPath(kind: string, path: string[]): Pick<RedisTarget, 'db' | 'masterName'> {
  const masterName = kind === 'sentinel' ? path.shift() : undefined;
  if (kind === 'sentinel' && !masterName)
    throw new Error('expected the name of the master after the Sentinels: redis+sentinel://…/NAME');
  const [db = ''] = path;
  if (path.length > 1 || !/^\d{0,5}$/.test(db) || (kind === 'cluster' && Number(db) !== 0))
    throw new Error(
      kind === 'cluster'
        ? 'expected no database number: a Redis Cluster has only 0'
        : 'expected a database number at the end of the Redis URL',
    );
  return { db: Number(db), masterName };
}

function readTls(parameters: URLSearchParams): ConnectionOptions {
  const tls: ConnectionOptions = {};
  for (const name of ['ca', 'cert', 'key'] as const) {
    const file = parameters.get(name);
    if (file === null) continue;
    try {
      tls[name] = readFileSync(file);
    } catch (error) {
      throw new Error(`expected a readable file as "${name}" of the Redis URL, found ${file}`, {
        cause: error,
      });
    }
  }
  const servername = parameters.get('servername');
  if (servername !== null) tls.servername = servername;
  return tls;
}

function refuseTls(parameters: URLSearchParams): undefined {
  for (const name of ['ca', 'cert', 'key', 'servername']) {
    if (parameters.has(name))
      throw new Error(`expected rediss:// in the Redis URL, since it has "${name}"`);
  }
}

function readFenceMode(text: string | null): FenceMode {
  if (text === null || text === 'replication-id') return 'replication-id';
  if (text === 'stored-epoch') return text;
  throw new Error(`expected fence=replication-id or fence=stored-epoch, found "${text}"`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new Error('expected percent-encoding in the user, password and path of the Redis URL', {
      cause: error,
    });
  }
}
