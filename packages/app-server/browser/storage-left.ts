// How much this account may still store. The server decides; asking first spares sending a large file for
// nothing, whose refusal a browser may not even hear while it is still sending.
import { formatSize } from './format-size.js';
import { FETCH_TIMEOUT_MS } from './page-elements.js';

interface OwnAccount {
  usage: { bytes: number };
  quota: { bytes: number | null };
}

/** Why a file of so many bytes will not be taken; undefined when it may be, or nobody knows. */
export async function outOfStorage(sizeBytes: number): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
    const response = await fetch('/api/account', { signal });
    if (!response.ok) return undefined;
    const { usage, quota } = (await response.json()) as OwnAccount;
    if (quota.bytes === null) return undefined;
    const left = Math.max(0, quota.bytes - usage.bytes);
    if (sizeBytes <= left) return undefined;
    return `Your storage is used up: ${formatSize(left)} is left, this has ${formatSize(sizeBytes)}. Delete files to make room.`;
  } catch {
    return undefined;
  }
}
