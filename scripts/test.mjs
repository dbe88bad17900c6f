// `npm test`: from a fresh clone to the whole suite. Finds the real servers that the tests use, or
// installs them (Debian, root), or says how to; then runs jest. Arguments go on to jest.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail, prepareForTests, root, run, say } from './prepare.mjs';

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const MAC_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** @param {string} program */
function inPath(program) {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file));
}

/** Debian keeps PostgreSQL's server programs out of PATH. */
function findPostgres() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  return versions.some((v) => existsSync(join(debian, v, 'bin/initdb')))
    ? debian
    : inPath('initdb');
}

function findChromium() {
  if (process.env['CHROMIUM_PATH']) return process.env['CHROMIUM_PATH'];
  return CHROMIUM.map(inPath).find(Boolean) ?? (existsSync(MAC_CHROME) ? MAC_CHROME : undefined);
}

/** Debian keeps it where only root's PATH looks. */
function findNginx() {
  const debian = '/usr/sbin/nginx';
  return existsSync(debian) ? debian : inPath('nginx');
}

const needed = [
  { name: 'Redis 7', find: () => inPath('redis-server'), debian: 'redis-server', brew: 'redis' },
  { name: 'PostgreSQL', find: findPostgres, debian: 'postgresql', brew: 'postgresql' },
  { name: 'Chromium', find: findChromium, debian: 'chromium', brew: '--cask google-chrome' },
  { name: 'nginx', find: findNginx, debian: 'nginx', brew: 'nginx' },
  { name: 'curl', find: () => inPath('curl'), debian: 'curl', brew: 'curl' },
];

function provideServers() {
  const missing = needed.filter(({ find }) => find() === undefined);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  const packages = missing.map(({ debian }) => debian);
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    fail(
      `The tests use real servers, and these are missing: ${names}.\n` +
        `  Debian, Ubuntu:  sudo apt-get install ${packages.join(' ')}\n` +
        `  macOS:           brew install ${missing.map(({ brew }) => brew).join(' ')}\n` +
        'Then run npm test again.',
    );
  }
  say(`installing ${names} for the tests …`);
  const advice = `Install ${packages.join(' ')} by hand and run npm test again.`;
  process.env['DEBIAN_FRONTEND'] = 'noninteractive';
  run('apt-get', ['update', '-qq'], advice);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], advice);
}

provideServers();
prepareForTests();

const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, CHROMIUM_PATH: findChromium() ?? '' } },
);
process.exit(status ?? 1);
