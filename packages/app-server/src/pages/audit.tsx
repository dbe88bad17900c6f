// The audit trail: for administrators all of it, with a filter that is a plain form; for everybody what is
// about their own account.
import { AUDIT_ACTIONS } from '../audit/describe-action.js';
import { ActionWords, DetailList } from './describe-audit.js';
import { renderSection } from './document.js';
import { Time } from './format-time.js';
import type { SignedInProps } from './props.js';
import { Cell, EmptyState, NextPage, Row, RowHead, Table } from './table.js';

type Details = Readonly<Record<string, string | number | boolean | null>>;
type Named = { id: string; email: string | null } | null;

export interface AuditRow {
  id: string;
  at: Date;
  action: string;
  actor: Named;
  account: Named;
  subject: string | null;
  address: string | null;
  details: Details;
}

export interface AuditProps extends SignedInProps {
  entries: readonly AuditRow[];
  /** What the filter's fields hold, by their names. */
  filter: Readonly<Record<string, string>>;
  /** Address of the export with the same filter. */
  exportUrl: string;
  nextPage?: string | undefined;
}

export function renderAudit({ entries, filter, exportUrl, nextPage, ...page }: AuditProps): string {
  return renderSection({
    ...page,
    section: '/accounts',
    heading: 'Audit trail',
    children: (
      <>
        <p class="hint">
          What was done here, by whom and from where. Entries are only ever added; nobody can change
          them here.
        </p>
        <Filter filter={filter} exportUrl={exportUrl} />
        {entries.length === 0 ? (
          <EmptyState heading="No entries">
            <p>Nothing that this filter lets through has happened.</p>
          </EmptyState>
        ) : (
          <AuditTable entries={entries} />
        )}
        <NextPage href={nextPage} />
      </>
    ),
  });
}

/** Entries with everything an administrator may see. */
export function AuditTable({ entries }: { entries: readonly AuditRow[] }) {
  return (
    <Table caption="Entries, newest first" columns={['What', 'By', 'Account', 'From', 'When']}>
      {entries.map(({ id, at, action, actor, account, subject, address, details }) => (
        <Row key={id} id={id}>
          <RowHead>
            <ActionWords action={action} />
            <DetailList subject={subject} details={details} />
          </RowHead>
          <Cell label="By">
            {actor === null ? address === null ? 'the server' : 'a visitor' : <Who who={actor} />}
          </Cell>
          <Cell label="Account">{account !== null && <Who who={account} />}</Cell>
          <Cell label="From">
            <bdi>{address}</bdi>
          </Cell>
          <Cell kind="time">
            <Time at={at} />
          </Cell>
        </Row>
      ))}
    </Table>
  );
}

function Who({ who }: { who: NonNullable<Named> }) {
  return (
    <a href={`/accounts/${encodeURIComponent(who.id)}`}>
      <bdi class="email">{who.email ?? who.id}</bdi>
    </a>
  );
}

const TEXTS = [
  { name: 'actor', label: 'By', hint: 'e-mail address or id; “none” for visitors and the server' },
  { name: 'account', label: 'Account', hint: 'e-mail address or id' },
  { name: 'subject', label: 'Subject', hint: 'such as link:… or claim:…' },
  { name: 'address', label: 'From address', hint: 'exactly as it stands in the list' },
] as const;

const DAYS = [
  { name: 'from', label: 'From day' },
  { name: 'to', label: 'To day' },
] as const;

function Filter({ filter, exportUrl }: Pick<AuditProps, 'filter' | 'exportUrl'>) {
  return (
    <form method="get" action="/audit" class="audit-filter" aria-label="Filter">
      <div class="field">
        <label for="action">What</label>
        <select id="action" name="action">
          <option value="">anything</option>
          {Object.entries(AUDIT_ACTIONS).map(([name, { words }]) => (
            <option key={name} value={name} selected={filter['action'] === name}>
              {words}
            </option>
          ))}
        </select>
      </div>
      {TEXTS.map(({ name, label, hint }) => (
        <div class="field" key={name}>
          <label for={name}>{label}</label>
          <input
            type="text"
            id={name}
            name={name}
            value={filter[name]}
            maxLength={300}
            placeholder={hint}
            autoComplete="off"
            spellcheck={false}
          />
        </div>
      ))}
      {DAYS.map(({ name, label }) => (
        <div class="field" key={name}>
          <label for={name}>{label} (UTC)</label>
          <input type="date" id={name} name={name} value={filter[name]?.slice(0, 10)} />
        </div>
      ))}
      <p class="button-row">
        <button class="button primary">Filter</button>
        {Object.keys(filter).length > 0 && (
          <a class="button" href="/audit">
            Show all
          </a>
        )}
        <a class="button" href={exportUrl} download="">
          Export as CSV
        </a>
      </p>
    </form>
  );
}

export interface ActivityRow {
  id: string;
  at: Date;
  action: string;
  by: 'self' | 'administrator' | 'visitor' | 'server';
  subject: string | null;
  address: string | null;
  details: Details;
}

export interface ActivityProps extends SignedInProps {
  entries: readonly ActivityRow[];
  nextPage?: string | undefined;
}

const BY: Record<ActivityRow['by'], string> = {
  self: 'you',
  administrator: 'an administrator',
  visitor: 'somebody not signed in',
  server: 'the server',
};

export function renderActivity({ entries, nextPage, ...page }: ActivityProps): string {
  return renderSection({
    ...page,
    section: '/account',
    heading: 'Your account’s activity',
    children: (
      <>
        <p class="hint">
          What was done by you and with your account. If something here was not you,{' '}
          <a href="/devices">end that device</a> and <a href="/account">change your password</a>.
        </p>
        <Table caption="Activity, newest first" columns={['What', 'By', 'From', 'When']}>
          {entries.map(({ id, at, action, by, subject, address, details }) => (
            <Row key={id} id={id}>
              <RowHead>
                <ActionWords action={action} />
                <DetailList subject={subject} details={details} />
              </RowHead>
              <Cell label="By">{BY[by]}</Cell>
              <Cell label="From">
                <bdi>{address}</bdi>
              </Cell>
              <Cell kind="time">
                <Time at={at} />
              </Cell>
            </Row>
          ))}
        </Table>
        <NextPage href={nextPage} />
      </>
    ),
  });
}
