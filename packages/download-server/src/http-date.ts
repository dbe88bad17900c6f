// HTTP-date (RFC 9110 section 5.6.7): one form is written, three are read, and nothing else: what `Date`
// would guess from other text is not a date.
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = '(\\d{2}):(\\d{2}):(\\d{2})';
const IMF_FIXDATE = new RegExp(`^[A-Z][a-z]{2}, (\\d{2}) ([A-Z][a-z]{2}) (\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(`^[A-Z][a-z]{5,8}, (\\d{2})-([A-Z][a-z]{2})-(\\d{2}) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \\d]\\d) ${TIME} (\\d{4})$`);

/** IMF-fixdate of an instant in Unix milliseconds, cut to whole seconds. */
export function formatHttpDate(unixMs: number): string {
  return new Date(unixMs).toUTCString();
}

/**
 * Unix milliseconds, or undefined when the text is no HTTP-date.
 * @param nowMs decides the century of a two-digit year: never more than 50 years ahead, to the second.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const fixdate = IMF_FIXDATE.exec(text);
  if (fixdate) {
    const [, day, month, year, h, m, s] = fixdate;
    return instantOf(Number(year), month, day, h, m, s);
  }
  const asctime = ASCTIME.exec(text);
  if (asctime) {
    const [, month, day, h, m, s, year] = asctime;
    return instantOf(Number(year), month, day, h, m, s);
  }
  const rfc850 = RFC_850.exec(text);
  if (!rfc850) return undefined;
  const [, day, month, twoDigits, h, m, s] = rfc850;
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(twoDigits);
  const instant = instantOf(year, month, day, h, m, s);
  const farthestMs = new Date(nowMs).setUTCFullYear(thisYear + 50);
  return instant !== undefined && instant <= farthestMs
    ? instant
    : instantOf(year - 100, month, day, h, m, s);
}

function instantOf(year: number, monthName = '', ...rest: (string | undefined)[]) {
  const month = MONTHS.indexOf(monthName);
  const [day = 0, hour = 0, minute = 0, second = 0] = rest.map(Number);
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  // The 31st of June would have become the 1st of July.
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month) return undefined;
  return date.setUTCHours(hour, minute, second);
}
