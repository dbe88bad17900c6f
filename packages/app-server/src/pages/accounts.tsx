// For administrators: who may sign in here, adding somebody, and shutting somebody out.
import { Confirm } from './confirm.js';
import { renderSection } from './document.js';
import { EmailField, NewPasswordField } from './fields.js';
import { Time } from './format-time.js';
import { Icon } from './icon.js';
import { NoticeBox } from './notice.js';
import type { AccountRow, SignedInProps } from './props.js';
import { ROLES } from './roles.js';
import { Cell, Row, RowHead, Table } from './table.js';

export interface AccountsProps extends SignedInProps {
  accounts: readonly AccountRow[];
  /** Why the account was not added. */
  error?: string | undefined;
  /** What had been typed, never the password. */
  form?: { email?: string | undefined; role?: string | undefined } | undefined;
}

export function renderAccounts({ accounts, error, form, ...page }: AccountsProps): string {
  return renderSection({
    ...page,
    section: '/accounts',
    heading: 'Accounts',
    children: (
      <>
        <Table caption="Accounts" columns={['E-mail address', 'Role', 'Added', 'State', '']}>
          {accounts.map((account) => (
            <AccountTableRow key={account.id} account={account} />
          ))}
        </Table>
        <AddAccount error={error} form={form} />
      </>
    ),
  });
}

function AccountTableRow({ account }: { account: AccountRow }) {
  return (
    <Row id={account.id} state={account.disabled ? 'disabled' : 'active'}>
      <RowHead>
        {account.email === null ? 'not set up yet' : <bdi class="email">{account.email}</bdi>}{' '}
        {account.self && <span class="badge">you</span>}
      </RowHead>
      <Cell label="Role">{ROLES[account.role]}</Cell>
      <Cell label="Added" kind="time">
        <Time at={account.createdAt} />
      </Cell>
      <Cell label="State">
        <p class={account.disabled ? 'state revoked' : 'state finished'}>
          <Icon name={account.disabled ? 'alert' : 'check'} />
          <span>{account.disabled ? 'disabled' : 'active'}</span>
        </p>
      </Cell>
      <Cell kind="actions">{!account.self && <AccountAction account={account} />}</Cell>
    </Row>
  );
}

function AccountAction({ account }: { account: AccountRow }) {
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
  return (
    <Confirm
      action={`${path}/disable`}
      label="Disable"
      subject={who}
      confirmLabel="Disable account"
    >
      Disable <bdi>{who}</bdi>? It is signed out everywhere, and its unused links stop working at
      once. You can enable it again.
    </Confirm>
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
        <div class="field">
          <label for="role">Role</label>
          <select id="role" name="role">
            <option value="member" selected={form?.role !== 'admin'}>
              {ROLES.member}
            </option>
            <option value="admin" selected={form?.role === 'admin'}>
              {ROLES.admin}
            </option>
          </select>
        </div>
        <p class="hint">
          Pass the password on in a way you trust. It can be changed on the Account page.
        </p>
        <button class="button primary">Add account</button>
      </form>
    </section>
  );
}
