// The mail to its owner when an API key was made: whoever did not make it learns of it. Never the key itself.
import { layOutMail, quote } from '../mail/lay-out-mail.js';
import { KEY_SCOPES, readScopes } from './key-scopes.js';
import type { ApiKey } from './key-tables.js';

export function keyMadeMail({
  appOrigin,
  key,
  address,
}: {
  appOrigin: string;
  key: Pick<ApiKey, 'name' | 'scopes' | 'expires_at'>;
  /** From where it was asked for. */
  address: string;
}): { subject: string; text: string; html: string } {
  const url = `${appOrigin}/api-keys`;
  const until =
    key.expires_at === null ? 'until it is revoked' : `until ${key.expires_at.toISOString()}`;
  return {
    subject: 'An API key was made for your account',
    ...layOutMail({
      heading: 'An API key was made',
      paragraphs: [
        [
          'The key ',
          quote(key.name),
          ` was made from the address ${address}. It works ${until}, and may:`,
        ],
        ...readScopes(key.scopes).map((scope) => [`${KEY_SCOPES[scope]} (${scope})`]),
        ['If you did not make it, revoke it at once, and change your password.'],
      ],
      action: { label: 'See your API keys', url },
      footer: [
        [`Sent by claimcheck at ${appOrigin}, whenever an API key is made for your account.`],
      ],
    }),
  };
}
