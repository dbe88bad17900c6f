// What links are asked for, as API bodies and forms bring it.
import { z } from 'zod';
import { normaliseEmail } from '../accounts/email.js';

const DAY_SECONDS = 24 * 60 * 60;
export const DEFAULT_LINK_SECONDS = 7 * DAY_SECONDS;
export const LONGEST_LINK_SECONDS = 90 * DAY_SECONDS;
export const MAX_COPIES = 1000;
const MAX_RECIPIENTS = 100;
const MAX_FILES = 20;
/** Characters. */
export const MAX_MESSAGE = 2000;

const fileId = z
  .string({ error: 'expected the id of a file' })
  .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'expected the id of a file' });

export const recipient = z.string().transform((text, check) => {
  const normalised = normaliseEmail(text);
  if (normalised === undefined) {
    check.addIssue({ code: 'custom', message: 'expected an e-mail address' });
    return z.NEVER;
  }
  return normalised;
});

/** One or several; taken apart first, so that a fault names the one that is wrong. */
const recipients = z
  .preprocess(
    (to) => (typeof to === 'string' ? [to] : to),
    z.array(recipient).min(1).max(MAX_RECIPIENTS),
  )
  .meta({
    asJson: {
      description: 'One address or several: each gets a link of its own, by mail.',
      anyOf: [
        { type: 'string', format: 'email' },
        {
          type: 'array',
          items: { type: 'string', format: 'email' },
          minItems: 1,
          maxItems: MAX_RECIPIENTS,
        },
      ],
    },
  });

const copies = z.int({ error: 'expected a whole number' }).min(1).max(MAX_COPIES);
const expiresInSeconds = z
  .int({ error: 'expected a whole number of seconds' })
  .min(1)
  .max(LONGEST_LINK_SECONDS);

/** A few lines of text; other control characters have no place in a mail. */
const message = z
  .string()
  .max(MAX_MESSAGE)
  .transform((text) => text.replaceAll('\r\n', '\n').trim())
  .refine((text) => text.isWellFormed() && !/[^\P{Cc}\n\t]/u.test(text), {
    message: 'control characters are not allowed',
  });

/** `POST /api/links`. `uses` is another name for `copies`. */
export const newLinksInput = z
  .strictObject({
    fileId: fileId.exactOptional(),
    fileIds: z.array(fileId).min(1).max(MAX_FILES).exactOptional(),
    to: recipients.exactOptional(),
    copies: copies.exactOptional(),
    uses: copies.exactOptional(),
    expiresInSeconds: expiresInSeconds.exactOptional(),
    message: message.exactOptional(),
    code: z.boolean().exactOptional(),
    notify: z.boolean().exactOptional(),
  })
  .refine((wish) => (wish.fileId === undefined) !== (wish.fileIds === undefined), {
    message: 'expected either fileId or fileIds',
    path: ['fileId'],
  })
  .refine((wish) => wish.copies === undefined || wish.uses === undefined, {
    message: 'expected either copies or uses',
    path: ['copies'],
  })
  .transform((wish) => ({
    fileIds: [...new Set(wish.fileIds ?? [wish.fileId ?? ''])],
    recipients: [...new Set(wish.to ?? [])],
    copies: wish.copies ?? wish.uses ?? 1,
    expiresInSeconds: wish.expiresInSeconds ?? DEFAULT_LINK_SECONDS,
    message: wish.message === undefined || wish.message === '' ? null : wish.message,
    code: wish.code ?? false,
    notify: wish.notify ?? true,
  }));

export type NewLinks = z.infer<typeof newLinksInput>;

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const whole = z.string().regex(/^\d{1,9}$/, { error: 'expected a whole number' });

/** The form of the page: the same wish, every field a text. */
export const newLinksForm = z
  .object({
    fileId: oneOrMore.optional(),
    to: z.string().max(30_000).optional(),
    copies: whole.optional(),
    days: whole.optional(),
    message: z.string().optional(),
    code: z.string().optional(),
    notify: z.string().optional(),
  })
  .transform((form, check) => {
    const to = (form.to ?? '').split(/[\s,;]+/).filter((each) => each !== '');
    const parsed = newLinksInput.safeParse({
      fileIds: form.fileId ?? [],
      ...(to.length === 0 ? {} : { to }),
      ...(form.copies === undefined ? {} : { copies: Number(form.copies) }),
      ...(form.days === undefined ? {} : { expiresInSeconds: Number(form.days) * DAY_SECONDS }),
      ...(form.message === undefined ? {} : { message: form.message }),
      code: form.code !== undefined,
      notify: form.notify !== undefined,
    });
    if (parsed.success) return parsed.data;
    for (const { path, message: fault } of parsed.error.issues) {
      // One sentence a field, whichever entry of it is wrong.
      const [field = ''] = path;
      const nth = field === 'to' && typeof path[1] === 'number' ? ` (${to[path[1]]})` : '';
      const said = field === 'fileIds' ? 'choose 1 to 20 files' : `${fault}${nth}`;
      check.addIssue({ code: 'custom', path: [field], message: said });
    }
    return z.NEVER;
  });

/** `PATCH /api/links/{id}`. The life counts from now; copies can only be added. */
export const linkChangeInput = z
  .strictObject({
    expiresInSeconds: expiresInSeconds.exactOptional(),
    copies: copies.exactOptional(),
    notify: z.boolean().exactOptional(),
  })
  .refine((change) => Object.keys(change).length > 0, { message: 'expected something to change' });

export type LinkChange = z.infer<typeof linkChangeInput>;

/** `POST /api/links/{id}/send`. */
export const sendAgainInput = z.strictObject({ to: recipient.exactOptional() });

/** What is revoked at once: every link to a file, or to an address. */
export const revokeManyInput = z
  .object({ fileId: fileId.optional(), to: recipient.optional() })
  .refine(({ fileId: file, to }) => (file === undefined) !== (to === undefined), {
    message: 'expected either fileId or to',
    path: ['fileId'],
  });

/** What a list can be narrowed to. */
export const linkFilter = z
  .object({ fileId: fileId.optional(), to: recipient.optional() })
  .transform(({ fileId: file, to }) => ({ fileId: file, to }));
