// Collects every secret that a run of the system hands out, by name: what is shown once, what is typed, what is
// mailed, and the value of every cookie that is ever set, so that a new cookie is searched for unasked.
import { createClient, type Client } from '../app/client.js';
import type { MailServer } from '../mail/start-mail-server.js';
import { waitFor } from '../support/wait-for.js';
import { secret, type Secret } from './find-secrets.js';

export interface Collected {
  readonly secrets: Secret[];
  /** Keeps one and returns its text. */
  keep(name: string, text: string | undefined, ...spelled: readonly Buffer[]): string;
  /** A browser all of whose cookies are kept. */
  browser(): Client;
  /** The path of the one link of ours in the next mail of this subject to somebody; all links are kept. */
  mailedPath(to: string, subject: RegExp): Promise<string>;
}

export function collectSecrets(appUrl: string, mailServer: MailServer): Collected {
  const secrets: Secret[] = [];

  const keep: Collected['keep'] = (name, text = '', ...spelled) => {
    secrets.push(secret(name, text, ...spelled));
    return text;
  };

  function keepCookies(response: Response): Response {
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') continue;
      keep(`cookie ${name}`, value);
      // A selector names the row that the secret behind the dot is held against.
      const [, secretPart] = value.split('.');
      if (secretPart !== undefined) keep(`cookie ${name}, its secret`, secretPart);
    }
    return response;
  }

  return {
    secrets,
    keep,
    browser: () => {
      const client = createClient(appUrl, appUrl);
      return {
        cookies: client.cookies,
        request: async (...asked) => keepCookies(await client.request(...asked)),
        get: async (...asked) => keepCookies(await client.get(...asked)),
        json: async (...asked) => keepCookies(await client.json(...asked)),
        form: async (...asked) => keepCookies(await client.form(...asked)),
      };
    },
    mailedPath: async (to, subject) => {
      const mail = await waitFor(`a mail to ${to} with ${subject}`, () => {
        const i = mailServer.mails.findIndex(
          ({ recipients, email }) => recipients[0] === to && subject.test(email.subject ?? ''),
        );
        return i < 0 ? undefined : mailServer.mails.splice(i, 1)[0];
      });
      const paths = [...`${mail.raw}\n${mail.email.text}`.matchAll(/\/([iln])\/([a-z2-7]{32})/g)];
      for (const [, page, handle] of paths) keep(`handle /${page}/`, handle);
      return paths.at(-1)?.[0] ?? '';
    },
  };
}

/** @throws Error with what was answered, unless it was this status. */
export async function expectStatus(
  status: number,
  answering: Promise<Response>,
): Promise<Response> {
  const response = await answering;
  if (response.status === status) return response;
  throw new Error(`${response.url} gave ${response.status}: ${await response.text()}`);
}
