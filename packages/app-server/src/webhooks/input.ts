// What a webhook is asked for, as API bodies and forms bring it.
import { z } from 'zod';
import { webhookUrlFault } from './webhooks.js';

/** `POST /api/webhooks`. @param allowPrivate whether it may lead to this very machine. */
export function webhookInput(allowPrivate: boolean) {
  return z.object({
    url: z
      .string()
      .trim()
      .superRefine((url, check) => {
        const fault = webhookUrlFault(url, allowPrivate);
        if (fault !== undefined) check.addIssue({ code: 'custom', message: fault });
      }),
  });
}
