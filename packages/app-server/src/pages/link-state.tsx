// What became of a link, in words with an icon, and each entry of its story. A state or a kind that is
// forgotten here does not compile.
import { formatProgress, formatSize } from '#browser/format-size.js';
import { Time } from './format-time.js';
import { Icon, type IconName } from './icon.js';
import type { LinkRow, LinkState, TimelineKind, TimelineRow } from './link-props.js';

interface StateFace {
  icon: IconName;
  /** A class of the style sheet: the same colours as for claims. */
  look: 'waiting' | 'started' | 'finished' | 'broken-off' | 'expired';
  words: (link: LinkRow) => string;
}

const progressOf = ({ bytesSent, sizeBytes, copies }: LinkRow) =>
  bytesSent > 0 && copies === 1 ? `, ${formatProgress(bytesSent, sizeBytes)}` : '';

const FACES = {
  waiting: { icon: 'clock', look: 'waiting', words: () => 'not opened yet' },
  seen: { icon: 'clock', look: 'waiting', words: () => 'page opened, not downloaded' },
  'under-way': {
    icon: 'download',
    look: 'started',
    words: (link) => `download running${progressOf(link)}`,
  },
  interrupted: {
    icon: 'unplug',
    look: 'started',
    words: (link) => `interrupted${progressOf(link)}; can be continued`,
  },
  partly: {
    icon: 'check',
    look: 'started',
    words: ({ copiesUsed, copies }) => `${copiesUsed} of ${copies} copies used`,
  },
  finished: {
    icon: 'check',
    look: 'finished',
    words: ({ copies }) => (copies === 1 ? 'downloaded' : `all ${copies} copies downloaded`),
  },
  'broken-off': {
    icon: 'unplug',
    look: 'broken-off',
    words: (link) => `used, and not finished${progressOf(link)}`,
  },
  expired: { icon: 'hourglass', look: 'expired', words: () => 'expired' },
  revoked: { icon: 'undo', look: 'expired', words: () => 'withdrawn' },
  'file-gone': { icon: 'trash', look: 'expired', words: () => 'the file was deleted' },
} as const satisfies Record<LinkState, StateFace>;

/** The state in words. */
export function describeLink(link: LinkRow): string {
  return FACES[link.state].words(link);
}

export function LinkStateCell({ link }: { link: LinkRow }) {
  const face: StateFace = FACES[link.state];
  return (
    <div class="state-cell">
      <p class={`state ${face.look}`}>
        <Icon name={face.icon} />
        <span class="state-words">{face.words(link)}</span>
      </p>
      <p class="hint">
        {link.state === 'finished' && link.lastFinishedAt ? (
          <Time at={link.lastFinishedAt} />
        ) : (
          <>
            until <Time at={link.expiresAt} />
          </>
        )}
      </p>
      {link.mail && link.mail.state !== 'sent' && link.state === 'waiting' && (
        <p class="refused">
          <Icon name={link.mail.state === 'failed' ? 'alert' : 'hourglass'} />
          <span>
            {link.mail.state === 'failed' ? 'the mail could not be sent' : 'waiting to be mailed'}
          </span>
        </p>
      )}
    </div>
  );
}

const HELD_BACK: Readonly<Record<string, string>> = {
  prefetch: 'a program loaded the download in advance',
  'no-button': 'a program sent the form without pressing its button',
  'no-user': 'the form was sent without a person’s press',
  'no-view': 'the form did not come from the page',
  'too-early': 'the form was sent within a second',
  'too-late': 'the page had been open for more than a day',
};

const size = ({ bytes }: TimelineRow) => (bytes === undefined ? '' : `, ${formatSize(bytes)}`);
const to = ({ detail }: TimelineRow) => (detail === undefined ? '' : ` to ${detail}`);

const soFar = ({ reason }: TimelineRow) =>
  reason === undefined ? '' : `; it is tried again: ${reason}`;
const FILED = 'written to a file on the server: no mail server is set up';

const STORIES: Record<TimelineKind, (row: TimelineRow) => string> = {
  created: () => 'Made',
  'mail-waiting': (row) => `Waiting to be mailed${to(row)}${soFar(row)}`,
  'mail-sent': (row) => `Mailed${to(row)}`,
  'mail-filed': (row) => `Mail${to(row)} ${FILED}`,
  'mail-failed': (row) => `Not mailed${to(row)}: ${row.reason ?? 'no reason given'}`,
  'notice-waiting': (row) => `Notice to you is waiting to be mailed${soFar(row)}`,
  'notice-sent': () => 'Notice mailed to you',
  'notice-filed': () => `Notice to you ${FILED}`,
  'notice-failed': (row) => `Notice to you not mailed: ${row.reason ?? 'no reason given'}`,
  'page-seen': ({ detail }) =>
    `Page opened${detail === undefined ? '' : ` by ${detail}`}; mail scanners do that too`,
  'held-back': ({ detail = '' }) =>
    `Nothing handed out: ${HELD_BACK[detail] ?? 'that was not a press'}`,
  'code-wrong': () => 'A wrong code was typed',
  started: () => 'Download started',
  resumed: () => 'Download continued',
  finished: (row) => `Download finished${size(row)}`,
  'broken-off': (row) =>
    `Download broke off${size(row)}; it can be continued for a quarter of an hour`,
  refused: () => 'Someone tried again; nothing was handed out',
  'key-retired': () =>
    'Claim revoked: its signing key was retired in an emergency; who presses again gets another while the link works',
  extended: ({ detail }) => `Changed${detail === undefined ? '' : `: ${detail}`}`,
  'sent-again': (row) => `New address made${to(row)}; the old one no longer works`,
  expired: () => 'Expired',
  revoked: () => 'Withdrawn',
};

/** One entry of the story, in a sentence. */
export function describeEntry(row: TimelineRow): string {
  return STORIES[row.kind](row);
}
