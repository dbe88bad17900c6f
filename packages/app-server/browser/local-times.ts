// Times in the reader's zone. The server writes them in UTC, which it can know; here the browser's
// own zone and language take over, and what the server wrote becomes the title.

export function localise(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>('time:not([title])')) {
    time.title = time.textContent;
    time.textContent = inLocalWords(new Date(time.dateTime), time.dataset['form'] === 'clock');
  }
}

const startOfDay = (date: Date) => new Date(date).setHours(0, 0, 0, 0);

export function inLocalWords(at: Date, clockOnly: boolean): string {
  const now = new Date();
  const daysAgo = Math.round((startOfDay(now) - startOfDay(at)) / 86_400_000);
  const clock = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  if (daysAgo === 0) return clockOnly ? clock : `today, ${clock}`;
  if (daysAgo === 1) return `yesterday, ${clock}`;
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return `${at.toLocaleDateString([], { day: 'numeric', month: 'short', ...year })}, ${clock}`;
}
