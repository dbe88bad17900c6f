// The page in front of dangerous actions: the password once more, or another proof. Where it leads back to is
// said by the request; the back end checks that it is a path of ours.
import { renderEntry } from './entry.js';
import { Field, PASSWORD_LENGTH } from './fields.js';
import { PasskeyButton } from './passkey-button.js';
import type { Assets, Viewer } from './props.js';
import { TextField } from './text-field.js';

/** Another way to prove it, as a link. */
export interface ProofWay {
  href: string;
  label: string;
}

export interface ConfirmIdentityProps {
  assets: Assets;
  viewer: Viewer;
  /** Path to go on to. */
  next?: string | undefined;
  /** False for an account that has none. */
  takesPassword: boolean;
  /** Whether a code of the second factor goes with the password. */
  takesCode?: boolean | undefined;
  takesPasskey?: boolean | undefined;
  ways: readonly ProofWay[];
  error?: string | undefined;
}

export function renderConfirmIdentity(props: ConfirmIdentityProps): string {
  const { assets, viewer, next, takesPassword, takesCode, takesPasskey, ways, error } = props;
  return renderEntry({
    assets,
    viewer,
    heading: 'Confirm that it is you',
    error,
    children: (
      <>
        <p>
          What you are about to do could harm you or others if somebody else sat at your device. The
          answer counts for ten minutes, on this device.
        </p>
        {takesPasskey && <PasskeyButton purpose="proof" next={next ?? '/account'} />}
        {takesPassword && (
          <form method="post" action="/confirm-identity" class="stack">
            {next !== undefined && <input type="hidden" name="next" value={next} />}
            {/* Without a name it is not sent; password stores read it to know whose password this is. */}
            <input
              type="email"
              autoComplete="username"
              value={viewer.email ?? ''}
              readOnly
              hidden
            />
            <Field
              name="password"
              label="Password"
              type="password"
              autoComplete="current-password"
              maxLength={PASSWORD_LENGTH.most}
              autofocus
            />
            {takesCode && (
              <TextField
                id="code"
                name="code"
                label="Code of your second factor"
                hint="Of your authenticator app, or a recovery code."
                autoComplete="one-time-code"
                maxLength={64}
              />
            )}
            <button class="button primary wide">Confirm</button>
          </form>
        )}
        {ways.length > 0 && (
          <ul class="aside ways">
            {ways.map(({ href, label }) => (
              <li key={href}>
                <a href={href}>{label}</a>
              </li>
            ))}
          </ul>
        )}
        {!takesPassword && !takesPasskey && ways.length === 0 && (
          <p>You have no password here. Sign out and sign in anew: that proves it, too.</p>
        )}
      </>
    ),
  });
}
