// Getting in by one's mailbox: asking for a link, and the pages that the links lead to. Reading one of
// those uses nothing up; only its button does.
import { renderEntry } from './entry.js';
import { EmailField, NewPasswordField } from './fields.js';
import type { Assets } from './props.js';

export interface LinkRequestProps {
  assets: Assets;
  purpose: 'sign-in' | 'reset-password';
  /** False without a mail server: then only the operator can pass the link on. */
  mailReachesPeople: boolean;
  email?: string | undefined;
  error?: string | undefined;
}

export function renderLinkRequest(props: LinkRequestProps): string {
  const { assets, purpose, mailReachesPeople, email, error } = props;
  const signIn = purpose === 'sign-in';
  return renderEntry({
    assets,
    heading: signIn ? 'E-mail me a sign-in link' : 'Forgot your password?',
    error,
    children: (
      <>
        <p>
          {signIn
            ? 'We send a link to your e-mail address that signs you in once.'
            : 'We send a link to your e-mail address with which you choose a new password.'}
        </p>
        {!mailReachesPeople && (
          <p class="hint">
            This server has no mail server: ask whoever runs it to pass the link on to you.
          </p>
        )}
        <form method="post" action={signIn ? '/sign-in/email' : '/sign-in/forgot'} class="stack">
          <EmailField value={email} autofocus />
          <button class="button primary wide">Send the link</button>
        </form>
        <p class="aside">
          <a href="/sign-in">Back to sign-in</a>
        </p>
      </>
    ),
  });
}

interface MailedLinkProps {
  assets: Assets;
  /** The address of this very page: it posts to itself. */
  action: string;
  /** Whom the link is for. */
  email: string;
}

export function renderMailedSignIn({ assets, action, email }: MailedLinkProps): string {
  return renderEntry({
    assets,
    heading: 'Sign in with your link',
    children: (
      <>
        <p>
          This link signs in <bdi>{email}</bdi>, in one browser, once. Looking at this page has not
          used it up; the button does.
        </p>
        <form method="post" action={action} class="stack">
          <button class="button primary wide">Sign in with this browser</button>
        </form>
        <p class="aside">Did you not ask for this link? Then close this page.</p>
      </>
    ),
  });
}

export interface ChoosePasswordProps extends MailedLinkProps {
  purpose: 'reset-password' | 'accept-invitation';
  error?: string | undefined;
}

export function renderChoosePassword(props: ChoosePasswordProps): string {
  const { assets, action, email, purpose, error } = props;
  const invited = purpose === 'accept-invitation';
  return renderEntry({
    assets,
    heading: invited ? 'Set up your account' : 'Choose a new password',
    error,
    children: (
      <>
        <p>
          For <bdi>{email}</bdi>.{' '}
          {invited
            ? 'Choose the password that you will sign in with.'
            : 'You will be signed out on every device.'}
        </p>
        <form method="post" action={action} class="stack">
          {/* Without a name it is not sent; password stores read it to know whose password this is. */}
          <input type="email" autoComplete="username" value={email} readOnly hidden />
          <NewPasswordField name="password" label="New password" />
          <button class="button primary wide">
            {invited ? 'Set up my account' : 'Save the new password'}
          </button>
        </form>
      </>
    ),
  });
}
