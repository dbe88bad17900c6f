// nginx as a peer: plain static files (L), or with Lua doing the download server's work natively (P). Each
// worker is an nginx of its own on a port of its own, so that the load is spread as evenly as ours.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNginxModule } from '../../../scripts/programs.mjs';
import { AUDIENCE, ISSUER } from '../furnish.mjs';
import { freePort, startProcess, untilAnswers } from '../processes.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LUA = new URL('../../../packages/shared/lua/', import.meta.url);

/** As packages/shared's redis-keys.ts and redis-ledger.ts have them; that both agree is proven before each run. */
const PREFIX = 'claimcheck:';
const LEVEL_SETS = [8, 64, 512, 4096];
/** Where X-Accel-Redirect leads to: the default of OFFLOAD_PREFIX. */
const OFFLOADED_FILES = '/_claimcheck_files/';
const MAX_EVENTS = '100000';

/**
 * @typedef {import('../furnish.mjs').House} House
 * @typedef {import('./peer.mjs').PeerOptions} PeerOptions
 * @typedef {import('./peer.mjs').Peer} Peer
 */

/**
 * @param {House} house
 * @param {'openssl' | 'sodium'} library
 * @param {PeerOptions} options
 * @returns {Promise<Peer>}
 */
export async function startNativePeer(house, library, { processes, cores }) {
  const script =
    readFileSync(new URL('fence.lua', LUA), 'utf8') +
    readFileSync(new URL('copy.lua', LUA), 'utf8') +
    readFileSync(new URL('burn.lua', LUA), 'utf8');
  const settings = {
    library,
    issuer: ISSUER,
    audience: AUDIENCE,
    root: house.root,
    redis_port: house.redis.port,
    keys: [{ kid: house.key.id, key: rawKey(house.key.publicPaserk) }],
    prefix: PREFIX,
    level_sets: LEVEL_SETS,
    max_events: MAX_EVENTS,
    burn_sha: String(await house.redis.redis.script('LOAD', script)),
  };
  const write = async (/** @type {string} */ directory, /** @type {number} */ port) => {
    await writeFile(join(directory, 'settings.json'), JSON.stringify(settings));
    return nativeConfiguration(house.root, directory, port);
  };
  return await startWorkers(house, { processes, cores, write });
}

/**
 * The same files without any claim: what the kernel and nginx can do at best.
 * @param {House} house
 * @param {'sendfile' | 'buffers'} way
 * @param {PeerOptions} options
 * @returns {Promise<Peer>}
 */
export async function startStaticPeer(house, way, { processes, cores }) {
  const write = async (/** @type {string} */ _, /** @type {number} */ port) =>
    configuration(
      `
      server {
        listen 127.0.0.1:${port} backlog=4096;
        location /d/ { alias "${house.root}/"; }
      }`,
      way === 'sendfile' ? 'sendfile on; tcp_nopush on;' : 'sendfile off; output_buffers 2 1m;',
    );
  return await startWorkers(house, { processes, cores, write });
}

/**
 * nginx in front of our own server, which verifies and burns and leaves the bytes to nginx (OFFLOAD=x-accel), as
 * docs/nginx.conf has it.
 * @param {House} house
 * @param {PeerOptions & { startServer: (env: Record<string, string>) => Promise<Peer> }} options
 * @returns {Promise<Peer>} stops both
 */
export async function startFrontOf(house, { processes, cores, startServer }) {
  const logPort = await freePort();
  const server = await startServer({ OFFLOAD: 'x-accel', OFFLOAD_LOG_PORT: String(logPort) });
  const files = (/** @type {string} */ way, /** @type {number} */ ranges) => `
          location ${OFFLOADED_FILES}${way}/ { internal; max_ranges ${ranges}; alias "${house.root}/"; }`;
  const write = async (/** @type {string} */ _, /** @type {number} */ port) =>
    configuration(`
      log_format claimcheck '$hostname:$pid $request_id $upstream_http_x_claimcheck_response $status '
                            '$body_bytes_sent $request_completion';
      upstream ours { server 127.0.0.1:${server.ports[0]}; keepalive 16; }
      server {
        listen 127.0.0.1:${port} backlog=4096;
        # The server leaves nothing to an nginx that it has not heard: the first line is that of the start's probe.
        access_log syslog:server=127.0.0.1:${logPort},nohostname,tag=claimcheck claimcheck;
        location / {
          proxy_pass http://ours;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header X-Claimcheck-Request $request_id;
          proxy_set_header X-Claimcheck-Front $hostname:$pid;
          proxy_buffering off;
        }
        location ${OFFLOADED_FILES} {
          internal;
          etag off;
          disable_symlinks on from="${house.root}";${files('whole', 0)}${files('part', 1)}
        }
      }`);
  const front = await startWorkers(house, { processes, cores, write });
  return {
    ports: front.ports,
    processes: [...front.processes, ...server.processes],
    stop: async () => {
      await front.stop();
      await server.stop();
    },
  };
}

