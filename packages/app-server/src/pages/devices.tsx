// The browsers that are signed in to this account, and the way to end each of them.
import { Confirm } from './confirm.js';
import { renderSection } from './document.js';
import { Time } from './format-time.js';
import type { SessionRow, SignedInProps } from './props.js';
import { readUserAgent } from './read-user-agent.js';
import { Cell, Row, RowHead, Table } from './table.js';

export interface DevicesProps extends SignedInProps {
  sessions: readonly SessionRow[];
}

export function renderDevices({ sessions, ...page }: DevicesProps): string {
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
          columns={['Device', 'Address', 'First seen', 'Last seen', '']}
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
      </>
    ),
  });
}

function DeviceRow({ session }: { session: SessionRow }) {
  const name = readUserAgent(session.userAgent);
  return (
    <Row id={session.id}>
      <RowHead>
        <span class="device-name">{name}</span>{' '}
        {session.current && <span class="badge">this device</span>}
      </RowHead>
      <Cell label="Address">
        <bdi class="address">{session.address}</bdi>
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
                : {name}, {session.address}
              </span>
            </button>
          </form>
        )}
      </Cell>
    </Row>
  );
}
