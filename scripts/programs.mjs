// Programs that are not npm packages: found, or installed (Debian, root), or asked for by name.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail, run, say } from './prepare.mjs';

/**
 * @typedef {object} Program
 * @property {string} name
 * @property {() => string | undefined} find where it is
 * @property {string[]} debian packages
 * @property {string} brew what to install on macOS
 */

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const MAC_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** @param {string} program */
function inPath(program) {
  // Debian keeps servers where only root's PATH looks.
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file));
}

/** Debian keeps PostgreSQL's server programs out of every PATH. */
function findPostgres() {
  const versions = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES) : [];
  return (
    versions
      .map((version) => join(DEBIAN_POSTGRES, version, 'bin/initdb'))
      .find((file) => existsSync(file)) ?? inPath('initdb')
  );
}

export function findChromium() {
  return (
    process.env['CHROMIUM_PATH'] ??
    CHROMIUM.map(inPath).find(Boolean) ??
    (existsSync(MAC_CHROME) ? MAC_CHROME : undefined)
  );
}

/** The claim format is tried with a minter and a verifier in another language. */
function findPythonWithCryptography() {
  const python = inPath('python3');
  if (python === undefined) return undefined;
  const { status } = spawnSync(python, ['-c', 'import cryptography'], { stdio: 'ignore' });
  return status === 0 ? python : undefined;
}

/** @type {Program[]} */
export const MODEL_CHECKER = [
  { name: 'spin', find: () => inPath('spin'), debian: ['spin'], brew: 'spin' },
  { name: 'a C compiler', find: () => inPath('cc'), debian: ['gcc', 'libc6-dev'], brew: 'gcc' },
];

/** @type {Program[]} */
export const TEST_SERVERS = [
  { name: 'Redis 7', find: () => inPath('redis-server'), debian: ['redis-server'], brew: 'redis' },
  { name: 'PostgreSQL', find: findPostgres, debian: ['postgresql'], brew: 'postgresql' },
  {
    name: 'Chromium',
    find: findChromium,
    debian: ['chromium', 'fonts-dejavu-core'],
    brew: '--cask google-chrome',
  },
  { name: 'nginx', find: () => inPath('nginx'), debian: ['nginx'], brew: 'nginx' },
  { name: 'lighttpd', find: () => inPath('lighttpd'), debian: ['lighttpd'], brew: 'lighttpd' },
  { name: 'openssl', find: () => inPath('openssl'), debian: ['openssl'], brew: 'openssl' },
  {
    name: 'slowhttptest',
    find: () => inPath('slowhttptest'),
    debian: ['slowhttptest'],
    brew: 'slowhttptest',
  },
  { name: 'curl', find: () => inPath('curl'), debian: ['curl'], brew: 'curl' },
  { name: 'wget', find: () => inPath('wget'), debian: ['wget'], brew: 'wget' },
  {
    name: 'Python 3 with cryptography',
    find: findPythonWithCryptography,
    debian: ['python3-cryptography'],
    brew: 'cryptography',
  },
  { name: 'aria2', find: () => inPath('aria2c'), debian: ['aria2'], brew: 'aria2' },
];

/** Where distributions keep nginx's modules. */
const NGINX_MODULES = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules'];

/** @param {string} name without its ending */
export function findNginxModule(name) {
  return NGINX_MODULES.map((folder) => join(folder, `${name}.so`)).find((file) => existsSync(file));
}

/** @param {string[]} files of which one has to be there */
function anyOf(...files) {
  return files.find((file) => existsSync(file));
}

/**
 * What the speed bench builds its peers and its load from. It needs Linux (it pins processes and reads
 * their CPU from /proc), so the names for macOS are never asked for.
 * @type {Program[]}
 */
export const SPEED_BENCH =
  process.platform === 'linux'
    ? [
        ...TEST_SERVERS.filter(({ name }) => ['Redis 7', 'nginx'].includes(name)),
        {
          name: "nginx's Lua",
          find: () => findNginxModule('ngx_http_lua_module'),
          // Its LuaJIT is the one that luajit2 belongs to, and displaces the other one with its program.
          debian: ['libnginx-mod-http-lua', 'libnginx-mod-http-ndk', 'luajit2'],
          brew: '',
        },
        {
          name: "Lua's libraries for nginx",
          find: () => anyOf('/usr/share/lua/5.1/resty/core.lua'),
          debian: ['lua-resty-core', 'lua-resty-lrucache'],
          brew: '',
        },
        {
          name: 'cjson for Lua 5.1',
          find: () => findLibrary('lua/5.1/cjson.so'),
          debian: ['lua-cjson'],
          brew: '',
        },
        {
          name: 'libsodium',
          find: () => findLibrary('libsodium.so.23'),
          debian: ['libsodium23'],
          brew: '',
        },
        { name: 'wrk', find: () => inPath('wrk'), debian: ['wrk'], brew: '' },
        { name: 'LuaJIT', find: () => inPath('luajit'), debian: ['luajit2'], brew: '' },
        { name: 'taskset', find: () => inPath('taskset'), debian: ['util-linux'], brew: '' },
      ]
    : [];

/** A shared library, in the folder of this machine's architecture. @param {string} file */
function findLibrary(file) {
  const multiarch = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
  const folder = multiarch[/** @type {'x64' | 'arm64'} */ (process.arch)] ?? '';
  return anyOf(join('/usr/lib', folder, file), join('/usr/lib64', file));
}

/**
 * Sees that all of them are there, or ends this process with what to do.
 * @param {Program[]} programs
 * @param {string} command what the person ran, to be run again
 */
export function provide(programs, command) {
  const missing = programs.filter(({ find }) => find() === undefined);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  const packages = missing.flatMap(({ debian }) => debian);
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    fail(
      `${command} uses real programs, and these are missing: ${names}.\n` +
        `  Debian, Ubuntu:  sudo apt-get install ${packages.join(' ')}\n` +
        `  macOS:           brew install ${missing.map(({ brew }) => brew).join(' ')}\n` +
        `Then run ${command} again.`,
    );
  }
  say(`installing ${names} …`);
  const advice = `Install ${packages.join(' ')} by hand and run ${command} again.`;
  process.env['DEBIAN_FRONTEND'] = 'noninteractive';
  run('apt-get', ['update', '-qq'], advice);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], advice);
}
