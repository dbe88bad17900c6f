// The pages before somebody is signed in: sign in, the one-time sign-in link, the first-run welcome.
// One narrow card with one thing to do.
import type { ComponentChildren } from 'preact';
import { renderDocument } from './document.js';
import { EmailField, Field, NewPasswordField, PASSWORD_LENGTH } from './fields.js';
import { NoticeBox } from './notice.js';
import { PasskeyButton } from './passkey-button.js';
import type { Assets, Notice, Viewer } from './props.js';

export interface SignInProps {
  assets: Assets;
  /** Which links this server mails, by what they are for: only those are offered. */
  mailedLinks: { 'sign-in': boolean; 'reset-password': boolean };
  email?: string | undefined;
  /** Whether the box was ticked. */
  remember?: boolean | undefined;
  /** Path to go on to; the back end checks that it is one of ours. */
  next?: string | undefined;
  /** What was done just before, such as signing out. */
  notice?: Notice | undefined;
  error?: string | undefined;
  /** Sign-in services elsewhere, as links. */
  elsewhere?: readonly { href: string; name: string }[];
  /** Where to sign out of such a service, after signing out here. */
  signOutElsewhere?: { href: string; name: string } | undefined;
}

export function renderSignIn(props: SignInProps): string {
  const { assets, mailedLinks, email, remember = false, next, notice, error } = props;
  const { elsewhere = [], signOutElsewhere } = props;
  return renderEntry({
    assets,
    heading: 'Sign in',
    notice,
    error,
    children: (
      <>
        {signOutElsewhere && (
          <p class="aside">
            You may still be signed in at <bdi>{signOutElsewhere.name}</bdi>.{' '}
            <a href={signOutElsewhere.href}>Sign out there, too</a>
          </p>
        )}
        <form method="post" action="/sign-in" class="stack">
          {next !== undefined && <input type="hidden" name="next" value={next} />}
          {/* `webauthn`: browsers that can offer passkeys here (WebAuthn Level 3, conditional mediation). */}
          <EmailField
            value={email}
            autoComplete="username webauthn"
            autofocus={email === undefined}
          />
          <Field
            name="password"
            label="Password"
            type="password"
            autoComplete="current-password"
            maxLength={PASSWORD_LENGTH.most}
            autofocus={email !== undefined}
          />
          <div class="choice">
            <input type="checkbox" id="remember" name="remember" value="on" checked={remember} />
            <label for="remember">Stay signed in on this browser</label>
          </div>
          <button class="button primary wide">Sign in</button>
        </form>
        {elsewhere.map(({ href, name }) => (
          <a key={href} class="button wide" href={href}>
            <span>
              Sign in with <bdi>{name}</bdi>
            </span>
          </a>
        ))}
        <PasskeyButton purpose="sign-in" next={next ?? '/files'} />
        <ul class="aside ways">
          <li>
            {mailedLinks['reset-password'] ? (
              <a href="/sign-in/forgot">Forgot your password?</a>
            ) : (
              'Forgot your password? Ask an administrator.'
            )}
          </li>
          {mailedLinks['sign-in'] && (
            <li>
              <a href="/sign-in/email">E-mail me a sign-in link</a>
            </li>
          )}
        </ul>
        <p class="aside">No account? Ask whoever runs this server.</p>
      </>
    ),
  });
}

export interface SignInLinkProps {
  assets: Assets;
  /** The address of this very page: it posts to itself. */
  action: string;
}

/** Reading this page uses nothing up, so mail scanners may; only the button's POST does. */
export function renderSignInLink({ assets, action }: SignInLinkProps): string {
  return renderEntry({
    assets,
    heading: 'Sign in with your link',
    children: (
      <>
        <p>
          This link signs in one browser, once. Looking at this page has not used it up; the button
          does.
        </p>
        <form method="post" action={action} class="stack">
          <button class="button primary wide">Sign in with this browser</button>
        </form>
        <p class="aside">
          Did somebody send you this link without your asking? Then close this page.
        </p>
      </>
    ),
  });
}

export interface WelcomeProps {
  assets: Assets;
  email?: string | undefined;
  error?: string | undefined;
}

export function renderWelcome({ assets, email, error }: WelcomeProps): string {
  return renderEntry({
    assets,
    heading: 'Welcome to claimcheck',
    error,
    children: (
      <>
        <p>
          You are the first administrator here. Choose how you will sign in from now on; the link
          that brought you here does not work again.
        </p>
        <form method="post" action="/welcome" class="stack">
          <EmailField value={email} autofocus />
          <NewPasswordField name="password" label="Password" />
          <button class="button primary wide">Save and continue</button>
        </form>
      </>
    ),
  });
}

/** One narrow card. */
export function renderEntry(page: {
  assets: Assets;
  /** Where somebody is signed in. */
  viewer?: Viewer | undefined;
  heading: string;
  notice?: Notice | undefined;
  error?: string | undefined;
  children: ComponentChildren;
}): string {
  const { assets, viewer, heading, notice, error, children } = page;
  return renderDocument({
    assets,
    viewer,
    narrow: true,
    title: error === undefined ? heading : `Error: ${heading}`,
    children: (
      <section class="card" aria-labelledby="heading">
        <h1 id="heading">{heading}</h1>
        {notice && <NoticeBox kind={notice.kind}>{notice.text}</NoticeBox>}
        {error !== undefined && <NoticeBox kind="error">{error}</NoticeBox>}
        {children}
      </section>
    ),
  });
}
