// What was typed into a form that was refused, to show it again.
import type { Context } from 'koa';

/** The field as it came, after `readForm` has read the body. Never asked for passwords. */
export function typedText(ctx: Context, field: string): string | undefined {
  const value = (ctx.request.body as Record<string, unknown> | undefined)?.[field];
  return typeof value === 'string' ? value : undefined;
}
