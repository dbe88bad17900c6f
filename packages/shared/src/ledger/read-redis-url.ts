// REDIS_URL as both servers' configuration reads it: its form is checked at the start, and refused by
// name without quoting a password.
import type { EnvironmentReader } from '../env.js';
import { parseRedisUrl } from './redis-target.js';

/** The URL as it stands, once `parseRedisUrl` can read it; undefined when it is not set. */
export function readRedisUrl(reader: EnvironmentReader): string | undefined {
  const url = reader.text('REDIS_URL');
  if (url === undefined) return undefined;
  try {
    parseRedisUrl(url);
    return url;
  } catch (error) {
    reader.faults.push(
      `REDIS_URL is refused: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}
