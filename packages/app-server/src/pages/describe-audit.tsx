// Entries of the audit trail in plain words, wherever they are shown.
import { describeAction } from '../audit/describe-action.js';
import { formatSize } from '#browser/format-size.js';

type Details = Readonly<Record<string, string | number | boolean | null>>;

/** How the details are called where they are read by people; others by their names. */
const NAMES: Readonly<Record<string, string>> = {
  name: 'file',
  bytes: 'size',
  fileId: 'file',
  claimId: 'claim',
  linksPerDay: 'links per day',
  sessionsEnded: 'sessions ended',
  expiresAt: 'until',
};

/** `signed in`, with a capital letter. */
export function ActionWords({ action }: { action: string }) {
  const words = describeAction(action);
  return <>{words.charAt(0).toUpperCase() + words.slice(1)}</>;
}

export function DetailList({ subject, details }: { subject: string | null; details: Details }) {
  const entries = Object.entries(details).filter(([, value]) => value !== null && value !== '');
  if (entries.length === 0 && subject === null) return null;
  return (
    <ul class="audit-details">
      {entries.map(([name, value]) => (
        <li key={name}>
          {NAMES[name] ?? name}: <bdi>{inWords(name, value)}</bdi>
        </li>
      ))}
      {subject !== null && (
        <li class="hint">
          <code>{subject}</code>
        </li>
      )}
    </ul>
  );
}

function inWords(name: string, value: string | number | boolean | null): string {
  if (name === 'bytes' && typeof value === 'number') return formatSize(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}
