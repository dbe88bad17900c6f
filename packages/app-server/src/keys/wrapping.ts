// By what secrets are encrypted at rest, as one value: in clear, by a passphrase, or by a key file. Everything that
// reads or writes a secret goes through it, so that none is written in clear by mistake.
import { readFile } from 'node:fs/promises';
import {
  NotOpenedError,
  openWithKey,
  openWithPassphrase,
  wrapWithKey,
  wrapWithPassphrase,
  type SecretKind,
} from './wrap-secret.js';

/** Where the settings say that the key to the keys is. At most one of them. */
export interface WrappingSettings {
  passphrase?: string | undefined;
  passphraseFile?: string | undefined;
  wrapFile?: string | undefined;
}

export const WRAPPINGS = ['none', 'passphrase', 'key-file'] as const;
export type WrappingName = (typeof WRAPPINGS)[number];

export interface Wrapping {
  readonly name: WrappingName;
  /** The text that is written. */
  wrap(kind: SecretKind, secret: Uint8Array): Promise<string>;
  /** @throws NotOpenedError when the text was written by another wrapping, or is damaged. */
  open(kind: SecretKind, text: string): Promise<Buffer>;
}

/** Shorter ones can be guessed by whoever has the files. */
export const LEAST_PASSPHRASE_CHARACTERS = 12;
const WRAP_KEY_BYTES = 32;

/** How messages name what was set. */
const NAMES = { passphraseFile: 'KEYS_PASSPHRASE_FILE', wrapFile: 'KEYS_WRAP_FILE' };

/**
 * Reads what the settings name.
 * @throws Error that names the setting when its file cannot be read, or holds no passphrase or key.
 */
export async function openWrapping(
  settings: WrappingSettings,
  names: typeof NAMES = NAMES,
): Promise<Wrapping> {
  const { passphrase, passphraseFile, wrapFile } = settings;
  if (passphrase !== undefined) return passphraseWrapping(passphrase, 'KEYS_PASSPHRASE');
  if (passphraseFile !== undefined) {
    const text = await readNamed(names.passphraseFile, passphraseFile);
    return passphraseWrapping(text.toString('utf8').replace(/\r?\n$/, ''), names.passphraseFile);
  }
  if (wrapFile !== undefined) {
    const key = await readNamed(names.wrapFile, wrapFile);
    if (key.length !== WRAP_KEY_BYTES)
      throw new Error(
        `${names.wrapFile}: ${wrapFile} has ${key.length} bytes; expected exactly ${WRAP_KEY_BYTES} random ones`,
      );
    return keyFileWrapping(key);
  }
  return NO_WRAPPING;
}

/** In clear: what the file holds is the secret itself. */
export const NO_WRAPPING: Wrapping = {
  name: 'none',
  wrap: async (kind, secret) => `k4.${kind}.${Buffer.from(secret).toString('base64url')}`,
  open: async (kind, text) => {
    const header = `k4.${kind}.`;
    const bytes = Buffer.from(text.slice(header.length), 'base64url');
    if (text.startsWith(header) && header + bytes.toString('base64url') === text) return bytes;
    throw new NotOpenedError(`it is not a k4.${kind}`);
  },
};

/** @param from what names the passphrase to the operator. */
export function passphraseWrapping(passphrase: string, from: string): Wrapping {
  if (passphrase.length < LEAST_PASSPHRASE_CHARACTERS)
    throw new Error(
      `${from}: expected a passphrase of ${LEAST_PASSPHRASE_CHARACTERS} characters or more`,
    );
  const normalised = passphrase.normalize('NFC');
  return {
    name: 'passphrase',
    wrap: (kind, secret) => wrapWithPassphrase(kind, secret, normalised),
    open: (kind, text) => openWithPassphrase(kind, text, normalised),
  };
}

function keyFileWrapping(key: Buffer): Wrapping {
  return {
    name: 'key-file',
    wrap: async (kind, secret) => wrapWithKey(kind, secret, key),
    open: async (kind, text) => openWithKey(kind, text, key),
  };
}

/** By what a text was wrapped, as it says itself; undefined when it is none of ours. */
export function wrappingOf(kind: SecretKind, text: string): WrappingName | undefined {
  if (text.startsWith(`k4.${kind}-pw.`)) return 'passphrase';
  if (text.startsWith(`k4.${kind}-wrap.pie.`)) return 'key-file';
  return text.startsWith(`k4.${kind}.`) ? 'none' : undefined;
}

async function readNamed(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${setting}: the file cannot be read: ${reason}`, { cause: error });
  }
}
