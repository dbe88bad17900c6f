// The nginx of docker-compose.yml offloads like the one of docs/: the same locations, line by line, and a
// configuration that nginx accepts.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const read = (path: string) =>
  readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

/** The internal location with all that is in it. */
function locationOf(configuration: string): string {
  const from = configuration.indexOf('    location /_claimcheck_files/ {');
  const to = configuration.indexOf('\n    }\n', from);
  if (from < 0 || to < 0) throw new Error('there is no such location');
  return configuration.slice(from, to);
}

it('has the same locations', async () => {
  const [docs, docker] = await Promise.all([read('docs/nginx.conf'), read('docker/nginx.conf')]);
  expect(locationOf(docker)).toBe(locationOf(docs).replaceAll('/srv/claimcheck/files', '/files'));
});

it('is a configuration that nginx accepts', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'claimcheck-compose-'));
  const file = join(directory, 'nginx.conf');
  const shipped = await read('docker/nginx.conf');
  const here = shipped
    .replaceAll(/\b(?:app|download-[12]):/g, '127.0.0.1:')
    .replaceAll('/tmp/', `${directory}/`)
    .replaceAll('/dev/std', `${directory}/std`);
  await writeFile(file, here);
  const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter);
  const said = await new Promise<string>((resolve) => {
    const env = { ...process.env, PATH };
    execFile(
      'nginx',
      ['-t', '-p', directory, '-c', file, '-e', 'stderr'],
      { env },
      (_, __, stderr) => resolve(stderr),
    );
  });
  await rm(directory, { recursive: true, force: true });
  expect(said).toContain('test is successful');
});
