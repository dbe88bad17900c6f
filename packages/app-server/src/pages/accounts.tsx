// For administrators: who may sign in here, adding somebody, and shutting somebody out.
import { Confirm } from './confirm.js';
import { renderSection } from './document.js';
import { EmailField, NewPasswordField } from './fields.js';
import { Time } from './format-time.js';
import { Icon } from './icon.js';
import { NoticeBox } from './notice.js';
import type { AccountRow, SignedInProps } from './props.js';
import { RoleField, ROLES } from './roles.js';
import { Cell, EmptyState, NextPage, Row, RowHead, Table } from './table.js';

export interface AccountsProps extends SignedInProps {
  accounts: readonly AccountRow[];
  /** What the list was narrowed to. */
  search?: string | undefined;
  /** Address of the next, older accounts. */
  nextPage?: string | undefined;
  /** Why the account was not added. */
  error?: string | undefined;
  /** What had been typed, never the password. */
  form?: { email?: string | undefined; role?: string | undefined } | undefined;
  /** Links to new passwords are made here and passed on by hand: no mail brings them. */
  linksByHand?: boolean | undefined;
  /** Why somebody was not invited, or the link to pass on by hand. */
  invitation?:
    | { error: string; email?: string | undefined; role?: string | undefined }
    | { email: string; url: string; expiresAt: Date }
    | undefined;
}

export function renderAccounts(props: AccountsProps): string {
  const { accounts, search, nextPage, error, form, invitation, ...rest } = props;
  const { linksByHand = false, ...page } = rest;
  return renderSection({
    ...page,
    section: '/accounts',
    heading: 'Accounts',
    children: (
      <>
        {invitation && 'url' in invitation && <InvitationLink {...invitation} />}
        <Search search={search} />
        {accounts.length === 0 ? (
          <EmptyState heading="No such account">
            <p>No e-mail address contains that.</p>
          </EmptyState>
        ) : (
          <Table caption="Accounts" columns={['E-mail address', 'Role', 'Added', 'State', '']}>
            {accounts.map((account) => (
              <AccountTableRow key={account.id} account={account} linksByHand={linksByHand} />
            ))}
          </Table>
        )}
        <NextPage href={nextPage} />
        <div class="columns">
          <Invite refused={invitation && 'error' in invitation ? invitation : undefined} />
          <AddAccount error={error} form={form} />
        </div>
        <p>
          <a href="/audit">Audit trail: who did what</a> ·{' '}
          <a href="/outbox">Outbox: what became of mails</a>
        </p>
      </>
    ),
  });
}

function Search({ search }: Pick<AccountsProps, 'search'>) {
  return (
    <form method="get" action="/accounts" role="search" class="search">
      <div class="field">
        <label for="q">Find by e-mail address</label>
        <input type="search" id="q" name="q" value={search} maxLength={254} autoComplete="off" />
      </div>
      <button class="button">Find</button>
      {search !== undefined && (
        <a class="button" href="/accounts">
          Show all
        </a>
      )}
    </form>
  );
}

function AccountTableRow({ account, linksByHand }: RowProps) {
  return (
    <Row id={account.id} state={stateOf(account)}>
      <RowHead>
        <a href={`/accounts/${encodeURIComponent(account.id)}`}>
          {account.email === null ? 'not set up yet' : <bdi class="email">{account.email}</bdi>}
        </a>{' '}
        {account.self && <span class="badge">you</span>}{' '}
        {account.secondFactor === true && <span class="badge">second factor</span>}
      </RowHead>
      <Cell label="Role">{ROLES[account.role]}</Cell>
      <Cell label="Added" kind="time">
        <Time at={account.createdAt} />
      </Cell>
      <Cell label="State">
        <AccountState account={account} />
      </Cell>
      <Cell kind="actions">
        {!account.self && <AccountAction account={account} linksByHand={linksByHand} />}
      </Cell>
    </Row>
  );
}

function stateOf({ disabled, invited }: AccountRow): 'disabled' | 'invited' | 'active' {
  if (disabled) return 'disabled';
  return invited ? 'invited' : 'active';
}

export function AccountState({ account }: { account: AccountRow }) {
  const state = stateOf(account);
  const { tone, icon } = STATES[state];
  const ends = account.invitationEndsAt;
  return (
    <div class="state-cell">
      <p class={`state ${tone}`}>
        <Icon name={icon} />
        <span>{state}</span>
      </p>
      {state === 'invited' && (
        <p class="hint">
          {ends ? (
            <>
              until <Time at={ends} />
            </>
          ) : (
            'the invitation ran out'
          )}
        </p>
      )}
    </div>
  );
}

const STATES = {
  disabled: { tone: 'revoked', icon: 'alert' },
  invited: { tone: 'waiting', icon: 'hourglass' },
  active: { tone: 'finished', icon: 'check' },
} as const;

