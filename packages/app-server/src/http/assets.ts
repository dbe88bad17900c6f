// The style sheet, the icon and the script's modules: read once at start. What a page names carries the
// hash of its content, so that browsers keep it for a year and never show a stale one; modules that
// import each other are asked for by plain name, and answered with 304 while they are the same.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
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

const FOLDERS = ['../../assets/', '../browser/'];
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.js': 'text/javascript; charset=utf-8',
};

/** @throws Error when one is missing: the package was not built as a whole. */
export function loadAssets() {
  const all = new Map(FOLDERS.flatMap(readFolder));
  const urlOf = (name: string) => {
    const asset = all.get(name);
    if (asset === undefined) throw new Error(`${name} is missing; build by \`npm run build\``);
    return `/assets/${name}?v=${asset.hash}`;
  };
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

function readFolder(folder: string): [name: string, asset: Asset][] {
  const url = new URL(folder, import.meta.url);
  return readdirSync(url).flatMap((name): [string, Asset][] => {
    const type = TYPES[extname(name)];
    if (type === undefined) return [];
    const body = readFileSync(new URL(name, url));
    const hash = createHash('sha256').update(body).digest('base64url').slice(0, 16);
    return [[name, { body, type, hash }]];
  });
}
