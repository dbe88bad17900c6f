// Makes a fresh clone ready to run: checks Node, installs what is missing, compiles what changed. Run
// by every command that needs it, so that no step is left to a person. Only Node's own modules here,
// and only syntax that an old Node can parse, so that it can say that it is too old.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const OLDEST_NODE = [20, 19];
const SERVERS = ['packages/app-server', 'packages/app-server/browser', 'packages/download-server'];

/**
 * @param {string} text
 * @returns {never}
 */
export function fail(text) {
  console.error(`\n${text}\n`);
  process.exit(1);
}

/** @param {string} text */
export function say(text) {
  console.log(`claimcheck: ${text}`);
}

/**
 * Runs a command with its output shown, and ends this process when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {string} onFailure what the person can do about it
 */
export function run(command, args, onFailure) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0)
    fail(
      `${[command, ...args].join(' ')} failed${error ? ` (${error.message})` : ''}.\n${onFailure}`,
    );
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor = 0, needMinor = 0] = OLDEST_NODE;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  fail(
    `claimcheck needs Node ${OLDEST_NODE.join('.')} or later; this is ${process.version} (${process.execPath}).\n` +
      'Install a current one from https://nodejs.org and run the same command again.',
  );
}

/** npm writes node_modules/.package-lock.json at the end of a complete install. */
function installIsCurrent() {
  const done = join(root, 'node_modules/.package-lock.json');
  return (
    existsSync(done) && statSync(done).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  );
}

function install() {
  if (installIsCurrent()) return;
  say('installing dependencies (once, about half a minute) …');
  run(
    'npm',
    ['ci', '--no-audit', '--no-fund'],
    'Is the npm registry reachable, and is this directory writable?',
  );
}

/** @param {string[]} projects */
export function compile(projects) {
  say('compiling …');
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  run(
    process.execPath,
    [compiler, '-b', ...projects],
    'The messages above name the file and line.',
  );
}

/** Removes all compiled output: `tsc -b` never deletes what no longer has a source. */
export function removeCompiled() {
  for (const project of ['packages/shared', ...SERVERS, 'test']) {
    rmSync(join(root, project, 'dist'), { recursive: true, force: true });
    rmSync(join(root, project, 'tsconfig.tsbuildinfo'), { force: true });
  }
}

/** Checks, installs, compiles the servers. */
export function prepare() {
  checkNode();
  install();
  compile(SERVERS);
}

export function prepareForTests() {
  checkNode();
  install();
  removeCompiled();
  compile([]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) prepare();
