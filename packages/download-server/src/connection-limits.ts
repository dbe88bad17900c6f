// What a connection may cost before a download runs on it: heads that never end, headers without number,
// more connections than the process can hold. Beyond these Node answers 408 or 431, or closes.
import type { Server, ServerOptions } from 'node:http';

/** How long a request's head may take, counted from the connection's start for its first request. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How long a whole request may take; none has a body worth waiting for. */
const REQUEST_TIMEOUT_MS = 20_000;
/** How often those two are looked at; Node's default of 30 s would be the real limit. */
const CHECK_EVERY_MS = 2000;
/** Longer than the 60 s of common proxies, so that it is the proxy who closes an idle connection. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** All headers with the request line: a token in the line or in `Authorization` takes up to 8 KiB. */
const MAX_HEAD_BYTES = 16 * 1024;
/** A browser sends some twenty, a row of proxies as many again. */
const MAX_HEADERS = 100;

/** A reader that takes nothing is ended by the watch of readers, which says so; this is the net below it. */
const IDLE_BEYOND_STALL_MS = 10_000;

/** For `listen`. */
export const CONNECTION_LIMITS: ServerOptions = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: CHECK_EVERY_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  maxHeaderSize: MAX_HEAD_BYTES,
};

/** What a server is told when it is there already. */
export function limitConnections(
  server: Server,
  { maxConnections, stallSeconds }: { maxConnections: number; stallSeconds: number },
): void {
  server.maxConnections = maxConnections;
  server.maxHeadersCount = MAX_HEADERS;
  server.timeout = stallSeconds * 1000 + IDLE_BEYOND_STALL_MS;
}
