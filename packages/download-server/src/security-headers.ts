// Headers that every answer carries. They suit the problem page, the only document this server has; a
// file's answer replaces the policy by a stricter one (plan-response.ts).
import type { Middleware } from 'koa';
import helmet from 'koa-helmet';
import { PAGE_STYLE_HASH } from './problem-page.js';

/** @param origin this server's origin: only an https one may promise to stay https. */
export function securityHeaders(origin: string): Middleware {
  return helmet({
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
}
