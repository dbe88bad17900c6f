// A form that was refused is shown again with the reason beside it, at the refusal's status. Only
// refusals that the person can mend are; outages and the like go on to the error page.
import { logFields } from '@claimcheck/shared/http';
import type { Context } from 'koa';
import { APP_PROBLEMS, Refused, type AppRefusal } from './problems.js';

const MENDABLE: ReadonlySet<AppRefusal> = new Set([
  'invalid-input',
  'wrong-credentials',
  'too-many-attempts',
  'conflict',
  'wrong-second-factor',
  'passkey-refused',
  'links-used-up',
]);

/** Field names as the forms label them. */
const LABELS: Readonly<Record<string, string>> = {
  email: 'E-mail address',
  password: 'Password',
  currentPassword: 'Current password',
  newPassword: 'New password',
  role: 'Role',
  megabytes: 'Storage',
  files: 'Files',
  linksPerDay: 'Links within 24 hours',
  fileIds: 'Files',
  to: 'To',
  copies: 'Downloads',
  days: 'Days',
  message: 'Message',
  url: 'Address',
  code: 'Code',
  name: 'Name',
  scopes: 'It may',
};

/** Does `action`; returns undefined, or the reason why it was refused, having set the status. */
export async function pageRefusal(
  ctx: Context,
  action: () => Promise<unknown>,
): Promise<string | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refused) || !MENDABLE.has(error.code)) throw error;
    const { status, title, advice } = APP_PROBLEMS[error.code];
    ctx.status = status;
    if (error.retryAfterSeconds !== undefined) {
      ctx.set('Retry-After', String(error.retryAfterSeconds));
    }
    logFields(ctx, { refusal: error.code });
    if (error.code === 'invalid-input') return inPlainWords(error.detail ?? advice);
    return `${title}. ${error.detail ?? advice}`;
  }
}

function inPlainWords(detail: string): string {
  return detail.replace(/(^|; )([A-Za-z]+): /g, (_, start: string, field: string) => {
    return `${start}${LABELS[field] ?? field}: `;
  });
}
