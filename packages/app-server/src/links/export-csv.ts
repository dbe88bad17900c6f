// Lists as CSV (RFC 4180), for spreadsheets. A cell that a spreadsheet would take for a formula is
// written so that it is text: file names and addresses come from other people.

type Value = string | number | boolean | Date | null | undefined;

/** OWASP, "CSV injection": what a formula may begin with. */
const FORMULA = /^[=+\-@\t\r]/;

/** Rows with their head, lines ended by CRLF. A byte order mark lets Excel read it as UTF-8. */
export function toCsv(head: readonly string[], rows: readonly (readonly Value[])[]): string {
  const lines = [head, ...rows].map((row) => row.map(cellOf).join(','));
  return `\ufeff${lines.join('\r\n')}\r\n`;
}

function cellOf(value: Value): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
