// The README's examples for other programs are run as they stand there, with a real key, and what they print is
// fetched; only the port and the place of the server differ.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeKey } from '../api-keys/with-keys.js';

import { claimOf, upload } from '../app/files-and-claims.js';
import { startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { startChild } from '../support/child.js';
import { createDatabase } from '../support/postgres.js';
import { root } from '../system/start-system.js';

let app: TestAppServer;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claimcheck-readme-'));
  app = await startTestAppServer({ databaseUrl: await createDatabase() });
});
afterAll(async () => {
  await app.stop();
  await rm(directory, { recursive: true });
});

test.each([
  ['curl', 'sh', 'mint.sh', 'bash'],
  ['Node', 'js', 'mint.mjs', process.execPath],
  ['Python', 'python', 'mint.py', 'python3'],
])('the example with %s mints a claim', async (name, language, file, program) => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const example = new RegExp(
    `mint with ${name}: begin -->\\s+\`\`\`${language}\\n([\\s\\S]*?)\`\`\``,
  );
  const [, text = ''] = example.exec(readme) ?? [];
  expect(text).toContain('http://localhost:3000');
  const client = await app.signedIn();
  const { id } = await upload(client, 'report.txt');
  const { key } = await makeKey(client, ['claims:mint']);
  await writeFile(join(directory, 'claimcheck.key'), `${key}\n`, { mode: 0o600 });
  await writeFile(join(directory, file), text.replace('http://localhost:3000', app.url));
  const child = startChild(program, [file, id], { cwd: directory });
  expect({ status: await child.ended, output: child.output() }).toMatchObject({ status: 0 });
  const [url = ''] = /http:\/\/localhost:3001\/d\/[^\s"]+/.exec(child.output()) ?? [];
  const claim = await claimOf(app, url);
  expect(claim).toMatchObject({ mod: 'resumable', fil: { name: 'report.txt' } });
  expect(claim.ses).toMatch(/^key_/);
});
