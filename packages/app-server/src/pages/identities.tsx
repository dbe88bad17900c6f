// One's identities elsewhere, and the pages in between when a browser is sent from one server to another.
import { Confirm } from './confirm.js';
import { renderSection } from './document.js';
import { renderEntry } from './entry.js';
import { Time } from './format-time.js';
import type { Assets, SignedInProps, Viewer } from './props.js';
import { Cell, EmptyState, Row, RowHead, Table } from './table.js';

export interface IdentityRow {
  id: string;
  /** As people call it. */
  name: string;
  issuer: string;
  email: string | null;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export interface IdentitiesProps extends SignedInProps {
  identities: readonly IdentityRow[];
  /** What could be connected; `action` is the last part of the form's address. */
  offers: readonly { name: string; action: string }[];
  /** Without one an identity is the only way in and stays. */
  hasPassword: boolean;
}

export function renderIdentities(props: IdentitiesProps): string {
  const { identities, offers, hasPassword, ...page } = props;
  return renderSection({
    ...page,
    section: '/account',
    heading: 'Other ways to sign in',
    children: (
      <>
        {identities.length === 0 ? (
          <EmptyState heading="Nothing connected yet">
            <p>
              {offers.length === 0
                ? 'There is no other sign-in service here.'
                : 'Connect an account of yours elsewhere, and sign in here with it.'}
            </p>
          </EmptyState>
        ) : (
          <Table
            caption="Connected accounts"
            columns={['Sign-in service', 'You there', 'Connected', 'Last used', '']}
          >
            {identities.map((identity) => (
              <Row key={identity.id} id={identity.id}>
                <RowHead>
                  <bdi>{identity.name}</bdi>
                </RowHead>
                <Cell label="You there">
                  {identity.email === null ? '—' : <bdi>{identity.email}</bdi>}
                </Cell>
                <Cell label="Connected">
                  <Time at={identity.createdAt} />
                </Cell>
                <Cell label="Last used">
                  {identity.lastUsedAt === null ? 'never' : <Time at={identity.lastUsedAt} />}
                </Cell>
                <Cell kind="actions">
                  {hasPassword ? (
                    <Confirm
                      action={`/account/identities/${identity.id}/disconnect`}
                      label="Disconnect"
                      subject={identity.name}
                      confirmLabel="Disconnect it"
                    >
                      You can then no longer sign in with {identity.name}, and your other devices
                      are signed out.
                    </Confirm>
                  ) : (
                    <span class="hint">The only way into your account</span>
                  )}
                </Cell>
              </Row>
            ))}
          </Table>
        )}
        {offers.length > 0 && (
          <section class="card add-account" aria-labelledby="connect">
            <h2 id="connect">Connect</h2>
            {offers.map(({ name, action }) => (
              <form key={action} method="post" action={`/account/identities/${action}`}>
                <button class="button">
                  <span>
                    Connect <bdi>{name}</bdi>
                  </span>
                </button>
              </form>
            ))}
            <p class="hint">
              You sign in there; whoever you are there can then sign in here as you.
            </p>
          </section>
        )}
      </>
    ),
  });
}

/** The browser goes on by itself; the button is for one that does not. */
export function renderLeaving(props: {
  assets: Assets;
  viewer: Viewer;
  name: string;
  href: string;
}): string {
  const { assets, viewer, name, href } = props;
  return renderEntry({
    assets,
    viewer,
    heading: 'On to the sign-in service',
    children: (
      <p>
        <a class="button primary wide" href={href}>
          <span>
            Go on to <bdi>{name}</bdi>
          </span>
        </a>
      </p>
    ),
  });
}

export interface HandOffProps {
  assets: Assets;
  viewer: Viewer;
  /** Origin of the receiving server. */
  to: string;
  state: string;
  fence: string;
}

/** Asked on every hand-off: what a foreign page can open it cannot press. */
export function renderHandOff({ assets, viewer, to, state, fence }: HandOffProps): string {
  const host = new URL(to).host;
  return renderEntry({
    assets,
    viewer,
    heading: 'Sign in there, too?',
    children: (
      <>
        <p>
          You will be signed in at <bdi>{host}</bdi> with your account here
          {viewer.email !== null && (
            <>
              , <bdi>{viewer.email}</bdi>
            </>
          )}
          .
        </p>
        <form method="post" action="/hand-off" class="stack">
          <input type="hidden" name="to" value={to} />
          <input type="hidden" name="state" value={state} />
          <input type="hidden" name="fence" value={fence} />
          <button class="button primary wide">
            <span>
              Sign in at <bdi>{host}</bdi>
            </span>
          </button>
        </form>
        <p class="aside">Did you not ask for this? Then close this page.</p>
      </>
    ),
  });
}
