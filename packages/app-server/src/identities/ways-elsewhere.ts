// What the sign-in page offers besides the password: the provider, and the servers that hand people over.
import type { IdentityContext } from '../context.js';

export interface WayElsewhere {
  href: string;
  /** What people call it. */
  name: string;
}

/** @param next path to end on, checked to be one of ours. */
export function waysElsewhere(
  { provider, handOffPeers }: Pick<IdentityContext, 'provider' | 'handOffPeers'>,
  next: string | undefined,
): WayElsewhere[] {
  const wish: Record<string, string> = next === undefined ? {} : { next };
  return [
    ...(provider ? [{ href: address('/sign-in/provider', wish), name: provider.name }] : []),
    ...handOffPeers.all.map(({ name }) => ({
      href: address('/hand-off/begin', { from: name, ...wish }),
      name,
    })),
  ];
}

function address(path: string, query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Signing out here leaves the provider's own session as it is: who wants that ended is led there. */
export function signOutElsewhere({
  provider,
}: Pick<IdentityContext, 'provider'>): WayElsewhere | undefined {
  return provider && { href: '/sign-out/provider', name: provider.name };
}
