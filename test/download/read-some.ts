// A client that takes as many bytes as it is told to and then hangs up, or all of them.
import { request, type IncomingMessage } from 'node:http';

export interface Taken {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
  /** Body bytes that came, also those beyond what was asked for. */
  received: number;
  /** Whether the body ended as its length promised. */
  whole: boolean;
}

/**
 * GETs `url` on a connection of its own and hangs up once `atMost` body bytes have come; with 0, as soon as the
 * request has been sent. Resolves when the connection is gone, however it ended.
 */
export function readSome(
  url: string,
  headers: Record<string, string> = {},
  atMost = Number.POSITIVE_INFINITY,
): Promise<Taken> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let received = 0;
    let answer: IncomingMessage | undefined;
    const asked = request(url, { headers, agent: false });
    asked.on('response', (response) => {
      answer = response;
      response.on('data', (part: Buffer) => {
        parts.push(part);
        received += part.length;
        if (received >= atMost) asked.destroy();
      });
      response.on('error', () => {});
    });
    asked.on('error', () => {});
    asked.on('close', () => {
      resolve({
        status: answer?.statusCode ?? 0,
        headers: answer?.headers ?? {},
        body: Buffer.concat(parts).subarray(0, atMost),
        received,
        whole: answer?.complete ?? false,
      });
    });
    asked.end();
    if (atMost === 0) asked.on('finish', () => asked.destroy());
  });
}
