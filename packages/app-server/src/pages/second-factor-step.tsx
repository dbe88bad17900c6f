// The second step of signing in: a passkey, the code of an app, or a recovery code. One field takes both kinds
// of code; which one it is, its form tells.
import { renderEntry } from './entry.js';
import { PasskeyButton } from './passkey-button.js';
import type { Assets } from './props.js';
import { TextField } from './text-field.js';

export interface SecondFactorStepProps {
  assets: Assets;
  factors: readonly ('totp' | 'passkey' | 'recovery-code')[];
  /** Path to go on to; the back end checks that it is one of ours. */
  next?: string | undefined;
  error?: string | undefined;
}

export function renderSecondFactorStep(props: SecondFactorStepProps): string {
  const { assets, factors, next, error } = props;
  const byApp = factors.includes('totp');
  const byCode = byApp || factors.includes('recovery-code');
  return renderEntry({
    assets,
    heading: 'One more step',
    error,
    children: (
      <>
        {factors.includes('passkey') && (
          <PasskeyButton purpose="second-factor" next={next ?? '/files'} primary={!byApp} />
        )}
        {byCode && (
          <form method="post" action="/sign-in/second-factor" class="stack">
            {next !== undefined && <input type="hidden" name="next" value={next} />}
            <TextField
              id="code"
              name="code"
              label={byApp ? 'Code of your authenticator app' : 'Recovery code'}
              hint={
                byApp
                  ? 'Six digits. Without your device: one of your recovery codes.'
                  : 'One of those that you kept; each works once.'
              }
              autoComplete="one-time-code"
              maxLength={64}
              autofocus
            />
            <button class={byApp ? 'button primary wide' : 'button wide'}>Sign in</button>
          </form>
        )}
        <p class="aside">
          Lost it all? An administrator of this server can take the second factor away.
        </p>
        <p class="aside">
          <a href="/sign-in">Sign in as somebody else</a>
        </p>
      </>
    ),
  });
}
