// The browsers that are signed in to this account or remembered, and the way to end each of them.
import { Confirm } from './confirm.js';
import { renderSection } from './document.js';
import { Time } from './format-time.js';
import type { RememberedRow, SessionRow, SignedInProps } from './props.js';
import { Cell, Row, RowHead, Table } from './table.js';

export interface DevicesProps extends SignedInProps {
  sessions: readonly SessionRow[];
  remembered: readonly RememberedRow[];
}

/** How a session began, as its owner would say it; a way that is not listed is named as it is. */
const METHODS: Readonly<Record<string, string>> = {
  password: 'by password',
  'mailed-link': 'by a link in a mail',
  'first-run-link': 'by the link of the first start',
  remembered: 'stayed signed in',
};

export function renderDevices({ sessions, remembered, ...page }: DevicesProps): string {
  const others = sessions.filter(({ current }) => !current).length;
  return renderSection({
    ...page,
    section: '/devices',
    heading: 'Devices',
    children: (
      <>
        <p class="hint">
          {others === 0
            ? 'You are signed in on this device only.'
            : 'Where your account is signed in. If you do not recognise one, end it and change your password.'}
        </p>
        <Table
          caption="Devices that are signed in"
          columns={['Device', 'Where from', 'First seen', 'Last seen', '']}
        >
          {sessions.map((session) => (
            <DeviceRow key={session.id} session={session} />
          ))}
        </Table>
        {others > 0 && (
          <div class="below">
            <Confirm
              action="/devices/end-others"
              label="End all others"
              confirmLabel={others === 1 ? 'End 1 session' : `End ${others} sessions`}
            >
              Sign out everywhere but here? Links made on the other devices that are still unused
              stop working at once.
            </Confirm>
          </div>
        )}
        {remembered.length > 0 && <Remembered browsers={remembered} />}
      </>
    ),
  });
}

function DeviceRow({ session }: { session: SessionRow }) {
  const { browser } = session;
  return (
    <Row id={session.id}>
      <RowHead>
        <span class="device-name">{browser}</span>{' '}
        {session.current && <span class="badge">this device</span>}
        <span class="hint how">
          {METHODS[session.method] ?? session.method}
          {session.remembered && session.method !== 'remembered' && ', stays signed in'}
        </span>
      </RowHead>
      <Cell label="Where from">
        <WhereFrom {...session} />
      </Cell>
      <Cell label="First seen" kind="time">
        <Time at={session.createdAt} />
      </Cell>
      <Cell label="Last seen" kind="time">
        <Time at={session.lastSeenAt} />
      </Cell>
      <Cell kind="actions">
        {!session.current && (
          <form method="post" action={`/devices/${encodeURIComponent(session.id)}/end`}>
            <button class="button">
              End session
              <span class="visually-hidden">
                : {browser}, {session.address}
              </span>
            </button>
          </form>
        )}
      </Cell>
    </Row>
  );
}

/** The address is exact and says little; the place says more and is rough. */
function WhereFrom({ address, place }: { address: string; place: string | null }) {
  return (
    <span>
      {place !== null && (
        <>
          {place}
          <br />
        </>
      )}
      <bdi class="address">{address}</bdi>
    </span>
  );
}

function Remembered({ browsers }: { browsers: readonly RememberedRow[] }) {
  return (
    <section class="stack remembered" aria-labelledby="remembered">
      <h2 id="remembered">Browsers that stay signed in</h2>
      <p class="hint">
        They come back without your password until the day that is shown. Dangerous actions still
        ask for it.
      </p>
      <Table
        caption="Browsers that stay signed in"
        columns={['Browser', 'Where from', 'Last used', 'Until', '']}
      >
        {browsers.map((browser) => (
          <BrowserRow key={browser.id} browser={browser} />
        ))}
      </Table>
      <div class="below">
        <Confirm
          action="/devices/forget-all"
          label="Forget all"
          confirmLabel={browsers.length === 1 ? 'Forget 1 browser' : 'Forget all of them'}
        >
          Forget every browser, this one too? Each stays signed in until its session is over, and
          then asks for your password.
        </Confirm>
      </div>
    </section>
  );
}

function BrowserRow({ browser }: { browser: RememberedRow }) {
  return (
    <Row id={browser.id}>
      <RowHead>
        <span class="device-name">{browser.browser}</span>{' '}
        {browser.current && <span class="badge">this browser</span>}
      </RowHead>
      <Cell label="Where from">
        <WhereFrom {...browser} />
      </Cell>
      <Cell label="Last used" kind="time">
        <Time at={browser.lastUsedAt} />
      </Cell>
      <Cell label="Until" kind="time">
        <Time at={browser.expiresAt} />
      </Cell>
      <Cell kind="actions">
        <form method="post" action={`/devices/remembered/${encodeURIComponent(browser.id)}/forget`}>
          <button class="button">
            Forget
            <span class="visually-hidden">
              : {browser.browser}, {browser.address}
            </span>
          </button>
        </form>
      </Cell>
    </Row>
  );
}
