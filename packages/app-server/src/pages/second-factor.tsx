// One's own second factors: whether there is one, the authenticator app, the passkeys, the recovery codes. The
// script makes passkeys (`data-passkey`); everything else is plain forms.
import { Confirm } from './confirm.js';
import { renderSection } from './document.js';
import { Time } from './format-time.js';
import { Icon } from './icon.js';
import { NoticeBox } from './notice.js';
import type { SecondFactorState, PasskeyRow, SignedInProps } from './props.js';
import { TextField } from './text-field.js';
import { Cell, Row, RowHead, Table } from './table.js';

export interface SecondFactorProps extends SignedInProps, SecondFactorState {
  /** Whether mailed links sign in, and lead to a new password. */
  mailedLinks: { 'sign-in': boolean; 'reset-password': boolean };
  /** Why something was refused. */
  error?: string | undefined;
}

const PATH = '/account/second-factor';
const NAME_LENGTH = 60;

export function renderSecondFactor(props: SecondFactorProps): string {
  const { required, totp, passkeys, recoveryCodesLeft, mailedLinks, error, ...page } = props;
  const has = totp !== null || passkeys.length > 0;
  return renderSection({
    ...page,
    section: '/account',
    heading: 'Second factor',
    children: (
      <>
        {error !== undefined && <NoticeBox kind="error">{error}</NoticeBox>}
        <p class="hint">{explain(has, required, mailedLinks)}</p>
        {has && recoveryCodesLeft === 0 && (
          <NoticeBox kind="error">
            You have no recovery codes. Make some below: without them, a lost device locks you out.
          </NoticeBox>
        )}
        <Passkeys passkeys={passkeys} hasCodes={recoveryCodesLeft > 0} />
        <div class="columns">
          <AuthenticatorApp since={totp?.confirmedAt} />
          {has && <RecoveryCodes left={recoveryCodesLeft} />}
        </div>
        <p>
          <a href="/account">Back to your account</a>
        </p>
      </>
    ),
  });
}

function explain(
  has: boolean,
  required: boolean,
  mailedLinks: SecondFactorProps['mailedLinks'],
): string {
  if (has) {
    return `Your password${mailedLinks['sign-in'] ? ' or a mailed link' : ''} alone does not sign in to this account. A passkey does: it is two factors in one.`;
  }
  return required
    ? 'This server asks for a second factor: an authenticator app, or a passkey. Set one up to go on.'
    : `With a second factor, who learns your password${mailedLinks['sign-in'] || mailedLinks['reset-password'] ? ' or reads your mail' : ''} still cannot sign in. Use an authenticator app, a passkey, or both.`;
}

function Passkeys({ passkeys, hasCodes }: { passkeys: readonly PasskeyRow[]; hasCodes: boolean }) {
  return (
    <section class="stack" aria-labelledby="passkeys">
      <h2 id="passkeys">Passkeys</h2>
      <p>
        A passkey signs you in by finger, face or PIN, without a password. It works on this server’s
        own address alone, so it cannot be given away to a forged page.
      </p>
      {passkeys.length > 0 && (
        <Table caption="Your passkeys" columns={['Name', 'Added', 'Last used', '']}>
          {passkeys.map((passkey) => (
            <PasskeyTableRow key={passkey.id} passkey={passkey} />
          ))}
        </Table>
      )}
      <form
        method="post"
        action="/account/passkeys"
        class="card add-account scripted-only"
        data-passkey="register"
        data-codes={hasCodes ? 'kept' : 'none'}
      >
        <TextField
          id="passkey-name"
          name="name"
          label="Name of a new passkey"
          hint="So that you know it again, such as “blue key” or “work laptop”."
          maxLength={NAME_LENGTH}
          required={false}
        />
        <button class="button primary">Add a passkey</button>
        <p class="row-note" role="status"></p>
      </form>
      <p class="hint unscripted-only">
        Passkeys need JavaScript, which your browser does not run here.
      </p>
    </section>
  );
}

function PasskeyTableRow({ passkey }: { passkey: PasskeyRow }) {
  const { id, name, synced, createdAt, lastUsedAt } = passkey;
  const path = `/account/passkeys/${encodeURIComponent(id)}`;
  return (
    <Row id={id}>
      <RowHead>
        <bdi>{name}</bdi> {synced && <span class="badge">synced</span>}
      </RowHead>
      <Cell label="Added" kind="time">
        <Time at={createdAt} />
      </Cell>
      <Cell label="Last used" kind="time">
        {lastUsedAt === null ? 'never' : <Time at={lastUsedAt} />}
      </Cell>
      <Cell kind="actions">
        <details class="confirm" name="confirm">
          <summary class="button">
            <span class="when-closed">Rename</span>
            <span class="when-open">Cancel</span>
            <span class="visually-hidden"> {name}</span>
          </summary>
          <form method="post" action={`${path}/name`} class="confirm-panel plain">
            <TextField
              id={`name-${id}`}
              name="name"
              label="New name"
              value={name}
              maxLength={NAME_LENGTH}
            />
            <button class="button primary">Rename</button>
          </form>
        </details>
        <Confirm
          action={`${path}/delete`}
          label="Delete"
          subject={name}
          confirmLabel="Delete passkey"
        >
          Delete <bdi>{name}</bdi>? It no longer signs in here. Delete it from the device as well.
        </Confirm>
      </Cell>
    </Row>
  );
}

function AuthenticatorApp({ since }: { since: Date | undefined }) {
  return (
    <section class="card" aria-labelledby="app">
      <h2 id="app">Authenticator app</h2>
      {since === undefined ? (
        <p>An app on your phone shows a new code every 30 seconds, also without a network.</p>
      ) : (
        <p class="state finished">
          <Icon name="check" />
          <span>
            Set up <Time at={since} />
          </span>
        </p>
      )}
      <form method="post" action={`${PATH}/totp`}>
        <button class={since === undefined ? 'button primary' : 'button'}>
          {since === undefined ? 'Set up an app' : 'Use another app'}
        </button>
      </form>
      {since !== undefined && (
        <Confirm action={`${PATH}/totp/remove`} label="Remove" confirmLabel="Remove the app">
          Remove the authenticator app? Its codes stop counting at once.
        </Confirm>
      )}
    </section>
  );
}

function RecoveryCodes({ left }: { left: number }) {
  return (
    <section class="card" aria-labelledby="codes">
      <h2 id="codes">Recovery codes</h2>
      <p>
        {left === 0 ? 'None' : left} left. Each stands in once for your app or passkey when you do
        not have it.
      </p>
      <form method="post" action={`${PATH}/recovery-codes`} id="make-codes" class="stack">
        {left > 0 && <p class="hint">New codes replace the ones you have.</p>}
        <button class={left === 0 ? 'button primary' : 'button'}>Make new codes</button>
      </form>
    </section>
  );
}
