// For somebody who has proven who they are and is signed in on too many devices: which of them to end instead.
// The one that was unused for longest comes first.
import { renderEntry } from './entry.js';
import { Time } from './format-time.js';
import type { Assets, SessionRow } from './props.js';

export interface MakeRoomProps {
  assets: Assets;
  sessions: readonly SessionRow[];
}

export function renderMakeRoom({ assets, sessions }: MakeRoomProps): string {
  return renderEntry({
    assets,
    heading: 'Too many devices',
    children: (
      <>
        <p>
          Your account is signed in on as many devices as it may be. End one of them to sign in
          here; links made there that are still unused stop working.
        </p>
        <ul class="device-choices stack">
          {sessions.map((session) => (
            <li key={session.id}>
              <p>
                <span class="device-name">{session.browser}</span>
                <br />
                <span class="hint">
                  {session.place !== null && `${session.place}, `}
                  <bdi>{session.address}</bdi>, last seen <Time at={session.lastSeenAt} />
                </span>
              </p>
              <form method="post" action="/sign-in/make-room">
                <input type="hidden" name="end" value={session.id} />
                <button class="button">
                  End it and sign in
                  <span class="visually-hidden">
                    : {session.browser}, {session.address}
                  </span>
                </button>
              </form>
            </li>
          ))}
        </ul>
        <p class="aside">
          <a href="/sign-in">Do not sign in</a>
        </p>
      </>
    ),
  });
}
