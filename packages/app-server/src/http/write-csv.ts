// Lists as CSV (RFC 4180), for spreadsheets. A cell that a spreadsheet would take for a formula is
// written so that it is text: file names and addresses come from other people.

export type CsvValue = string | number | boolean | Date | null | undefined;

/** OWASP, "CSV injection": what a formula may begin with. */
const FORMULA = /^[=+\-@\t\r]/;

/** Begins a file: lets Excel read it as UTF-8. */
export const BYTE_ORDER_MARK = '\ufeff';

/** Rows with their head, lines ended by CRLF. */
export function toCsv(head: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  return BYTE_ORDER_MARK + toCsvLines([head, ...rows]);
}

/** Rows alone, for files that are written piece by piece. */
export function toCsvLines(rows: readonly (readonly CsvValue[])[]): string {
  return rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}

function cellOf(value: CsvValue): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
