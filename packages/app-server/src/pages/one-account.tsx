// For administrators: one account with its numbers, its role and quota, and what was last done by it and
// to it.
import { formatSize } from '#browser/format-size.js';
import { AccountAction, AccountState } from './accounts.js';
import { AuditTable, type AuditRow } from './audit.js';
import { renderSection } from './document.js';
import { Time } from './format-time.js';
import { NoticeBox } from './notice.js';
import type { AccountRow, SignedInProps } from './props.js';
import { RoleField, ROLES } from './roles.js';
import { filesInWords, linksInWords, StorageUsed, type Limits, type Used } from './usage.js';

export interface OneAccountProps extends SignedInProps {
  account: AccountRow & {
    usage: Used;
    quota: Limits;
    /** What was set for it alone. */
    ownQuota: Limits;
    openLinks: number;
    sessions: number;
    lastSeenAt: Date | null;
  };
  /** What counts where nothing was set. */
  defaults: Limits;
  /** The newest, of the trail. */
  entries: readonly AuditRow[];
  /** Links to new passwords are made here and passed on by hand: no mail brings them. */
  linksByHand: boolean;
  /** Why something was not changed. */
  error?: string | undefined;
}

export function renderOneAccount(props: OneAccountProps): string {
  const { account, defaults, entries, linksByHand, error, ...page } = props;
  return renderSection({
    ...page,
    section: '/accounts',
    heading: account.email ?? 'An account that is not set up yet',
    children: (
      <>
        <p>
          <a href="/accounts">All accounts</a>
        </p>
        {error !== undefined && <NoticeBox kind="error">{error}</NoticeBox>}
        <div class="columns">
          <Numbers account={account} linksByHand={linksByHand} />
          <Role account={account} />
          <Quota account={account} defaults={defaults} />
        </div>
        <section aria-labelledby="latest">
          <h2 id="latest">Latest entries</h2>
          {entries.length === 0 ? (
            <p class="hint">Nothing has happened since the audit trail began.</p>
          ) : (
            <AuditTable entries={entries} />
          )}
          <p>
            <a href={`/audit?account=${encodeURIComponent(account.id)}`}>
              All entries about this account
            </a>{' '}
            · <a href={`/audit?actor=${encodeURIComponent(account.id)}`}>All that it did</a>
          </p>
        </section>
      </>
    ),
  });
}

type AccountProps = Pick<OneAccountProps, 'account'>;

function Numbers({ account, linksByHand }: Pick<OneAccountProps, 'account' | 'linksByHand'>) {
  return (
    <section class="card stack" aria-labelledby="numbers">
      <h2 id="numbers">In numbers</h2>
      <AccountState account={account} />
      <dl>
        <dt>Storage</dt>
        <dd>
          <StorageUsed usage={account.usage} quota={account.quota} />
        </dd>
        <dt>Files</dt>
        <dd>{filesInWords(account)}</dd>
        <dt>Links made within 24 hours</dt>
        <dd>{linksInWords(account)}</dd>
        <dt>Links still open</dt>
        <dd>{account.openLinks}</dd>
        <dt>Sessions</dt>
        <dd>{account.sessions}</dd>
        <dt>Last seen</dt>
        <dd>{account.lastSeenAt === null ? 'never' : <Time at={account.lastSeenAt} />}</dd>
        <dt>Added</dt>
        <dd>
          <Time at={account.createdAt} />
        </dd>
      </dl>
      {!account.self && (
        <div class="button-row">
          <AccountAction account={account} linksByHand={linksByHand} />
        </div>
      )}
    </section>
  );
}

function Role({ account }: AccountProps) {
  return (
    <section class="card stack" aria-labelledby="role-heading">
      <h2 id="role-heading">Role</h2>
      {account.self ? (
        <p>
          {ROLES[account.role]}. Another administrator can change your role; you cannot lock
          yourself out.
        </p>
      ) : (
        <form method="post" action={pathOf(account, 'role')} class="stack">
          <RoleField id="role" role={account.role} />
          <p class="hint">
            Administrators see all accounts and the audit trail, and change both roles and quotas.
            It acts at once.
          </p>
          <button class="button">Change role</button>
        </form>
      )}
    </section>
  );
}

const MB = 1_000_000;

function Quota({ account, defaults }: Pick<OneAccountProps, 'account' | 'defaults'>) {
  const { bytes, files, linksPerDay } = account.ownQuota;
  return (
    <section class="card stack" aria-labelledby="quota">
      <h2 id="quota">Quota</h2>
      <form method="post" action={pathOf(account, 'quota')} class="stack">
        <NumberField
          name="megabytes"
          label="Storage, in MB"
          step="any"
          value={bytes === null ? undefined : bytes / MB}
          otherwise={defaults.bytes === null ? null : formatSize(defaults.bytes)}
        />
        <NumberField
          name="files"
          label="Files"
          value={files ?? undefined}
          otherwise={defaults.files}
        />
        <NumberField
          name="linksPerDay"
          label="Links within 24 hours"
          value={linksPerDay ?? undefined}
          otherwise={defaults.linksPerDay}
        />
        <p class="hint">What is stored already stays.</p>
        <button class="button">Save quota</button>
      </form>
    </section>
  );
}

function NumberField({
  name,
  label,
  value,
  otherwise,
  step = '1',
}: {
  name: string;
  label: string;
  value: number | undefined;
  /** What counts when it is left empty; null is unlimited. */
  otherwise: string | number | null;
  step?: string;
}) {
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <p class="hint" id={`${name}-hint`}>
        Empty: {otherwise === null ? 'unlimited' : `the default, ${otherwise}`}
      </p>
      <input
        type="number"
        id={name}
        name={name}
        min={0}
        step={step}
        value={value}
        aria-describedby={`${name}-hint`}
        autoComplete="off"
      />
    </div>
  );
}

function pathOf({ id }: AccountRow, what: string): string {
  return `/accounts/${encodeURIComponent(id)}/${what}`;
}
