// The README's walk-through is run as it stands there, by a shell, against a server started as the
// README says; only the ports differ.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startChild } from '../support/child.js';
import { root, startInOneProcess, type System } from '../system/start-system.js';

let system: System;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claimcheck-readme-'));
  system = await startInOneProcess();
});
afterAll(async () => {
  await system.stop();
  await rm(directory, { recursive: true });
});

test('the walk-through with curl alone does what it says', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, script = ''] =
    /walk-through: begin -->\s+```sh\n([\s\S]*?)```\s+<!-- walk-through: end/.exec(readme) ?? [];
  expect(script).toContain('APP=http://localhost:3000');
  const shell = startChild(
    'bash',
    ['-euo', 'pipefail', '-c', script.replace('http://localhost:3000', system.appUrl)],
    {
      cwd: directory,
    },
  );
  expect({ status: await shell.ended, output: shell.output() }).toMatchObject({ status: 0 });
  const output = shell.output();
  expect(output).toMatch(
    /HTTP\/1\.1 200 OK[\s\S]*the same bytes\nfetched\.txt: OK\n[\s\S]*urn:claimcheck:problem:already-used/,
  );
  expect(output).toContain('"state":"finished"');
});
