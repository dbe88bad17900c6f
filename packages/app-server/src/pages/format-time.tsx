// Times for people. The server does not know the reader's time zone, so it says UTC in full; the
// script, where there is one, rewrites each `<time>` for the reader's zone and language.

/** How much of an instant is shown: `full` has date and time, `clock` the time alone. */
export type TimeForm = 'full' | 'clock';

const FORMATS: Record<TimeForm, Intl.DateTimeFormat> = {
  full: new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'UTC',
  }),
  clock: new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'UTC',
  }),
};

/** `22 Nov 2026, 12:34 UTC` or `12:34 UTC`. */
export function formatTime(at: Date, form: TimeForm = 'full'): string {
  return `${FORMATS[form].format(at)}\u00a0UTC`;
}

export function Time({ at, form = 'full' }: { at: Date; form?: TimeForm }) {
  return (
    <time dateTime={at.toISOString()} data-form={form}>
      {formatTime(at, form)}
    </time>
  );
}
