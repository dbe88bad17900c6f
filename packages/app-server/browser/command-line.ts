// Commands that fetch a claim's URL, or press a link's button, from a terminal. They must survive being pasted into sh, fish,
// PowerShell and cmd alike: double quotes are the one form that all four take, so every character
// that means something inside them is percent-encoded first (RFC 3986 section 2.1).

/** Everything but unreserved characters, `/`, `:`, `%`, `?`, `=`, `&`, `+`, `,`, `@` and `;`. */
const UNSAFE = /[^A-Za-z0-9\-._~/:%?=&+,@;]/g;

/** `-f`: an error page is not saved as the file; `-OJ`: under the name that the server gives. */
export function curlCommand(url: string): string {
  return `curl -fOJ "${quotable(url)}"`;
}

/**
 * Presses the button of a link's page: posts the page's form and follows it to the file (`-L`).
 * @param fields names and values of the form, of letters, digits, `.` and `-` alone.
 */
export function pressCommand(url: string, fields: Readonly<Record<string, string>>): string {
  const data = Object.entries(fields).map(([name, value]) => `-d ${name}=${value}`);
  return ['curl -fLOJ', ...data, `"${quotable(url)}"`].join(' ');
}

export function wgetCommand(url: string): string {
  return `wget --content-disposition "${quotable(url)}"`;
}

/** The same address without a character that a shell would read. Throws TypeError on a non-URL. */
function quotable(url: string): string {
  return new URL(url).href.replace(
    UNSAFE,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
