// One link: what it is, its story, and what its sender can still do. `#link` is what the script fetches
// again when it is told of a change; the forms stand outside of it, so that nothing typed is lost.
import type { ComponentChildren } from 'preact';
import { formatSize } from '#browser/format-size.js';
import { Confirm } from './confirm.js';
import { DaysField } from './days-field.js';
import { renderSection } from './document.js';
import { FileName } from './file-name.js';
import { Time } from './format-time.js';
import type { LinkRow, TimelineRow } from './link-props.js';
import { describeEntry, LinkStateCell } from './link-state.js';
import { NoticeBox } from './notice.js';
import type { SignedInProps } from './props.js';
import { Cell, Row, RowHead, Table } from './table.js';

export interface LinkProps extends SignedInProps {
  link: LinkRow;
  timeline: readonly TimelineRow[];
  /** Whether the account wants mails when its links are fetched. */
  noticesWanted: boolean;
  /** Why a change was refused. */
  error?: string | undefined;
}

export function renderLink({ link, timeline, noticesWanted, error, ...page }: LinkProps): string {
  return renderSection({
    ...page,
    section: '/links',
    heading: 'Link',
    children: (
      <>
        {error !== undefined && <NoticeBox kind="error">{error}</NoticeBox>}
        <p id="link-note" class="stale" role="status"></p>
        <div id="link" data-link={link.id} data-state={link.state} class="stack">
          <Facts link={link} notice={noticeWords({ link, timeline, noticesWanted })} />
          <section aria-labelledby="story" class="stack">
            <h2 id="story">What happened</h2>
            <Table caption="What happened, oldest first" columns={['When', 'What']}>
              {timeline.map((row, i) => (
                <Row key={i} id={`${i}`} state={row.kind}>
                  <RowHead>
                    <Time at={row.at} />
                  </RowHead>
                  <Cell kind="wide">{describeEntry(row)}</Cell>
                </Row>
              ))}
            </Table>
          </section>
        </div>
        <p>
          <a href={`/links/${encodeURIComponent(link.id)}/timeline.csv`} download="">
            Export as CSV
          </a>
        </p>
        {link.state !== 'revoked' && <Actions link={link} noticeIsOut={hasNotice(timeline)} />}
      </>
    ),
  });
}

function Facts({ link, notice }: { link: LinkRow; notice: string }) {
  return (
    <section class="card stack" aria-label="This link">
      <LinkStateCell link={link} />
      <dl>
        <dt>File</dt>
        <dd>
          <FileName name={link.fileName} /> ({formatSize(link.sizeBytes)})
        </dd>
        <dt>To</dt>
        <dd>{link.recipient === null ? 'whoever has it' : <bdi>{link.recipient}</bdi>}</dd>
        <dt>Downloads</dt>
        <dd>
          {link.copiesUsed} of {link.copies} used, {link.copiesFinished} finished
        </dd>
        <dt>Code</dt>
        <dd>{link.needsCode ? 'six digits are asked for' : 'none'}</dd>
        <dt>Notice</dt>
        <dd>{notice}</dd>
        {link.message !== null && (
          <>
            <dt>Message</dt>
            <dd class="message">{link.message}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

/** There is one a link: once it is queued, wanting it or not changes nothing. */
const hasNotice = (timeline: LinkProps['timeline']) =>
  timeline.some(({ kind }) => kind.startsWith('notice-'));

function noticeWords(facts: Pick<LinkProps, 'link' | 'timeline' | 'noticesWanted'>): string {
  if (hasNotice(facts.timeline)) return 'see what happened';
  if (!facts.link.notify) return 'no mail';
  return facts.noticesWanted
    ? 'by mail, once it is downloaded'
    : 'no mail: your account has them turned off';
}

function Actions({ link, noticeIsOut }: { link: LinkRow; noticeIsOut: boolean }) {
  const path = `/links/${encodeURIComponent(link.id)}`;
  return (
    <section class="card stack" aria-labelledby="actions">
      <h2 id="actions">Change it</h2>
      <Action action={`${path}/extend`} button="Extend">
        <DaysField label="Works from now for" />
      </Action>
      {!noticeIsOut && (
        <Action
          action={`${path}/notify`}
          button={link.notify ? 'Send me no mail about it' : 'Mail me when it is downloaded'}
        >
          <input type="hidden" name="notify" value={link.notify ? 'no' : 'yes'} />
        </Action>
      )}
      <Action action={`${path}/allow`} button="Allow one more download">
        <p class="hint">
          For a download that broke off for good, or another person with the same link.
        </p>
      </Action>
      <Action action={`${path}/send`} button="Make a new address">
        <p class="hint">
          The address of a link is shown once and kept by nobody. Lost it, or sent it to the wrong
          person? A new one takes its place, and the old one stops working. With an e-mail address
          it is mailed there.
        </p>
        <div class="field">
          <label for="to">Send it to</label>
          <input
            id="to"
            name="to"
            type="email"
            autoComplete="off"
            maxLength={254}
            value={link.recipient ?? ''}
          />
        </div>
      </Action>
      <div class="button-row">
        <Confirm
          action={`${path}/revoke`}
          icon="undo"
          label="Withdraw"
          confirmLabel="Withdraw this link"
        >
          Withdraw this link for good? A download under way by it ends too.
        </Confirm>
        <Confirm
          action={`/links/revoke-all?fileId=${encodeURIComponent(link.fileId)}`}
          icon="undo"
          label="Withdraw all of this file"
          confirmLabel="Withdraw them all"
        >
          Withdraw every link to <FileName name={link.fileName} /> for good?
        </Confirm>
        {link.recipient !== null && (
          <Confirm
            action={`/links/revoke-all?to=${encodeURIComponent(link.recipient)}`}
            icon="undo"
            label="Withdraw all to this address"
            confirmLabel="Withdraw them all"
          >
            Withdraw every link to <bdi>{link.recipient}</bdi> for good?
          </Confirm>
        )}
      </div>
    </section>
  );
}

function Action({
  action,
  button,
  children,
}: {
  action: string;
  button: string;
  children: ComponentChildren;
}) {
  return (
    <form method="post" action={action} class="stack">
      {children}
      <p>
        <button class="button">{button}</button>
      </p>
    </form>
  );
}