/**
 * One file, whatever is asked for: the addresses are as long as a claim's, and nothing is checked. What the load can
 * ask at most.
 * @param {House} house
 * @param {string} file
 * @param {PeerOptions} options
 * @returns {Promise<Peer>}
 */
export async function startUncheckedPeer(house, file, { processes, cores }) {
  const { key } = house.file(file);
  const write = async (/** @type {string} */ _, /** @type {number} */ port) =>
    configuration(`
      server {
        listen 127.0.0.1:${port} backlog=4096;
        location /d/ { rewrite ^ /${key} break; root "${house.root}"; }
      }`);
  return await startWorkers(house, { processes, cores, write });
}

/**
 * @param {House} house
 * @param {PeerOptions & { write: (directory: string, port: number) => Promise<string> }} options
 * @returns {Promise<Peer>}
 */
async function startWorkers(house, { processes, cores, write }) {
  /** @type {import('../processes.mjs').Measured[]} */
  const started = [];
  const ports = [];
  for (let i = 0; i < processes; i += 1) {
    const directory = await mkdtemp(join(house.directory, 'nginx-'));
    await mkdir(join(directory, 'temporary'));
    const port = await freePort();
    await writeFile(join(directory, 'nginx.conf'), await write(directory, port));
    const child = startProcess(
      'nginx',
      ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'],
      { cores },
    );
    started.push(child);
    ports.push(port);
    await untilAnswers(child, `http://127.0.0.1:${port}/`);
  }
  return {
    ports,
    processes: started,
    stop: async () => void (await Promise.all(started.map((one) => one.stop()))),
  };
}

/**
 * @param {string} servers
 * @param {string} sending
 */
function configuration(servers, sending = 'sendfile on; tcp_nopush on;', main = '') {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
${main}
daemon off;
master_process off;
pid nginx.pid;
worker_rlimit_nofile 16384;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  ${sending}
  keepalive_requests 1000000000;
  large_client_header_buffers 4 8k;
  default_type application/octet-stream;
  ${temporary.map((name) => `${name}_temp_path temporary/${name};`).join('\n  ')}
  ${servers}
}
`;
}

/**
 * @param {string} root
 * @param {string} directory
 * @param {number} port
 */
function nativeConfiguration(root, directory, port) {
  const modules = ['ndk_http_module', 'ngx_http_lua_module'].map(findNginxModule).filter(Boolean);
  return configuration(
    `
  lua_package_path "${HERE}?.lua;/usr/share/lua/5.1/?.lua;;";
  init_by_lua_block {
    local file = io.open('${directory}/settings.json')
    claims = require 'claims'
    claims.open(require('cjson').decode(file:read('*a')))
    file:close()
  }
  init_worker_by_lua_block { require('ledger').start() }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location /d/ {
      set $claim '';
      content_by_lua_block { claims.handle() }
      log_by_lua_block { claims.record() }
    }
    location /files/ {
      internal;
      alias "${root}/";
      etag off;
      max_ranges 0;
      disable_symlinks on from="${root}";
      add_header Cache-Control "no-store, no-transform";
      add_header Accept-Ranges none;
      add_header X-Content-Type-Options nosniff;
      add_header Referrer-Policy no-referrer;
      add_header Content-Security-Policy "sandbox; default-src 'none'";
      add_header Cross-Origin-Resource-Policy same-origin;
      add_header X-Request-Id $request_id;
      log_by_lua_block { claims.record() }
    }
  }`,
    undefined,
    modules.map((module) => `load_module "${module}";`).join('\n'),
  );
}

/** The 32 bytes of a PASERK k4.public key, base64. @param {string} paserk */
function rawKey(paserk) {
  return Buffer.from(paserk.slice('k4.public.'.length), 'base64url').toString('base64');
}

/** Whether this nginx can run Lua. */
export function hasLua() {
  return existsSync(findNginxModule('ngx_http_lua_module') ?? '');
}
