// What the pages about links are given. Plain data, as everywhere.

export type LinkState =
  | 'waiting'
  | 'seen'
  | 'under-way'
  | 'interrupted'
  | 'partly'
  | 'finished'
  | 'broken-off'
  | 'expired'
  | 'revoked'
  | 'file-gone';

export interface LinkRow {
  id: string;
  fileId: string;
  fileName: string;
  sizeBytes: number;
  recipient: string | null;
  message: string | null;
  copies: number;
  copiesUsed: number;
  copiesFinished: number;
  bytesSent: number;
  needsCode: boolean;
  notify: boolean;
  state: LinkState;
  createdAt: Date;
  expiresAt: Date;
  lastFinishedAt?: Date | undefined;
  mail?: { state: 'queued' | 'sent' | 'failed'; error: string | null } | undefined;
}

/**
 * `mail…` is the mail that brings the link, `notice…` the one that tells its sender. `…-filed`: there is
 * no mail server, so it was written into a file for the operator.
 */
export type TimelineKind =
  | 'created'
  | `${'mail' | 'notice'}-${'waiting' | 'sent' | 'filed' | 'failed'}`
  | 'page-seen'
  | 'held-back'
  | 'code-wrong'
  | 'started'
  | 'resumed'
  | 'finished'
  | 'broken-off'
  | 'refused'
  | 'key-retired'
  | 'extended'
  | 'sent-again'
  | 'expired'
  | 'revoked';

export interface TimelineRow {
  at: Date;
  kind: TimelineKind;
  detail?: string | undefined;
  reason?: string | undefined;
  bytes?: number | undefined;
}
