// A refusal as a page: what happened, what to do next, and the request id to quote. It says nothing
// of the request besides that, least of all its address, which may hold a token.
import { renderDocument } from './document.js';
import type { Assets, Viewer } from './props.js';

export interface ProblemProps {
  assets: Assets;
  viewer?: Viewer | undefined;
  code: string;
  status: number;
  title: string;
  advice: string;
  requestId: string;
}

export function renderProblem(props: ProblemProps): string {
  const { assets, viewer, code, status, title, advice, requestId } = props;
  const way = wayOn(code, viewer);
  return renderDocument({
    assets,
    viewer,
    narrow: true,
    title,
    children: (
      <section class="card problem" aria-labelledby="heading">
        <h1 id="heading">{title}</h1>
        <p>{advice}</p>
        {way && (
          <p>
            <a class="button primary" href={way.href}>
              {way.label}
            </a>
          </p>
        )}
        <footer class="hint">
          <p>
            {status} · {code}
          </p>
          <p>
            Request <code>{requestId}</code>
          </p>
        </footer>
      </section>
    ),
  });
}

/** A sign-in that came to nothing, and can be tried another way. */
const BACK_TO_SIGN_IN: ReadonlySet<string> = new Set([
  'sign-in-over',
  'provider-refused',
  'proof-too-weak',
  'provider-unavailable',
  'no-account',
  'mailed-links-off',
]);

/** Where to go from here: the page that the advice most likely needs. */
function wayOn(
  code: string,
  viewer: Viewer | undefined,
): { href: string; label: string } | undefined {
  if (code === 'account-incomplete') return { href: '/welcome', label: 'Finish setting up' };
  if (viewer) return { href: '/files', label: 'Go to your files' };
  // Who holds an e-mailed link has no account here: every page of ours would only ask for one.
  if (code.startsWith('link-')) return undefined;
  if (code === 'not-signed-in') return { href: '/sign-in', label: 'Sign in' };
  if (BACK_TO_SIGN_IN.has(code)) return { href: '/sign-in', label: 'Back to sign-in' };
  return { href: '/', label: 'Go to the start page' };
}
