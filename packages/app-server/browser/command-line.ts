// Commands that fetch a claim's URL from a terminal, and go on where they broke off when they are run again, and one
// that presses a link's button.
// They must survive being pasted into sh, fish, PowerShell and cmd alike: double quotes are the one form that
// all four take, so nothing that means something inside them may stand there.

/** A claim, as far as a command is concerned. */
export interface Fetchable {
  /** The claim's id, which is no secret. */
  id: string;
  /** Its address, with the file's name as the last part of the path. */
  url: string;
}

/** Everything but unreserved characters, `/`, `:`, `%`, `?`, `=`, `&`, `+`, `,`, `@` and `;`. */
const UNSAFE_IN_URL = /[^A-Za-z0-9\-._~/:%?=&+,@;]/g;

/**
 * Everything but letters and digits of any script, pictures, and a few ASCII characters that mean nothing
 * within double quotes. Out go also the accents and strokes by themselves that Windows, for programs with an
 * eight-bit command line, turns into `"`, `/` or `\` (U+02BA, U+030E, U+0338 and their like).
 */
const UNSAFE_IN_NAME =
  /[^\p{L}\p{M}\p{N}\p{So}\p{Pd} ._,+=@()[\]&'-]|[\u02b0-\u036f\u20d0-\u20ff]/gu;

/** Most file systems' limit, in UTF-8 bytes. */
const MAX_NAME_BYTES = 255;

/** `-f`: an error page is not saved as the file; `-C -`: from where the file there ends. */
export function curlCommand(claim: Fetchable): string {
  return `curl -f -C - -o "${savedName(claim)}" "${quotable(claim.url)}"`;
}

/** wget goes on by itself when a connection breaks; `-c`: also when it is run again. */
export function wgetCommand(claim: Fetchable): string {
  return `wget -c -O "${savedName(claim)}" "${quotable(claim.url)}"`;
}

/**
 * Presses the button of a link's page: posts the page's form and follows it to the file (`-L`).
 * @param fields names and values of the form, of letters, digits, `.` and `-` alone.
 */
export function pressCommand(url: string, fields: Readonly<Record<string, string>>): string {
  const data = Object.entries(fields).map(([name, value]) => `-d ${name}=${value}`);
  return ['curl -fLOJ', ...data, `"${quotable(url)}"`].join(' ');
}

/**
 * Under which name the commands save. It carries a few characters of the claim's id: both programs append to
 * whatever they find under the name, so it must be one that no other file, or older version, can have.
 */
export function savedName({ id, url }: Fetchable): string {
  const safe = (nameIn(url) || 'file').normalize('NFC').replace(UNSAFE_IN_NAME, '_');
  // Neither hidden nor read as an option.
  const visible = safe.replace(/^[-. ]+/, '_');
  const [, stem = visible, extension = ''] =
    /^(.+?)((?:\.tar)?\.[A-Za-z0-9]{1,8})$/.exec(visible) ?? [];
  const end = `-${id.replace(/[^A-Za-z0-9]/g, '').slice(0, 6)}${extension}`;
  const characters = Array.from(stem);
  while (bytesOf(characters.join('') + end) > MAX_NAME_BYTES) characters.pop();
  return characters.join('') + end;
}

function nameIn(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The same address without a character that a shell would read. Throws TypeError on a non-URL. */
function quotable(url: string): string {
  return new URL(url).href.replace(
    UNSAFE_IN_URL,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
