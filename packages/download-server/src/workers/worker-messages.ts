// What the primary and its workers say to each other, both ways, as one closed union each. Nothing of a
// request is in it.
import type { MetricsSnapshot } from '@claimcheck/shared/metrics';

export type ToWorker =
  /** The answer to `up`: the worker's number, from 1, which its successor will have too. */
  | { kind: 'start'; worker: number }
  | { kind: 'stop' }
  | { kind: 'cut' }
  | { kind: 'read-metrics'; request: number };

export type FromWorker =
  /** It hears now; what was sent before is lost. */
  | { kind: 'up' }
  | { kind: 'listening'; port: number }
  /** It could not start; the message is for the operator. */
  | { kind: 'failed'; message: string }
  | { kind: 'metrics'; request: number; metrics: MetricsSnapshot };
