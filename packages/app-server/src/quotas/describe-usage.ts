// What an account uses of what it may have, as its pages show it.
import type { AppContext } from '../context.js';
import { readQuota, readUsage, type Quota, type Usage } from './quota.js';

/** Both, read for one page. */
export async function describeUsage(
  context: Pick<AppContext, 'config' | 'db' | 'now'>,
  accountId: string,
): Promise<{ usage: Usage; quota: Quota }> {
  const quota = await readQuota(context, accountId);
  return { quota, usage: await readUsage(context, accountId) };
}
