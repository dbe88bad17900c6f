// The boundaries of the house are checked, not hoped for: a forbidden import or a stray `process.env`
// must fail the lint that `npm run build` and `npm run check` run. Each case is a file that breaks one.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let house: string;

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'claimcheck-house-'));
  await copyFile(join(root, '.oxlintrc.json'), join(house, '.oxlintrc.json'));
});
afterAll(async () => {
  await rm(house, { recursive: true });
});

async function lint(path: string, code: string): Promise<string> {
  const file = join(house, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, code);
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
  return await new Promise((resolve) => {
    execFile(process.execPath, [oxlint, '--quiet', file], { cwd: house }, (error, stdout) => {
      resolve(error ? stdout : 'passed');
    });
  });
}

describe('the lint', () => {
  const download = 'packages/download-server/src/x.ts';
  const app = 'packages/app-server/src/x.ts';
  const forbidden: [string, string, string][] = [
    [
      'download server → minting half',
      download,
      `import { mintClaim } from '@claimcheck/shared/mint';`,
    ],
    [
      'download server → minting half by path',
      download,
      `import { mintClaim } from '../../shared/dist/mint/index.js';`,
    ],
    [
      'download server → app server',
      download,
      `import { startAppServer } from '@claimcheck/app-server';`,
    ],
    [
      'download server → app server by path',
      download,
      `import { x } from '../../app-server/src/app.js';`,
    ],
    ['app server → download server', app, `import { x } from '@claimcheck/download-server';`],
    [
      'app server → download server by path',
      app,
      `import { x } from '../../download-server/src/app.js';`,
    ],
    [
      'verifying half → minting half',
      'packages/shared/src/claim/x.ts',
      `import { x } from '../mint/index.js';`,
    ],
    [
      'ledger → minting half',
      'packages/shared/src/ledger/x.ts',
      `import { x } from '../mint/mint-claim.js';`,
    ],
    [
      'shared → a server',
      'packages/shared/src/x.ts',
      `import { x } from '@claimcheck/app-server';`,
    ],
  ];
  test.each(forbidden)('refuses %s', async (_, path, code) => {
    expect(await lint(path, `${code}\nexport const y = 1;\n`)).toMatch(/no-restricted-imports/);
  });

  test.each([download, app, 'packages/shared/src/x.ts'])(
    'refuses process.env in %s',
    async (path) => {
      expect(await lint(path, `export const x = process.env['X'];\n`)).toMatch(/no-process-env/);
    },
  );

  test('passes what is allowed', async () => {
    const code = `import { mintClaim } from '@claimcheck/shared/mint';\nexport const y = mintClaim;\n`;
    expect(await lint(app, code)).toBe('passed');
    expect(
      await lint('packages/app-server/src/config.ts', `export const x = process.env['X'];\n`),
    ).toBe('passed');
  });
});

describe('the house', () => {
  test('reads the environment in config.ts alone', async () => {
    const readers: string[] = [];
    for (const workspace of ['shared', 'app-server', 'download-server']) {
      const source = join(root, 'packages', workspace, 'src');
      for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
        const file = join(entry.parentPath, entry.name);
        if (/process\s*\.\s*env|process\s*\[/.test(withoutComments(await readFile(file, 'utf8'))))
          readers.push(entry.name);
      }
    }
    expect([...new Set(readers)]).toEqual(['config.ts']);
  });
});

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
