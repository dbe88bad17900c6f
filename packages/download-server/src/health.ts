// For whoever supervises the process. Alive: it answers at all. Ready: a download could start now, so it
// has keys, its ledger answers, and it is not stopping.
import type { Context } from 'koa';
import type { KeySource } from '@claimcheck/shared/key-source';
import type { Ledger } from '@claimcheck/shared/ledger';

export interface HealthDependencies {
  keys: Pick<KeySource, 'ready'>;
  ledger: Pick<Ledger, 'check'>;
  isStopping: () => boolean;
}

export function createHealth({ keys, ledger, isStopping }: HealthDependencies) {
  /** What keeps downloads from starting, by name. */
  async function obstacles(): Promise<string[]> {
    const found: string[] = [];
    if (isStopping()) found.push('stopping');
    if (!keys.ready) found.push('keys');
    await ledger.check().catch(() => found.push('ledger'));
    return found;
  }

  return {
    livez(ctx: Context): void {
      answer(ctx, 200, { status: 'alive' });
    },
    async readyz(ctx: Context): Promise<void> {
      const missing = await obstacles();
      if (missing.length === 0) answer(ctx, 200, { status: 'ready' });
      else answer(ctx, 503, { status: 'not-ready', missing });
    },
  };
}

function answer(ctx: Context, status: number, body: object): void {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = body;
}
