// What became of a claim: in words first, with an icon and a colour beside them. A state that is
// forgotten here does not compile.
import type { ComponentChildren } from 'preact';
import { formatPercent, formatProgress, formatSize } from '#browser/format-size.js';
import { Time } from './format-time.js';
import { Icon, type IconName } from './icon.js';
import type { ClaimRow, ClaimState } from './props.js';

interface StateFace {
  icon: IconName;
  /** The state in words. */
  words: (claim: ClaimRow) => string;
  /** When it came or ends, where that helps. */
  when: (claim: ClaimRow) => ComponentChildren;
}

const FACES = {
  waiting: {
    icon: 'clock',
    words: () => 'not used yet',
    when: ({ expiresAt }) => (
      <>
        until <Time at={expiresAt} form="clock" />
      </>
    ),
  },
  started: {
    icon: 'download',
    words: ({ bytesSent, sizeBytes }) =>
      bytesSent > 0
        ? `download running, ${formatProgress(bytesSent, sizeBytes)}`
        : 'download running',
    when: ({ startedAt }) => startedAt && since('since', startedAt),
  },
  interrupted: {
    icon: 'unplug',
    words: ({ bytesSent, sizeBytes }) =>
      `${formatPercent(bytesSent, sizeBytes)} sent, waiting for the client to resume`,
    when: ({ resumableUntil }) => resumableUntil && since('until', resumableUntil),
  },
  finished: {
    icon: 'check',
    words: ({ bytesSent }) => `downloaded, ${formatSize(bytesSent)}`,
    when: ({ endedAt }) => endedAt && since('at', endedAt),
  },
  'broken-off': {
    icon: 'unplug',
    words: ({ bytesSent, sizeBytes }) => `broke off after ${formatProgress(bytesSent, sizeBytes)}`,
    when: ({ endedAt }) => endedAt && since('at', endedAt),
  },
  expired: {
    icon: 'hourglass',
    words: () => 'expired unused',
    when: ({ expiresAt }) => since('at', expiresAt),
  },
  revoked: {
    icon: 'undo',
    words: ({ keyRetiredAt }) =>
      keyRetiredAt === undefined ? 'revoked' : 'revoked: its signing key was retired',
    when: ({ keyRetiredAt }) =>
      keyRetiredAt && <>{since('at', keyRetiredAt)}, in an emergency. Make a new one.</>,
  },
} as const satisfies Record<ClaimState, StateFace>;

/** The state in words, without times: `broke off after 3 of 12 MB`. */
export function describeClaim(claim: ClaimRow): string {
  return FACES[claim.state].words(claim);
}

export function ClaimStateCell({ claim }: { claim: ClaimRow }) {
  const face: StateFace = FACES[claim.state];
  const when = face.when(claim);
  return (
    <div class="state-cell">
      <p class={`state ${claim.state}`}>
        <Icon name={face.icon} />
        <span class="state-words">{face.words(claim)}</span>
      </p>
      {when && <p class="hint">{when}</p>}
      {claim.refusedCount > 0 && (
        <p class="refused">
          <Icon name="alert" />
          <span>
            someone tried again {claim.refusedCount}×
            {claim.lastRefusedAt && since(', last at', claim.lastRefusedAt)}
          </span>
        </p>
      )}
    </div>
  );
}

function since(word: string, at: Date) {
  return (
    <>
      {word} <Time at={at} form="clock" />
    </>
  );
}
