// Which browser and system a session came from, in words a person recognises. A user agent is a
// claim of its sender, so this is for recognition only; what is not known is said to be unknown.

/** First match wins: what imitates another browser stands before it (Edge says Chrome and Safari). */
const BROWSERS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\/(\d+)/],
  ['Opera', /\b(?:OPR|Opera|OPT)\/(\d+)/],
  ['Samsung Internet', /\bSamsungBrowser\/(\d+)/],
  ['DuckDuckGo', /\b(?:DuckDuckGo|Ddg)\/(\d+)/],
  ['Vivaldi', /\bVivaldi\/(\d+)/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d+)/],
  ['Chrome', /\b(?:Chrome|CriOS|HeadlessChrome)\/(\d+)/],
  ['Safari', /\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//],
  ['curl', /^curl\/(\d+)/],
  ['Wget', /^Wget\d?\/(\d+)/],
  ['aria2', /^aria2\/(\d+)/],
  ['PowerShell', /\b(?:Windows)?PowerShell\/(\d+)/],
  ['Python', /^(?:python-requests|Python-urllib|python-httpx|aiohttp)\b/i],
  ['Go', /^Go-http-client\b/],
  ['Node.js', /^(?:node|undici)\b/i],
];

const SYSTEMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  // An iPad that asks for desktop sites says the same.
  ['macOS', /\bMacintosh\b/],
  ['FreeBSD', /\bFreeBSD\b/],
  ['Linux', /\bLinux\b/],
];

/** Longer texts are cut: nobody's browser needs them, and the patterns stay cheap. */
const MAX_LENGTH = 512;

/** `Firefox 132 on Windows`, `curl 8`, `Unknown browser on Linux` or `Unknown browser`. */
export function readUserAgent(userAgent: string): string {
  const text = userAgent.slice(0, MAX_LENGTH);
  const system = SYSTEMS.find(([, pattern]) => pattern.test(text))?.[0];
  const browser = readBrowser(text) ?? 'Unknown browser';
  return system === undefined ? browser : `${browser} on ${system}`;
}

function readBrowser(text: string): string | undefined {
  for (const [name, pattern] of BROWSERS) {
    const match = pattern.exec(text);
    if (match) return match[1] === undefined ? name : `${name} ${match[1]}`;
  }
  return undefined;
}
