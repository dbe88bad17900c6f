// The settings of the hand-off: to which origins people may be handed over, and from which they are
// received. Both sides name the other; what is not named here is refused.
import { EnvironmentReader } from '@claimcheck/shared/env';

export interface HandOffPeer {
  /** What people call it, and what `from=` names. */
  name: string;
  origin: string;
}

export interface HandOffSettings {
  /** Origins that this server mints hand-off claims for. */
  to: readonly string[];
  /** Servers whose hand-off claims this one accepts. */
  from: readonly HandOffPeer[];
  /**
   * `connected`: each account is connected once, by its owner, with theirs at the peer. `shared`: both servers
   * have one database, so that an account id means the same account; such a peer vouches for every account.
   */
  accounts: 'connected' | 'shared';
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** Faults are left with `read`. */
export function readHandOff(read: EnvironmentReader, appOrigin: string): HandOffSettings {
  const to = partsOf(read.text('HAND_OFF_TO')).map((text) => readOrigin(read, 'HAND_OFF_TO', text));
  const from = partsOf(read.text('HAND_OFF_FROM')).map((text) => {
    const [name = '', origin = ''] = text.split(/=(.*)/s);
    if (!NAME.test(name)) {
      read.refuse('HAND_OFF_FROM', text, 'name=origin, the name of lower-case letters, digits, -');
    }
    return { name, origin: readOrigin(read, 'HAND_OFF_FROM', origin) };
  });
  refuseTwice(read, 'HAND_OFF_TO', to);
  refuseTwice(
    read,
    'HAND_OFF_FROM',
    from.map(({ name }) => name),
  );
  refuseTwice(
    read,
    'HAND_OFF_FROM',
    from.map(({ origin }) => origin),
  );
  for (const [name, origins] of [
    ['HAND_OFF_TO', to],
    ['HAND_OFF_FROM', from.map(({ origin }) => origin)],
  ] as const) {
    if (origins.includes(appOrigin)) {
      read.refuse(
        name,
        appOrigin,
        'other origins than APP_ORIGIN: nobody is handed over to oneself',
      );
    }
  }
  const accounts = read.choice('HAND_OFF_ACCOUNTS', 'connected', ['connected', 'shared']);
  if (from.length === 0 && read.text('HAND_OFF_ACCOUNTS') !== undefined) {
    read.refuse('HAND_OFF_FROM', undefined, 'whom to receive from, since HAND_OFF_ACCOUNTS is set');
  }
  return { to, from, accounts };
}

function partsOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(',').map((part) => part.trim());
}

/** By the rules of every other origin: https, or http on loopback; no path. */
function readOrigin(read: EnvironmentReader, name: string, text: string): string {
  if (text === '') {
    read.refuse(name, text, 'an origin in each place, like https://files.example.org');
    return '';
  }
  const part = new EnvironmentReader({ [name]: text });
  const origin = part.origin(name, '');
  read.faults.push(...part.faults);
  return origin;
}

function refuseTwice(read: EnvironmentReader, name: string, values: readonly string[]): void {
  const twice = values.find((value, index) => value !== '' && values.indexOf(value) !== index);
  if (twice !== undefined) read.refuse(name, twice, 'each only once');
}
