// Recovery codes, shown once: to be printed, copied or saved. They are stored as hashes, so no later page can
// show them; the file is made of what this page holds.
import { renderSection } from './document.js';
import { Icon } from './icon.js';
import { NoticeBox } from './notice.js';
import type { SignedInProps } from './props.js';

export interface RecoveryCodesProps extends SignedInProps {
  codes: readonly string[];
  /** Where they are for. */
  host: string;
}

export function renderRecoveryCodes({ codes, host, ...page }: RecoveryCodesProps): string {
  const text = codes.join('\n');
  return renderSection({
    ...page,
    section: '/account',
    heading: 'Your recovery codes',
    children: (
      <section class="card stack recovery-codes" aria-labelledby="keep">
        <h2 id="keep">Keep these now: they are shown only once</h2>
        <NoticeBox kind="done">
          Each signs you in once at {host}, after your password, when you have neither your app nor
          your passkey. Keep them apart from your devices, on paper or in a password store.
        </NoticeBox>
        <div class="field">
          <label for="codes">Recovery codes for {page.viewer.email ?? 'your account'}</label>
          <textarea id="codes" class="code" rows={codes.length} readOnly spellcheck={false}>
            {text}
          </textarea>
        </div>
        <div class="actions-row not-printed">
          <button class="button scripted-only" type="button" data-copy-from="codes">
            <Icon name="copy" />
            Copy<span class="visually-hidden"> the codes</span>
          </button>
          <form method="post" action="/account/second-factor/recovery-codes/text">
            <input type="hidden" name="codes" value={text} />
            <button class="button">
              <Icon name="download" />
              Save as text
            </button>
          </form>
          <button class="button scripted-only" type="button" data-print="">
            Print
          </button>
        </div>
        <p class="not-printed">
          <a class="button primary" href="/account/second-factor">
            I have kept them
          </a>
        </p>
      </section>
    ),
  });
}
