// Short ways for tests of API keys: making one, and asking as a program does, which has no cookie and no Origin.
import type { Client } from '../app/client.js';

export const SCOPES = [
  'claims:mint',
  'claims:manage',
  'links:create',
  'links:manage',
  'files:read',
  'files:write',
] as const;
export type Scope = (typeof SCOPES)[number];

export interface MadeKey {
  id: string;
  name: string;
  scopes: Scope[];
  state: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  lastUsedAddress: string | null;
  key: string;
}

export async function makeKey(
  client: Client,
  scopes: readonly Scope[] = SCOPES,
  wish: Record<string, unknown> = {},
): Promise<MadeKey> {
  const response = await client.json('POST', '/api/api-keys', {
    name: 'a program',
    scopes,
    ...wish,
  });
  if (response.status !== 201) {
    throw new Error(`making a key gave ${response.status}: ${await response.text()}`);
  }
  return (await response.json()) as MadeKey;
}

export async function listKeys(client: Client): Promise<Omit<MadeKey, 'key'>[]> {
  const response = await client.get('/api/api-keys');
  return ((await response.json()) as { keys: Omit<MadeKey, 'key'>[] }).keys;
}

/** A program that holds a key: no cookies, no Origin. */
export function programWith(url: string, key: string) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) =>
    await fetch(new URL(path, url), {
      method,
      redirect: 'manual',
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
}

/** `status code` of a refusal. */
export async function refusalOf(response: Response): Promise<string> {
  const { type } = (await response.json()) as { type: string };
  return `${response.status} ${type.replace('urn:claimcheck:problem:', '')}`;
}
