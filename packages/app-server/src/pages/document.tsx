// The frame of every page: head, skip link, header with navigation, main, and the one quiet place
// where the script announces what has changed. Everything a page loads is named here.
import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { Time } from './format-time.js';
import { Icon } from './icon.js';
import { NoticeBox } from './notice.js';
import type { Assets, SignedInProps, Viewer } from './props.js';

const PRODUCT = 'claimcheck';

/** The pages in the navigation, in its order. */
const SECTIONS = [
  { path: '/files', name: 'Files' },
  { path: '/links', name: 'Links' },
  { path: '/claims', name: 'Claims' },
  { path: '/devices', name: 'Devices' },
  { path: '/account', name: 'Account' },
  { path: '/accounts', name: 'Accounts', adminsOnly: true },
] as const;

export type SectionPath = (typeof SECTIONS)[number]['path'];

interface DocumentProps {
  assets: Assets;
  /** Without the product's name. */
  title: string;
  viewer?: Viewer | undefined;
  /** The section the page is; none for pages that the navigation does not list. */
  section?: SectionPath;
  /** A narrow column in the middle, for pages with one thing to do. */
  narrow?: boolean;
  children: ComponentChildren;
}

/** A whole HTML document; the only place where one is made. */
export function renderDocument(props: DocumentProps): string {
  return `<!doctype html>${renderToString(<Document {...props} />)}`;
}

/** A page of a section: its heading, what has just been done, its content. */
export function renderSection(
  page: SignedInProps & { section: SectionPath; heading: string; children: ComponentChildren },
): string {
  const { assets, viewer, notice, section, heading, children } = page;
  return renderDocument({
    assets,
    viewer,
    section,
    title: notice?.kind === 'error' ? `Error: ${heading}` : heading,
    children: (
      <>
        <h1>{heading}</h1>
        {notice && <NoticeBox kind={notice.kind}>{notice.text}</NoticeBox>}
        {children}
      </>
    ),
  });
}

function Document({ assets, title, viewer, section, narrow, children }: DocumentProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{`${title} · ${PRODUCT}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" content="#f6f5f2" media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content="#151618" media="(prefers-color-scheme: dark)" />
        <meta name="format-detection" content="telephone=no" />
        <meta name="robots" content="noindex" />
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href={assets.style} />
        <script type="module" src={assets.script}></script>
      </head>
      <body>
        <a class="skip-link" href="#main">
          Skip to content
        </a>
        <Header viewer={viewer} section={section} />
        <main id="main" tabIndex={-1} class={narrow ? 'narrow' : undefined}>
          {viewer?.theft_at && <TheftNotice at={viewer.theft_at} />}
          {children}
        </main>
        <p id="announcement" class="visually-hidden" role="status" aria-live="polite"></p>
      </body>
    </html>
  );
}

/** Until its owner has read it. The button is a form, so it works without script. */
function TheftNotice({ at }: { at: Date }) {
  return (
    <section class="notice error theft" aria-labelledby="theft" role="alert">
      <Icon name="alert" />
      <div class="stack">
        <p id="theft">
          <strong>Somebody may have copied your sign-in.</strong> What a browser keeps to stay
          signed in was used twice (<Time at={at} />
          ). All that was begun with it has ended. Look for harmful programs on your device, look at
          your <a href="/devices">devices</a>, and <a href="/account">change your password</a>.
        </p>
        <form method="post" action="/devices/theft-notice">
          <button class="button">I have read this</button>
        </form>
      </div>
    </section>
  );
}

function Header({
  viewer,
  section,
}: {
  viewer: Viewer | undefined;
  section: SectionPath | undefined;
}) {
  return (
    <header class="site-header">
      <div class="site-header-row">
        <a class="brand" href="/">
          <img src="/assets/icon.svg" alt="" width="28" height="28" />
          {PRODUCT}
        </a>
        {viewer && (
          <>
            <nav aria-label="Main">
              <ul>
                {SECTIONS.filter((each) => !('adminsOnly' in each) || viewer.role === 'admin').map(
                  ({ path, name }) => (
                    <li key={path}>
                      <a href={path} aria-current={path === section ? 'page' : undefined}>
                        {name}
                      </a>
                    </li>
                  ),
                )}
              </ul>
            </nav>
            <form class="sign-out" method="post" action="/sign-out">
              {viewer.email !== null && <bdi class="viewer">{viewer.email}</bdi>}
              <button class="button quiet">Sign out</button>
            </form>
          </>
        )}
      </div>
    </header>
  );
}
