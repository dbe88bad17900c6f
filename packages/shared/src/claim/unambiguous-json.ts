// JSON that every parser reads alike. RFC 8259 leaves open what a name that stands twice means (section 4) and what
// a byte order mark is (section 8.1): signed by a confused minter, such a text would be one claim to one verifier and
// another to the next. So neither is accepted.
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const BYTE_ORDER_MARK = 0xfe_ff;

/**
 * Whether `text` says each of its names once, and begins with no byte order mark.
 * @param parsed what `JSON.parse` made of it: where a name stood twice it has fewer members than the text.
 */
export function isUnambiguousJson(text: string, parsed: unknown): boolean {
  return text.charCodeAt(0) !== BYTE_ORDER_MARK && membersIn(text) === membersOf(parsed);
}

/** In a JSON text a colon outside of strings stands for one member. Strings, most of it, are leapt over. */
function membersIn(text: string): number {
  let members = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === COLON) members += 1;
    else if (character === QUOTE) at = endOfString(text, at);
  }
  return members;
}

/** The place of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own: unknown[] = Object.values(value);
  let members = Array.isArray(value) ? 0 : own.length;
  for (const each of own) members += membersOf(each);
  return members;
}
