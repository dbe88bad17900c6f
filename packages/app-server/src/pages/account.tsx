// One's own account: who one is here, and changing one's password.
import { renderSection } from './document.js';
import { Field, NewPasswordField, PASSWORD_LENGTH } from './fields.js';
import { NoticeBox } from './notice.js';
import type { SignedInProps } from './props.js';
import { ROLES } from './roles.js';
import { StorageUsed, type UsageProps } from './usage.js';

export interface AccountProps extends SignedInProps {
  /** Why the password was not changed. */
  error?: string | undefined;
  /** False for an account that is entered from elsewhere alone. */
  hasPassword?: boolean;
  /** Whether a mail comes when something this account sent was fetched. */
  fetchedNotices: boolean;
  /** Undefined where nothing is known of it. */
  secondFactor?: boolean | undefined;
  /** Whether a mailed link signs in. */
  mailedSignIn: boolean;
  /** What is stored, beside what may be; not shown without it. */
  storage?: UsageProps | undefined;
}

export function renderAccount({
  error,
  hasPassword = true,
  fetchedNotices,
  secondFactor,
  mailedSignIn,
  storage,
  ...page
}: AccountProps): string {
  const { email, role } = page.viewer;
  return renderSection({
    ...page,
    section: '/account',
    heading: 'Account',
    children: (
      <div class="columns">
        <section class="card" aria-labelledby="you">
          <h2 id="you">You</h2>
          <dl>
            <dt>E-mail address</dt>
            <dd>{email === null ? 'none yet' : <bdi>{email}</bdi>}</dd>
            <dt>Role</dt>
            <dd>{ROLES[role]}</dd>
            {storage && (
              <>
                <dt>Storage</dt>
                <dd>
                  <StorageUsed {...storage} />
                </dd>
              </>
            )}
          </dl>
          <p class="aside">
            <a href="/account/activity">Your account’s activity</a> ·{' '}
            <a href="/account/identities">Other ways to sign in</a>
          </p>
        </section>
        <section class="card" aria-labelledby="second-factor">
          <h2 id="second-factor">Second factor</h2>
          <p>
            {secondFactor === true
              ? 'Signing in takes more than your password.'
              : `Your password${mailedSignIn ? ' or a mailed link' : ''} is enough to sign in.`}
          </p>
          <p>
            <a class="button" href="/account/second-factor">
              {secondFactor === true ? 'Change or remove it' : 'Set up an app or a passkey'}
            </a>
          </p>
        </section>
        {hasPassword && (
          <section class="card" aria-labelledby="password">
            <h2 id="password">Change your password</h2>
            {error !== undefined && <NoticeBox kind="error">{error}</NoticeBox>}
            <form method="post" action="/account/password" class="stack">
              {/* Without a name it is not sent; password stores read it to know whose password this is. */}
              <input type="email" autoComplete="username" value={email ?? ''} readOnly hidden />
              <Field
                name="currentPassword"
                label="Current password"
                type="password"
                autoComplete="current-password"
                maxLength={PASSWORD_LENGTH.most}
              />
              <NewPasswordField name="newPassword" label="New password" />
              <p class="hint">This signs you out on every other device.</p>
              <button class="button primary">Change password</button>
            </form>
          </section>
        )}
        <section class="card" aria-labelledby="notices">
          <h2 id="notices">Notices</h2>
          <form method="post" action="/account/notices" class="stack">
            <div class="choice">
              <input
                type="checkbox"
                id="fetched"
                name="fetched"
                value="on"
                checked={fetchedNotices}
              />
              <label for="fetched">E-mail me when somebody has fetched a file that I sent</label>
            </div>
            <button class="button">Save</button>
          </form>
          <p class="aside">
            <a href="/webhooks">Webhooks: tell another program</a>
          </p>
          <p class="aside">
            <a href="/api-keys">API keys: let another program hand out files</a>
          </p>
        </section>
      </div>
    ),
  });
}
