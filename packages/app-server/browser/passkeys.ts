// Passkeys: the one thing of the pages that needs script. The server says what to ask the authenticator for
// and judges the answer; here it is only passed on (WebAuthn Level 3, in its JSON forms).
import { FETCH_TIMEOUT_MS, problemText, UNREACHABLE } from './page-elements.js';

const API = {
  register: { options: '/api/account/passkeys/options', answer: '/api/account/passkeys' },
  'sign-in': { options: '/api/session/passkey/options', answer: '/api/session/passkey' },
  'second-factor': {
    options: '/api/session/second-factor/passkey/options',
    answer: '/api/session/second-factor/passkey',
  },
  proof: { options: '/api/session/proof/passkey/options', answer: '/api/session/proof/passkey' },
} as const;

type Purpose = keyof typeof API;
/** What the server has made for the browser is passed on unread. */
type Json = Record<string, unknown>;

/** Of the request that waits while nobody has pressed anything: there can be one at a time. */
let waiting: AbortController | undefined;

/** Offers passkeys in the e-mail field's own list, where the browser can. */
export async function offerPasskeys(place: HTMLElement): Promise<void> {
  if (!('PublicKeyCredential' in window)) return;
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  try {
    await signWith('sign-in', { mediation: 'conditional', signal: waiting.signal });
    leaveFor(place);
  } catch (error) {
    // Not asked for, so nothing is said of what the browser or the person did not want.
    if (error instanceof Refusal) say(place, error.message);
  }
}

/** The button within what has `data-passkey`. */
export async function onPasskey(place: HTMLElement): Promise<void> {
  const purpose = place.dataset['passkey'] as Purpose;
  if (!('PublicKeyCredential' in window)) return say(place, 'This browser has no passkeys.');
  waiting?.abort();
  say(place, 'Follow your browser…', false);
  try {
    if (purpose === 'register') return await register(place);
    await signWith(purpose, {});
    leaveFor(place);
  } catch (error) {
    say(place, inWords(error));
  }
}

async function register(place: HTMLElement): Promise<void> {
  const options = await post(API.register.options, {});
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: toBytes(options['challenge']),
      user: { ...(options['user'] as Json), id: toBytes((options['user'] as Json)['id']) },
      excludeCredentials: credentialList(options['excludeCredentials']),
    } as unknown as PublicKeyCredentialCreationOptions,
  });
  const { response, ...credential } = describe(made);
  const { attestationObject, clientDataJSON } = response as AuthenticatorAttestationResponse;
  const transports = (response as AuthenticatorAttestationResponse).getTransports?.() ?? [];
  const name = place.querySelector<HTMLInputElement>('[name=name]')?.value.trim();
  await post(API.register.answer, {
    ...(name ? { name } : {}),
    response: {
      ...credential,
      response: {
        clientDataJSON: toText(clientDataJSON),
        attestationObject: toText(attestationObject),
        transports,
      },
    },
  });
  // Codes are for the day on which the device is lost: who has none gets them at once.
  if (place.dataset['codes'] === 'kept')
    location.assign('/account/second-factor?done=passkey-added');
  else postForm('/account/second-factor/recovery-codes');
}

async function signWith(
  purpose: Exclude<Purpose, 'register'>,
  how: Pick<CredentialRequestOptions, 'mediation' | 'signal'>,
): Promise<void> {
  const options = await post(API[purpose].options, {});
  const given = await navigator.credentials.get({
    ...how,
    publicKey: {
      ...options,
      challenge: toBytes(options['challenge']),
      allowCredentials: credentialList(options['allowCredentials']),
    },
  });
  const { response, ...credential } = describe(given);
  const { clientDataJSON, authenticatorData, signature, userHandle } =
    response as AuthenticatorAssertionResponse;
  await post(API[purpose].answer, {
    response: {
      ...credential,
      response: {
        clientDataJSON: toText(clientDataJSON),
        authenticatorData: toText(authenticatorData),
        signature: toText(signature),
        userHandle: userHandle === null ? null : toText(userHandle),
      },
    },
  });
}

/** What the server said no to, in its words. */
class Refusal extends Error {}

async function post(path: string, body: Json): Promise<Json> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  }).catch(() => {
    throw new Refusal(UNREACHABLE);
  });
  const text = await response.text();
  if (!response.ok) {
    if (text.includes('urn:claimcheck:problem:proof-needed')) {
      location.assign(`/confirm-identity?next=${encodeURIComponent(location.pathname)}`);
    }
    throw new Refusal(problemText(text));
  }
  return text === '' ? {} : (JSON.parse(text) as Json);
}

function describe(credential: Credential | null) {
  const { id, rawId, type, response, authenticatorAttachment } = credential as PublicKeyCredential;
  return { id, rawId: toText(rawId), type, authenticatorAttachment, response };
}

function credentialList(list: unknown): PublicKeyCredentialDescriptor[] {
  return ((list ?? []) as Json[]).map(
    (each) => ({ ...each, id: toBytes(each['id']) }) as unknown as PublicKeyCredentialDescriptor,
  );
}

function inWords(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'InvalidStateError') return 'This device holds a passkey of your account already.';
  if (name === 'SecurityError') return 'Passkeys do not work at this address.';
  // WebAuthn Level 3 section 14.5: browsers do not tell "cancelled" and "there is none" apart.
  return 'No passkey was used. Try again, or go another way.';
}

function say(place: HTMLElement, text: string, bad = true): void {
  const note = place.querySelector('.row-note');
  if (!note) return;
  note.classList.toggle('bad', bad);
  note.textContent = text;
}

/** The path is ours: the server has checked it. */
function leaveFor(place: HTMLElement): void {
  location.assign(place.dataset['next'] ?? '/files');
}

function postForm(action: string): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = action;
  document.body.append(form);
  form.submit();
}

/** Base64url, RFC 4648 section 5. */
function toBytes(text: unknown): Uint8Array<ArrayBuffer> {
  const binary = atob(String(text).replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function toText(buffer: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
