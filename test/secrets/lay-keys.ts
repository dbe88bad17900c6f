// A directory of keys whose secrets the test knows: a signing key and the links' secret as an older installation
// left them, in clear. An app server with a passphrase takes them over, and has to encrypt them in their place.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secret, type Secret } from './find-secrets.js';

export interface LaidKeys {
  directory: string;
  secrets: Secret[];
  settings: Record<string, string>;
  remove(): Promise<void>;
}

export async function layKeys(): Promise<LaidKeys> {
  const parent = await mkdtemp(join(tmpdir(), 'claimcheck-laid-'));
  const directory = join(parent, 'keys');
  await mkdir(directory, { mode: 0o700 });
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [seed, publicKey] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const paserk = `k4.secret.${Buffer.concat([seed, publicKey]).toString('base64url')}`;
  const links = randomBytes(32);
  const mode = 0o600;
  await writeFile(join(directory, `${Date.now()}.k4.secret`), `${paserk}\n`, { mode });
  await writeFile(join(directory, 'links.secret'), `${links.toString('hex')}\n`, { mode });
  const passphrase = `a passphrase ${randomBytes(9).toString('hex')}`;
  return {
    directory,
    secrets: [
      secret('signing key', paserk, seed),
      secret('secret of links', links.toString('hex'), links),
      secret('passphrase of keys', passphrase),
    ],
    settings: { KEYS_DIR: directory, KEYS_PASSPHRASE: passphrase },
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}
