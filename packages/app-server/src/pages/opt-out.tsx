// Wanting no more notices, from the link in one of them: no sign-in, one button.
import { renderEntry } from './entry.js';
import type { Assets } from './props.js';

export function renderOptOut({ assets, action }: { assets: Assets; action: string }): string {
  return renderEntry({
    assets,
    heading: 'No more notices?',
    children: (
      <>
        <p>You get a mail when somebody has fetched a file that you sent. Stop these mails?</p>
        <form method="post" action={action} class="stack">
          <button class="button primary wide">Send me no more notices</button>
        </form>
        <p class="aside">
          Each link brings one mail at most. To have none for a single link, turn it off on that
          link’s page before it is downloaded. Your Account page turns these mails on again.
        </p>
      </>
    ),
  });
}

export function renderOptedOut({ assets }: { assets: Assets }): string {
  return renderEntry({
    assets,
    heading: 'No more notices',
    children: <p>You will get none from now on. Your Account page turns them on again.</p>,
  });
}
