// For administrators: the mails that wait, were sent, or failed and why. Never their texts.
import { renderSection } from './document.js';
import { Time } from './format-time.js';
import { Icon, type IconName } from './icon.js';
import type { SignedInProps } from './props.js';
import { Cell, EmptyState, NextPage, Row, RowHead, Table } from './table.js';

export interface MailRow {
  id: string;
  recipient: string;
  subject: string;
  state: 'queued' | 'sent' | 'failed';
  attempts: number;
  lastError?: string | undefined;
  createdAt: Date;
  sentAt?: Date | undefined;
  nextAttemptAt: Date;
}

export interface OutboxProps extends SignedInProps {
  mails: readonly MailRow[];
  /** False without a mail server: mails are files then. */
  mailReachesPeople: boolean;
  nextPage?: string | undefined;
}

const STATES: Record<MailRow['state'], { icon: IconName; tone: string }> = {
  queued: { icon: 'hourglass', tone: 'waiting' },
  sent: { icon: 'check', tone: 'finished' },
  failed: { icon: 'alert', tone: 'revoked' },
};

export function renderOutbox({ mails, mailReachesPeople, nextPage, ...page }: OutboxProps): string {
  return renderSection({
    ...page,
    section: '/accounts',
    heading: 'Outbox',
    children: (
      <>
        {!mailReachesPeople && (
          <p class="hint">
            No mail server is set up (SMTP_URL): mails are written to the folder “outbox” in the
            data directory, and reach nobody by themselves.
          </p>
        )}
        {mails.length === 0 ? (
          <EmptyState heading="No mails yet">
            <p>Invitations, links and notices appear here with what became of them.</p>
          </EmptyState>
        ) : (
          <Table caption="Mails" columns={['To', 'Subject', 'Queued', 'State', '']}>
            {mails.map((mail) => (
              <MailTableRow key={mail.id} mail={mail} sent={mailReachesPeople} />
            ))}
          </Table>
        )}
        <NextPage href={nextPage} />
      </>
    ),
  });
}

function MailTableRow({ mail, sent }: { mail: MailRow; sent: boolean }) {
  const { icon, tone } = STATES[mail.state];
  return (
    <Row id={mail.id} state={mail.state}>
      <RowHead>
        <bdi class="email">{mail.recipient}</bdi>
      </RowHead>
      <Cell label="Subject">
        <bdi>{mail.subject}</bdi>
      </Cell>
      <Cell label="Queued" kind="time">
        <Time at={mail.createdAt} />
      </Cell>
      <Cell label="State">
        <div class="state-cell">
          <p class={`state ${tone}`}>
            <Icon name={icon} />
            <span>
              {mail.state === 'sent' && (sent ? 'sent' : 'written to a file')}
              {mail.state === 'failed' && 'failed'}
              {mail.state === 'queued' &&
                (mail.lastError === undefined ? 'waiting' : 'trying again')}
            </span>
          </p>
          {mail.lastError !== undefined && (
            <p class="hint">
              {mail.attempts === 1 ? 'Tried once' : `Tried ${mail.attempts} times`}:{' '}
              <bdi>{mail.lastError}</bdi>
            </p>
          )}
        </div>
      </Cell>
      <Cell kind="actions">
        {mail.lastError !== undefined && mail.state !== 'sent' && (
          <form method="post" action={`/outbox/${encodeURIComponent(mail.id)}/retry`}>
            <button class="button">
              Try now<span class="visually-hidden"> to send to {mail.recipient}</span>
            </button>
          </form>
        )}
      </Cell>
    </Row>
  );
}
