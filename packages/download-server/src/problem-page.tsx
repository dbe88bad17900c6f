// The page a person sees instead of a file. It stands alone: no script, no image, nothing fetched, so it
// works on a download server that serves nothing else. It never shows the link or any part of it.
import { createHash } from 'node:crypto';
import { render } from 'preact-render-to-string';
import type { PageTexts } from './page-texts.js';
import { REFUSALS, type Refusal } from './problems.js';

const STYLE = `
:root{color-scheme:light dark;--back:#f6f5f2;--card:#fff;--text:#1c1b19;--soft:#5e5a53;--line:#dedbd3;--accent:#2a4fb8}
@media (prefers-color-scheme:dark){:root{--back:#151618;--card:#1e2023;--text:#ecebe8;--soft:#a9a7a1;--line:#34373c;--accent:#9db6ff}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--back);color:var(--text);font:1.0625rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:34rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:clamp(1.25rem,5vw,2.5rem)}
h1{margin:0 0 .75rem;font-size:clamp(1.35rem,5vw,1.75rem);line-height:1.25;text-wrap:balance}
p{margin:0 0 1rem}
.fetched{padding-inline-start:.85rem;border-inline-start:.25rem solid var(--accent);font-weight:600}
a.again{display:inline-block;padding:.65rem 1.1rem;border-radius:.5rem;background:var(--accent);color:var(--card);font-weight:600;text-decoration:none}
a.again:focus-visible{outline:3px solid var(--text);outline-offset:2px}
footer{margin-top:1.5rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem .75rem;margin:.5rem 0 0}
dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,Menlo,Consolas,monospace}
`;

/** The source expression that lets a Content-Security-Policy allow this page's style and no other. */
export const PAGE_STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

export interface ProblemPageProps {
  code: Refusal;
  requestId: string;
  texts: PageTexts;
  usedBetween?: { from: Date; to: Date } | undefined;
}

function ProblemPage({ code, requestId, texts, usedBetween }: ProblemPageProps) {
  const { title, fetched, advice } = texts.refusals[code];
  return (
    <html lang={texts.lang} dir={texts.dir}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <title>{title}</title>
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <main>
          <h1>{title}</h1>
          <p class="fetched">
            {usedBetween ? texts.fetchedBetween(usedBetween.from, usedBetween.to) : fetched}
          </p>
          <p>{advice}</p>
          {'retryAfterSeconds' in REFUSALS[code] && (
            <p>
              <a class="again" href="">
                {texts.tryAgain}
              </a>
            </p>
          )}
          <footer>
            {texts.help}
            <dl>
              <dt>{texts.problem}</dt>
              <dd>{code}</dd>
              <dt>{texts.request}</dt>
              <dd>{requestId}</dd>
            </dl>
          </footer>
        </main>
      </body>
    </html>
  );
}

/** A whole HTML document, under 10 KB. */
export function renderProblemPage(props: ProblemPageProps): string {
  return `<!doctype html>${render(<ProblemPage {...props} />)}`;
}
