// One claim as a command line, for those without the script (with it, the command goes straight to
// the clipboard). The address stands in the page's body alone; the page itself is never cached.
import { curlCommand, wgetCommand } from '#browser/command-line.js';
import { renderDocument } from './document.js';
import { FileName } from './file-name.js';
import { Time } from './format-time.js';
import { Icon } from './icon.js';
import type { Assets, Viewer } from './props.js';

export interface CurlProps {
  assets: Assets;
  viewer: Viewer;
  fileName: string;
  claimId: string;
  /** The claim's address on the download server. */
  url: string;
  expiresAt: Date;
}

export function renderCurl(props: CurlProps): string {
  const { assets, viewer, fileName, url, expiresAt } = props;
  const claim = { id: props.claimId, url };
  return renderDocument({
    assets,
    viewer,
    section: '/files',
    title: 'Download by command line',
    children: (
      <>
        <h1>Download by command line</h1>
        <section class="card stack" aria-label="Commands">
          <p>
            Either command fetches <FileName name={fileName} />. The link in it works once, until{' '}
            <Time at={expiresAt} form="clock" />: use one of the two.
          </p>
          <Command id="curl" program="curl" command={curlCommand(claim)} />
          <Command id="wget" program="wget" command={wgetCommand(claim)} />
          <p class="hint">
            If the download breaks off, run the same command again within 15 minutes: it goes on
            where it stopped. Once the file is whole, curl answers that with error 416 and changes
            nothing. The few characters in the file’s name keep it from being appended to another
            file.
          </p>
          <p class="hint">
            Whoever has the link can use it. Do not paste it where others read along.
          </p>
        </section>
        <p>
          <a href="/files">Back to your files</a>
        </p>
      </>
    ),
  });
}

function Command({ id, program, command }: { id: string; program: string; command: string }) {
  return (
    <div class="field">
      <label for={id}>With {program}</label>
      <div class="command">
        <textarea id={id} class="code" rows={6} readOnly spellcheck={false} autocomplete="off">
          {command}
        </textarea>
        <button class="button scripted-only" type="button" data-copy-from={id}>
          <Icon name="copy" />
          Copy<span class="visually-hidden"> the {program} command</span>
        </button>
      </div>
    </div>
  );
}