interface RowProps {
  account: AccountRow;
  linksByHand: boolean;
}

/** The buttons of an account that is not one's own. */
export function AccountAction({ account, linksByHand }: RowProps) {
  const path = `/accounts/${encodeURIComponent(account.id)}`;
  const who = account.email ?? 'the account that is not set up yet';
  if (account.disabled) {
    return (
      <form method="post" action={`${path}/enable`}>
        <button class="button">
          Enable<span class="visually-hidden"> {who}</span>
        </button>
      </form>
    );
  }
  if (account.invited) return <InvitationActions account={account} who={who} />;
  return (
    <>
      {linksByHand && account.email !== null && (
        <form method="post" action={`${path}/reset-link`}>
          <button class="button">
            Password link<span class="visually-hidden"> for {who}</span>
          </button>
        </form>
      )}
      {account.secondFactor === true && (
        <Confirm
          action={`${path}/second-factor/remove`}
          label="Second factor"
          subject={`of ${who}`}
          confirmLabel="Remove second factor"
        >
          Remove app, passkeys and recovery codes of <bdi>{who}</bdi>, who has lost them? Then the
          password alone signs in. Be sure that it is they who ask.
        </Confirm>
      )}
      <Confirm
        action={`${path}/end-sessions`}
        label="Sign out"
        subject={who}
        confirmLabel="Sign out everywhere"
      >
        Sign <bdi>{who}</bdi> out on every device? Links made there that are still unused stop
        working, and downloads under way end. They can sign in again.
      </Confirm>
      <Confirm
        action={`${path}/disable`}
        label="Disable"
        subject={who}
        confirmLabel="Disable account"
      >
        Disable <bdi>{who}</bdi>? It is signed out everywhere, and its unused links stop working at
        once. You can enable it again.
      </Confirm>
    </>
  );
}

function AddAccount({ error, form }: Pick<AccountsProps, 'error' | 'form'>) {
  return (
    <section class="card add-account" aria-labelledby="add">
      <h2 id="add">Add an account</h2>
      {error !== undefined && <NoticeBox kind="error">{error}</NoticeBox>}
      <form method="post" action="/accounts" class="stack">
        <EmailField value={form?.email} autoComplete="off" />
        <NewPasswordField name="password" label="First password" />
        <RoleField id="role" role={form?.role} />
        <p class="hint">
          Pass the password on in a way you trust. It can be changed on the Account page.
        </p>
        <button class="button primary">Add account</button>
      </form>
    </section>
  );
}

function InvitationActions({ account, who }: { account: AccountRow; who: string }) {
  const path = `/accounts/${encodeURIComponent(account.id)}/invitation`;
  return (
    <>
      <form method="post" action={`${path}/send`}>
        <button class="button">
          Send again<span class="visually-hidden"> to {who}</span>
        </button>
      </form>
      <Confirm
        action={`${path}/withdraw`}
        label="Withdraw"
        subject={who}
        confirmLabel="Withdraw invitation"
      >
        Withdraw the invitation of <bdi>{who}</bdi>? Its link stops working at once.
      </Confirm>
    </>
  );
}

type Refusal = { error: string; email?: string | undefined; role?: string | undefined };

function Invite({ refused }: { refused: Refusal | undefined }) {
  return (
    <section class="card add-account" aria-labelledby="invite">
      <h2 id="invite">Invite by e-mail</h2>
      {refused && <NoticeBox kind="error">{refused.error}</NoticeBox>}
      <form method="post" action="/accounts/invite" class="stack">
        <EmailField id="invite-email" value={refused?.email} autoComplete="off" />
        <RoleField id="invite-role" role={refused?.role} />
        <p class="hint">They choose their password by a link that is good for seven days.</p>
        <button class="button primary">Invite</button>
      </form>
    </section>
  );
}

/** Shown once, where no mail server would bring it. */
function InvitationLink({
  email,
  url,
  expiresAt,
}: {
  email: string;
  url: string;
  expiresAt: Date;
}) {
  return (
    <section class="card stack" aria-labelledby="invitation-link">
      <h2 id="invitation-link">Pass this link on</h2>
      <p>
        No mail brings this link. It lets <bdi>{email}</bdi> choose a password, once, until{' '}
        <Time at={expiresAt} />. It is shown only now.
      </p>
      <div class="field">
        <label for="invitation-url">Link</label>
        <div class="command">
          <textarea id="invitation-url" class="code" rows={2} readOnly spellcheck={false}>
            {url}
          </textarea>
          <button class="button scripted-only" type="button" data-copy-from="invitation-url">
            <Icon name="copy" />
            Copy<span class="visually-hidden"> the link</span>
          </button>
        </div>
      </div>
    </section>
  );
}
