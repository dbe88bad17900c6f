// What the cases of hostile recipients share: the real system over Redis and PostgreSQL with two download
// servers, a sender with a file larger than its allowance, and a count of every byte that leaves.
import { randomBytes } from 'node:crypto';
import type { Client } from '../app/client.js';
import { readSome, type Taken } from '../download/read-some.js';
import {
  createRecipient,
  makeLink,
  readLink,
  type MadeLink,
  type Recipient,
  type ToldLink,
} from '../links/press-link.js';
import { waitFor } from '../support/wait-for.js';
import { startSystem, type System } from '../system/start-system.js';

/** Of a file so large a second copy does not fit into the allowance of the first. */
export const FILE_BYTES = 8 * 1024 * 1024;
const SMALL_BYTES = 1000;

export interface Offer {
  link: MadeLink;
  content: Buffer;
  fileId: string;
  told: () => Promise<ToldLink>;
  /** Waits until the sender is told of this state. */
  until: (state: string) => Promise<ToldLink>;
}

export interface Hostile {
  system: System;
  sender: Client;
  /** A new file with a link to it. */
  offer: (wish?: Record<string, unknown>, as?: Client, bytes?: number) => Promise<Offer>;
  recipient: () => Recipient;
  /** Fetches a claim's URL, all of it or so many bytes, and counts what came. */
  fetchClaim: (url: string, headers?: Record<string, string>, atMost?: number) => Promise<Taken>;
  /** How often a file's whole content has come out, in full lengths. */
  copiesOut: (content: Buffer) => number;
  stop: () => Promise<void>;
}

export async function startHostile(): Promise<Hostile> {
  const system = await startSystem(2);
  const sender = await system.signIn();
  const taken: Taken[] = [];
  return {
    system,
    sender,
    offer: async (wish = {}, as = sender, bytes = FILE_BYTES) => {
      const content = randomBytes(bytes);
      const path = `/api/files?name=${encodeURIComponent('annual report.pdf')}`;
      const response = await as.request('PUT', path, { body: new Uint8Array(content) });
      if (response.status !== 201) throw new Error(`uploading gave ${response.status}`);
      const { id: fileId } = (await response.json()) as { id: string };
      const link = await makeLink(as, fileId, wish);
      const told = () => readLink(as, link.id);
      return {
        link,
        content,
        fileId,
        told,
        until: (state) =>
          waitFor(`the sender reads ${state}`, async () => {
            const now = await told();
            return now.state === state && now;
          }),
      };
    },
    recipient: () => createRecipient(system.appUrl, system.appUrl),
    fetchClaim: async (url, headers = {}, atMost = Number.POSITIVE_INFINITY) => {
      const one = await readSome(url, headers, atMost);
      taken.push(one);
      return one;
    },
    copiesOut: (content) => {
      const mark = content.subarray(0, SMALL_BYTES);
      const end = content.subarray(-SMALL_BYTES);
      const bodies = taken.map(({ body }) => body);
      const begins = bodies.filter((body) => body.includes(mark)).length;
      return Math.min(begins, bodies.filter((body) => body.includes(end)).length);
    },
    stop: () => system.stop(),
  };
}
