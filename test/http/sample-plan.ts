// A request for a plan to start from: a resumable claim on ten bytes; tests change what they are about.
import type { IncomingHttpHeaders } from 'node:http';
import { planResponse, type Plan } from '@claimcheck/download-server/plan-response';
import { MODIFIED } from './rfc-9110-cases.js';

/** The first 16 characters of the hash, in quotes. */
export const ETAG = '"Zm9vYmFyYmF6cXV4"';
/** Its base64url has both characters that base64 writes otherwise. */
const SHA256 = 'Zm9vYmFyYmF6cXV4-_-_MDEyMzQ1Njc4OWFiY2RlZmc';
export const REPR_DIGEST = 'sha-256=:Zm9vYmFyYmF6cXV4+/+/MDEyMzQ1Njc4OWFiY2RlZmc=:';
export const NOW_MS = Date.parse('2026-11-22T12:00:30Z');
export const MINTED_MS = Date.parse('2026-11-22T12:00:00Z');

export interface PlanChanges {
  method?: string;
  headers?: IncomingHttpHeaders;
  size?: number;
  mod?: 'strict' | 'resumable';
  modifiedAtMs?: number;
  /** What the claim says of the file's content: its hash by default. */
  content?: { sha256: string } | { etag: string };
}

export function plan(changes: PlanChanges = {}): Plan {
  const { method = 'GET', headers = {}, size = 10, mod = 'resumable' } = changes;
  const { modifiedAtMs = Date.parse(MODIFIED), content = { sha256: SHA256 } } = changes;
  return planResponse({
    method,
    headers,
    claim: {
      mod,
      iat: new Date(MINTED_MS).toISOString().replace('.000Z', 'Z'),
      fil: {
        key: 'k7Qe9dU2mWsR4tYx',
        name: 'report.pdf',
        type: 'application/pdf',
        size,
        ...content,
        mtime: modifiedAtMs,
      },
    },
    file: { size, modifiedAtMs },
    nowMs: NOW_MS,
  });
}

/** The bytes that a plan would send, as [first, end). */
export function extentOf(planned: Plan): [number, number] | undefined {
  if ('refusal' in planned || planned.body === undefined) return undefined;
  const { firstByte, length } = planned.body;
  return [firstByte, firstByte + length];
}

/** A plan's status and Content-Range, as the rows of the table write them. */
export function summaryOf(planned: Plan): string {
  const statuses = {
    'not-in-advance': 503,
    'precondition-failed': 412,
    'range-not-satisfiable': 416,
  };
  const status = 'refusal' in planned ? statuses[planned.refusal] : planned.status;
  return summary(status, planned.headers['Content-Range']);
}

export function summary(status: number, contentRange: string | undefined): string {
  return [status, contentRange?.replace(/^bytes /, '')]
    .filter((part) => part !== undefined)
    .join(' ');
}
