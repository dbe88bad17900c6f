// How long a link is to live, as a field of a form: the same choice where it is made and where it is
// extended.

/** What the page offers; the API takes any number of seconds. */
const DAYS = [
  { days: 1, words: '1 day' },
  { days: 7, words: '7 days' },
  { days: 14, words: '14 days' },
  { days: 30, words: '30 days' },
  { days: 90, words: '90 days' },
] as const;

export function DaysField({ label }: { label: string }) {
  return (
    <div class="field">
      <label for="days">{label}</label>
      <select id="days" name="days">
        {DAYS.map(({ days, words }) => (
          <option key={days} value={days} selected={days === 7}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}
