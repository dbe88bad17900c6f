// Sending a file: the form, and the page that shows each new address once. Nobody can show it again,
// because only its hash is kept.
import { formatSize } from '#browser/format-size.js';
import { DaysField } from './days-field.js';
import { renderSection } from './document.js';
import { FileName } from './file-name.js';
import { Time } from './format-time.js';
import { Icon } from './icon.js';
import { NoticeBox } from './notice.js';
import type { SignedInProps } from './props.js';
import { EmptyState } from './table.js';

export interface NewLinksProps extends SignedInProps {
  files: readonly { id: string; name: string; sizeBytes: number }[];
  chosen: readonly string[];
  maxMessage: number;
  /** Whether the account wants mails when its links are fetched. */
  noticesWanted: boolean;
  /** Why the links were not made. */
  error?: string | undefined;
  /** What had been typed. */
  form?: { to?: string | undefined; message?: string | undefined } | undefined;
}

export function renderNewLinks(props: NewLinksProps): string {
  const { files, chosen, maxMessage, noticesWanted, error, form, ...page } = props;
  return renderSection({
    ...page,
    section: '/links',
    heading: 'Send a file',
    children:
      files.length === 0 ? (
        <EmptyState heading="No files yet">
          <p>
            <a class="button primary" href="/files">
              Upload one first
            </a>
          </p>
        </EmptyState>
      ) : (
        <form method="post" action="/links" class="card stack">
          {error !== undefined && <NoticeBox kind="error">{error}</NoticeBox>}
          <fieldset class="field choices">
            <legend>Files</legend>
            {files.map(({ id, name, sizeBytes }) => (
              <p key={id} class="choice">
                <input
                  type="checkbox"
                  id={`file-${id}`}
                  name="fileId"
                  value={id}
                  checked={chosen.includes(id)}
                />
                <label for={`file-${id}`}>
                  <FileName name={name} /> <span class="hint">{formatSize(sizeBytes)}</span>
                </label>
              </p>
            ))}
          </fieldset>
          <div class="field">
            <label for="to">To</label>
            <p class="hint" id="to-hint">
              E-mail addresses, one a line; each gets a link of its own. Leave it empty to pass the
              link on yourself.
            </p>
            <textarea id="to" name="to" rows={2} aria-describedby="to-hint" autocomplete="off">
              {form?.to ?? ''}
            </textarea>
          </div>
          <div class="field">
            <label for="message">Message</label>
            <textarea id="message" name="message" rows={4} maxLength={maxMessage}>
              {form?.message ?? ''}
            </textarea>
          </div>
          <DaysField label="Works for" />
          <div class="field">
            <label for="copies">Downloads</label>
            <p class="hint" id="copies-hint">
              How often the file may be downloaded by each link. One that broke off can be continued
              without counting again.
            </p>
            <input
              id="copies"
              name="copies"
              type="number"
              min={1}
              max={1000}
              value={1}
              required
              aria-describedby="copies-hint"
            />
          </div>
          <p class="choice">
            <input type="checkbox" id="code" name="code" value="yes" />
            <label for="code">Ask for a six-digit code that I pass on by another way</label>
          </p>
          <p class="choice">
            <input type="checkbox" id="notify" name="notify" value="yes" checked />
            <label for="notify">Tell me by mail when it has been downloaded</label>
          </p>
          {!noticesWanted && (
            <p class="hint">
              Your account has these mails turned off; <a href="/account">Account</a> turns them on.
            </p>
          )}
          <p>
            <button class="button primary">Make the link</button>
          </p>
        </form>
      ),
  });
}

export interface MadeLinkRow {
  id: string;
  url: string;
  fileName: string;
  recipient: string | null;
  code?: string | undefined;
  expiresAt: Date;
}

export interface MadeLinksProps extends SignedInProps {
  links: readonly MadeLinkRow[];
}

export function renderMadeLinks({ links, ...page }: MadeLinksProps): string {
  return renderSection({
    ...page,
    section: '/links',
    heading: links.length === 1 ? 'Your link' : 'Your links',
    children: (
      <>
        <NoticeBox kind="done">
          Copy what you need now: neither an address nor a code can be shown again. If you lose one,
          make a new address on the link’s page; it takes the place of the old.
        </NoticeBox>
        {links.map((link) => (
          <MadeLink key={link.id} link={link} />
        ))}
        <p>
          <a href="/links">Follow your links</a>
        </p>
      </>
    ),
  });
}

function MadeLink({ link }: { link: MadeLinkRow }) {
  const { id, recipient, code } = link;
  return (
    <section class="card stack" aria-labelledby={`made-${id}`}>
      <h2 id={`made-${id}`}>
        <FileName name={link.fileName} />
        {recipient !== null && (
          <>
            {' '}
            to <bdi class="email">{recipient}</bdi>
          </>
        )}
      </h2>
      <p>
        Works until <Time at={link.expiresAt} />
        {recipient === null ? '.' : ', and is on its way by mail.'}{' '}
        <a href={`/links/${encodeURIComponent(id)}`}>Follow this link</a>
      </p>
      <div class="field">
        <label for={`url-${id}`}>Address</label>
        <div class="command">
          <textarea
            id={`url-${id}`}
            class="code"
            rows={2}
            readOnly
            spellcheck={false}
            autocomplete="off"
          >
            {link.url}
          </textarea>
          <button class="button scripted-only" type="button" data-copy-from={`url-${id}`}>
            <Icon name="copy" />
            Copy<span class="visually-hidden"> the address</span>
          </button>
        </div>
      </div>
      {code !== undefined && (
        <div class="field">
          <p>
            Code: <strong class="link-code">{code}</strong>
          </p>
          <p class="hint">
            Pass it on by another way than the link: by telephone, or face to face.
          </p>
        </div>
      )}
    </section>
  );
}
