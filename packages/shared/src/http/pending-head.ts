// The headers that every answer carries, kept until the head is written: in one piece by who writes to Node himself,
// since Node takes a list of names and values for half of what header by header costs it, or set one by one where
// somebody else (koa) writes the head. Either way it is noted when that was.
import type { ServerResponse } from 'node:http';

export interface PendingHead {
  /** Names and values in turn. Names are spelt as in the answers that may replace them. */
  readonly headers: string[];
  /** By `performance.now()`; 0 while it was not written. */
  writtenAtMs: number;
}

/** All headers of an answer, for `writeHead`, which is to follow at once. `headers` win over those that were pending. */
export function composeHead(
  head: PendingHead,
  headers: Readonly<Record<string, string>>,
): string[] {
  const all: string[] = [];
  for (const name in headers) all.push(name, headers[name] ?? '');
  const { headers: pending } = head;
  for (let i = 0; i + 1 < pending.length; i += 2) {
    const name = pending[i] ?? '';
    if (!(name in headers)) all.push(name, pending[i + 1] ?? '');
  }
  head.writtenAtMs = performance.now();
  return all;
}

/** Leaves it to the response: whoever writes its head writes these headers too. Does nothing once that was written. */
export function placeHead(response: ServerResponse, head: PendingHead): void {
  if (response.headersSent) return;
  const { headers } = head;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    response.setHeader(headers[i] ?? '', headers[i + 1] ?? '');
  }
  const writeHead: (...args: never[]) => ServerResponse = response.writeHead.bind(response);
  response.writeHead = (...args: never[]) => {
    head.writtenAtMs = performance.now();
    return writeHead(...args);
  };
}
