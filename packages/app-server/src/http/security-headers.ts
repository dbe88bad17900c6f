// Headers of every answer. The pages need one style sheet, one script and forms; the policy allows
// just that. The download origin is a form target because the download form is answered by a
// redirect to it, and Chromium checks those too; so is where people are handed over to.
import helmet from 'koa-helmet';

export function securityHeaders(downloadOrigin: string, handOffTo: readonly string[]) {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'", downloadOrigin, ...handOffTo],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Not `no-referrer`: with it a same-origin form sends `Origin: null`, which CSRF would refuse.
    referrerPolicy: { policy: 'same-origin' },
    // Whoever runs this may have other services on subdomains, which are not ours to promise for.
    strictTransportSecurity: { maxAge: 365 * 24 * 60 * 60, includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  });
}
