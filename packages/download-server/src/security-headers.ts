// Headers that every answer carries. They suit the problem page, the only document this server has; a
// file's answer replaces the policy by a stricter one (plan-response.ts). None depends on the request, so they
// are made once, by helmet, and only copied afterwards.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import { PAGE_STYLE_HASH } from './problem-page.js';

/**
 * Names and values in turn.
 * @param origin this server's origin: only an https one may promise to stay https.
 */
export function securityHeaders(origin: string): readonly string[] {
  // A response that nobody gets: helmet writes its headers to nothing else.
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'style-src': [PAGE_STYLE_HASH],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    // The address of a page here holds a token.
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    // Not for the subdomains: they are not this server's to speak for.
    strictTransportSecurity: origin.startsWith('https:') && { includeSubDomains: false },
  });
  protect(response.req, response, (error) => {
    if (error instanceof Error) throw error;
  });
  // As they are spelt; `getHeaderNames` has them in lower case.
  const names = (response as ServerResponse & RawNames).getRawHeaderNames();
  return names.flatMap((name) => [name, String(response.getHeader(name))]);
}

/** Node's own, since 15.4; its types leave it out. */
interface RawNames {
  getRawHeaderNames(): string[];
}
