// Setting up an authenticator app: the QR code to scan, the same as text to type, and the first code, from
// which on the app counts.
import { renderSection } from './document.js';
import { NoticeBox } from './notice.js';
import type { SignedInProps } from './props.js';
import { TextField } from './text-field.js';

export interface TotpSetUpProps extends SignedInProps {
  /** Base32. */
  secret: string;
  /** `otpauth:` */
  url: string;
  /** One unit a square. */
  qrCode: { size: number; path: string };
  /** Why the code was refused. */
  error?: string | undefined;
}

export function renderTotpSetUp({ secret, url, qrCode, error, ...page }: TotpSetUpProps): string {
  const { size, path } = qrCode;
  return renderSection({
    ...page,
    section: '/account',
    heading: 'Set up an authenticator app',
    children: (
      <div class="columns">
        <section class="card" aria-labelledby="scan">
          <h2 id="scan">1. Show it to your app</h2>
          <p>
            Scan this with an authenticator app. On this very device, <a href={url}>open the app</a>
            .
          </p>
          {/* Dark on white in both colour schemes: not every reader takes it the other way round. */}
          <svg
            class="qr-code"
            viewBox={`0 0 ${size} ${size}`}
            role="img"
            aria-label="QR code with the key below"
            shape-rendering="crispEdges"
          >
            <rect width={size} height={size} fill="#fff" />
            <path d={path} fill="#000" />
          </svg>
          <div class="field">
            <label for="secret">Or type this key</label>
            <div class="command">
              <textarea id="secret" class="code" rows={2} readOnly spellcheck={false}>
                {secret.replace(/.{4}(?=.)/g, '$& ')}
              </textarea>
              <button class="button scripted-only" type="button" data-copy-from="secret">
                Copy<span class="visually-hidden"> the key</span>
              </button>
            </div>
          </div>
        </section>
        <section class="card" aria-labelledby="confirm">
          <h2 id="confirm">2. Type the code that it shows</h2>
          {error !== undefined && <NoticeBox kind="error">{error}</NoticeBox>}
          <form method="post" action="/account/second-factor/totp/confirm" class="stack">
            <TextField
              id="code"
              name="code"
              label="Code"
              hint="Six digits. Until it is given, nothing has changed."
              autoComplete="one-time-code"
              inputMode="numeric"
              maxLength={16}
              autofocus={error !== undefined}
            />
            <button class="button primary">Use this app</button>
          </form>
          <p class="aside">
            <a href="/account/second-factor">Not now</a>
          </p>
        </section>
      </div>
    ),
  });
}
