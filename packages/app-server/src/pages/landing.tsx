// What a recipient sees behind a link: what the file is, from whom, how long, and one button. Looking
// changes nothing; no script, no cookie and no account is needed.
import { pressCommand } from '#browser/command-line.js';
import { formatProgress, formatSize } from '#browser/format-size.js';
import { renderDocument } from './document.js';
import { FileName } from './file-name.js';
import { formatTime, Time } from './format-time.js';
import { Icon } from './icon.js';
import { NoticeBox } from './notice.js';
import type { Assets } from './props.js';

/** `pressed`: the button was pressed and no byte has left. */
export type LandingState = 'open' | 'pressed' | 'running' | 'interrupted';

export interface LandingProps {
  assets: Assets;
  /** Path of this very page: it posts to itself. */
  action: string;
  /** Its whole address, for the command line. */
  url: string;
  /** What only the pressed button sends. */
  button: { name: string; value: string };
  /** What tells the server when this page was made. */
  view: string;
  fileName: string;
  sizeBytes: number;
  sender: string | null;
  message: string | null;
  expiresAt: Date;
  state: LandingState;
  copies: number;
  /** Copies that nobody has begun. */
  copiesLeft: number;
  /** Of the copy under way. */
  sentBytes: number;
  /** When the last copy was downloaded completely; there are more. */
  lastFinishedAt?: Date | undefined;
  needsCode: boolean;
  /** Why the press before was not taken. */
  refusal?: string | undefined;
}

export function renderLanding(props: LandingProps): string {
  const { assets, sender, message, refusal, fileName } = props;
  return renderDocument({
    assets,
    narrow: true,
    title: refusal === undefined ? 'A file for you' : 'Error: A file for you',
    children: (
      <section class="card stack" aria-labelledby="heading">
        <h1 id="heading">A file for you</h1>
        {refusal !== undefined && <NoticeBox kind="error">{refusal}</NoticeBox>}
        <p>
          {sender === null ? 'Somebody' : <bdi class="email">{sender}</bdi>} sent you{' '}
          <strong>
            <FileName name={fileName} />
          </strong>{' '}
          ({formatSize(props.sizeBytes)}).
        </p>
        {message !== null && <blockquote class="message">{message}</blockquote>}
        <Progress {...props} />
        <PressForm {...props} />
        <p class="aside">{termsOf(props)}</p>
        <ByCommandLine {...props} />
        <p class="aside">You did not expect a file? Then ask the sender before you open it.</p>
      </section>
    ),
  });
}

function Progress(props: LandingProps) {
  const { state, sentBytes, sizeBytes, lastFinishedAt, copiesLeft } = props;
  if (state === 'open') {
    if (!lastFinishedAt) return null;
    return (
      <p>
        Downloaded completely: <Time at={lastFinishedAt} />. {copiesLeft}{' '}
        {copiesLeft === 1 ? 'more download is' : 'more downloads are'} allowed.
      </p>
    );
  }
  return (
    <div class="state-cell">
      <p class="state started">
        <Icon name={state === 'interrupted' ? 'unplug' : 'download'} />
        <span class="state-words">{stateWords(state, formatProgress(sentBytes, sizeBytes))}</span>
      </p>
      <p>
        {state === 'pressed'
          ? 'If no download has appeared, press again: it is still the same one.'
          : 'If it is yours and stopped, continue it in your browser’s list of downloads, or press the button: it is still the same download, and does not count again.'}
      </p>
    </div>
  );
}

function stateWords(state: Exclude<LandingState, 'open'>, progress: string): string {
  const words = {
    pressed: 'The button was pressed; nothing has been downloaded yet.',
    running: `A download is running: ${progress}.`,
    interrupted: `The download was interrupted after ${progress}.`,
  };
  return words[state];
}

function PressForm({ action, button, view, needsCode, state }: LandingProps) {
  return (
    <form method="post" action={action} class="stack" data-press="">
      <input type="hidden" name="view" value={view} />
      {needsCode && (
        <div class="field">
          <label for="code">Code</label>
          <p class="hint" id="code-hint">
            Six digits, which the sender gives you by another way.
          </p>
          <input
            id="code"
            name="code"
            type="text"
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={20}
            required
            aria-describedby="code-hint"
          />
        </div>
      )}
      <button class="button primary wide" name={button.name} value={button.value}>
        <Icon name="download" />
        {state === 'running' || state === 'interrupted' ? 'Continue the download' : 'Download'}
      </button>
      <p class="row-note" role="status"></p>
    </form>
  );
}

/** The same form for a terminal: pasting it takes longer than programs that follow forms do. */
function ByCommandLine({ url, button, view, needsCode }: LandingProps) {
  const fields = { view, [button.name]: button.value, ...(needsCode ? { code: '000000' } : {}) };
  return (
    <details class="by-command">
      <summary>By command line</summary>
      <div class="stack">
        <p class="hint" id="command-hint">
          For a machine without a browser. It works within a day from now and counts like the
          button.
          {needsCode && ' Put the code in place of 000000.'}
        </p>
        <div class="command">
          <label for="command">Command</label>
          <textarea
            class="code"
            id="command"
            aria-describedby="command-hint"
            rows={5}
            readOnly
            spellcheck={false}
            autocomplete="off"
          >
            {pressCommand(url, fields)}
          </textarea>
          <button class="button scripted-only" type="button" data-copy-from="command">
            <Icon name="copy" />
            Copy<span class="visually-hidden"> the command</span>
          </button>
        </div>
      </div>
    </details>
  );
}

function termsOf({ copies, expiresAt }: LandingProps): string {
  const often = copies === 1 ? 'one download' : `${copies} downloads`;
  return `The link works until ${formatTime(expiresAt)}, for ${often}. Looking at this page has not used it up; only the button does.`;
}
