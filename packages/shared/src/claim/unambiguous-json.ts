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

/** In a JSON text a colon outside of strings stands for one member. */
function membersIn(text: string): number {
  let members = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (inString && character === BACKSLASH) at += 1;
    else if (character === QUOTE) inString = !inString;
    else if (character === COLON && !inString) members += 1;
  }
  return members;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Object.values(value);
  const nested = own.reduce<number>((sum, each) => sum + membersOf(each), 0);
  return Array.isArray(value) ? nested : own.length + nested;
}
