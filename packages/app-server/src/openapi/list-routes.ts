// The routes that an app really answers, from its router: what descriptions are held against.
import type Koa from 'koa';

export interface ListedRoute {
  method: string;
  /** As OpenAPI writes it: `/api/files/{id}`. */
  path: string;
}

/** @throws TypeError when the app has no router. */
export function listRoutes(app: Koa): ListedRoute[] {
  const routed = app.middleware.find((each) => 'router' in each) as
    | { router: { stack: readonly { methods: readonly string[]; path: string | RegExp }[] } }
    | undefined;
  if (routed === undefined) throw new TypeError('the app has no router');
  return routed.router.stack.flatMap(({ methods, path }) =>
    // The router answers HEAD wherever it answers GET.
    methods
      .filter((method) => method !== 'HEAD')
      .map((method) => ({ method, path: String(path).replaceAll(/:([A-Za-z]+)/g, '{$1}') })),
  );
}
