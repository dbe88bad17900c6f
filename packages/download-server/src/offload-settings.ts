// The settings of offloading: whether the bytes of a file are sent by the front server, by which header it is
// told, and how it finds the files. Read through config.ts, refused by name; nothing else decides here.
import type { EnvironmentReader } from '@claimcheck/shared/env';

/** `x-accel`: nginx. `x-sendfile`: Apache's mod_xsendfile and lighttpd. */
export type OffloadMode = 'x-accel' | 'x-sendfile';

export interface OffloadSettings {
  mode: OffloadMode;
  /**
   * What stands before a storage key in the header: nginx's internal location, or the files root as the front
   * server sees it. Begins and ends with a slash.
   */
  prefix: string;
  /** UDP port on HOST that nginx logs to; 0 lets the system choose. Of x-accel only. */
  logPort: number;
  /** Shorter bodies are sent from here: the first slice has been read by then anyway. */
  fromBytes: number;
}

const DEFAULT_LOCATION = '/_claimcheck_files/';
const DEFAULT_LOG_PORT = 3011;
const DEFAULT_FROM_BYTES = 64 * 1024;

/** Undefined when OFFLOAD is `none`, which is the default. */
export function readOffloadSettings(
  reader: EnvironmentReader,
  filesRoot: string,
): OffloadSettings | undefined {
  const mode = reader.choice('OFFLOAD', 'none', ['none', 'x-accel', 'x-sendfile']);
  const prefix = reader.text('OFFLOAD_PREFIX');
  if (prefix !== undefined && !isPrefix(prefix)) {
    reader.refuse(
      'OFFLOAD_PREFIX',
      prefix,
      'a path that begins and ends with a slash, without . or .. in it',
    );
  }
  const logPort = reader.port('OFFLOAD_LOG_PORT', DEFAULT_LOG_PORT);
  const fromBytes = reader.integer(
    'OFFLOAD_FROM_BYTES',
    DEFAULT_FROM_BYTES,
    1,
    Number.MAX_SAFE_INTEGER,
  );
  if (mode === 'none') return undefined;
  const fallback = mode === 'x-accel' ? DEFAULT_LOCATION : `${filesRoot.replace(/\/$/, '')}/`;
  return { mode, prefix: prefix ?? fallback, logPort, fromBytes };
}

function isPrefix(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- refusing control characters is the point
  if (/[\u0000-\u001f\u007f\\]/.test(text) || !text.startsWith('/') || !text.endsWith('/'))
    return false;
  const segments = text.split('/').slice(1, -1);
  return segments.every((segment) => !['', '.', '..'].includes(segment));
}
