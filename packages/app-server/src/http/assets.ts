// The style sheet and the script: read once at start, named by the hash of their content, so that
// browsers keep them for a year and never show a stale one.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Context, Next } from 'koa';

/** URLs for the pages. */
export interface Assets {
  style: string;
  script: string;
}

interface Asset {
  body: Buffer;
  type: string;
  hash: string;
}

const FILES = {
  'style.css': { location: '../../assets/style.css', type: 'text/css; charset=utf-8' },
  'icon.svg': { location: '../../assets/icon.svg', type: 'image/svg+xml' },
  'app.js': { location: '../browser/app.js', type: 'text/javascript; charset=utf-8' },
} as const;

/** @throws Error when one is missing: the package was not built as a whole. */
export function loadAssets() {
  const all = new Map<string, Asset>(
    Object.entries(FILES).map(([name, { location, type }]) => [name, readAsset(location, type)]),
  );
  const urlOf = (name: keyof typeof FILES) => `/assets/${name}?v=${all.get(name)?.hash ?? ''}`;
  const urls: Assets = { style: urlOf('style.css'), script: urlOf('app.js') };

  return {
    /** Middleware: gives the pages their URLs. */
    provide: async (ctx: Context, next: Next): Promise<void> => {
      ctx.state['assets'] = urls;
      await next();
    },
    /** Handler of `/assets/:name`. */
    serve: (ctx: Context): void => {
      const asset = all.get(String((ctx['params'] as Record<string, string>)['name']));
      if (asset === undefined) return;
      const isNamedByHash = ctx.query['v'] === asset.hash;
      ctx.set('Cache-Control', isNamedByHash ? 'public, max-age=31536000, immutable' : 'no-cache');
      ctx.etag = asset.hash;
      ctx.status = 200;
      if (ctx.fresh) {
        ctx.status = 304;
        return;
      }
      ctx.type = asset.type;
      ctx.body = asset.body;
    },
  };
}

/** The URLs, for a page's props. */
export function assetsOf(ctx: Context): Assets {
  return ctx.state['assets'] as Assets;
}

function readAsset(location: string, type: string): Asset {
  const url = new URL(location, import.meta.url);
  let body: Buffer;
  try {
    body = readFileSync(url);
  } catch (error) {
    throw new Error(`${url.pathname} is missing; build everything with \`npm run build\``, {
      cause: error,
    });
  }
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 16);
  return { body, type, hash };
}
