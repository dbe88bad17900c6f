// What tests read from answers of the app server.
// Apart from the provider, so that who needs no provider loads none.
import type { Client } from '../app/client.js';

/** Who is signed in; undefined when nobody is. */
export async function whoIs(client: Client): Promise<string | undefined> {
  const response = await client.get('/api/session');
  if (response.status !== 200) return undefined;
  return ((await response.json()) as { account: { email: string } }).account.email;
}

export function locationOf(response: Response): string {
  const location = response.headers.get('location');
  if (location === null) throw new Error(`${response.status} without a Location`);
  return location;
}

/** The code of a refusal's page or problem. */
export async function codeOf(response: Response): Promise<string> {
  const text = await response.text();
  return /\d{3} · ([a-z-]+)/.exec(text)?.[1] ?? text;
}
