// Quotas as API bodies, forms and settings bring them, and as they are told.
import { z } from 'zod';

/** Bytes; the most a file system of ours is thought to have, and far below 2^53. */
export const MOST_BYTES = 2 ** 50;
export const MOST_FILES = 2 ** 31 - 1;
export const MOST_LINKS = 1_000_000;

const whole = (most: number) =>
  z
    .int({ error: `expected a whole number from 0 to ${most}, or null for the default` })
    .min(0)
    .max(most)
    .nullable()
    .exactOptional();

/** Part of `PATCH /api/accounts/{id}`; null is the default of the settings. */
export const quotaInput = z.strictObject({
  bytes: whole(MOST_BYTES),
  files: whole(MOST_FILES),
  linksPerDay: whole(MOST_LINKS),
});

const MB = 1_000_000;

/** A number as a person types it; empty is the default. */
const typed = (most: number, unit = 1) =>
  z
    .string()
    .trim()
    .regex(/^(?:\d{1,12}(?:\.\d{1,6})?)?$/, { error: 'expected a number, or nothing' })
    .transform((text) => (text === '' ? null : Math.round(Number(text) * unit)))
    .refine((value) => value === null || value <= most, {
      error: `expected at most ${most / unit}`,
    });

/** The form of an account's page: storage in MB. */
export const quotaForm = z
  .object({
    megabytes: typed(MOST_BYTES, MB),
    files: typed(MOST_FILES),
    linksPerDay: typed(MOST_LINKS),
  })
  .transform(({ megabytes, files, linksPerDay }) => ({ bytes: megabytes, files, linksPerDay }));

/** How a quota is told; null is unlimited, or of own values the default. */
export const quotaOutput = z.object({
  bytes: z.int().nullable(),
  files: z.int().nullable(),
  linksPerDay: z.int().nullable(),
});
export const usageOutput = z.object({
  bytes: z.int(),
  files: z.int(),
  /** Made, or given a new address, within the last 24 hours. */
  links: z.int(),
});
