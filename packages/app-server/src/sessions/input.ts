// What sessions are asked for, as API bodies and forms bring it.
import { z } from 'zod';

/** Far above the longest password. */
const MAX_TYPED_CHARACTERS = 1024;

/** Which device to end, for somebody whose sign-in waits for room. */
export const makeRoomInput = z.strictObject({ end: z.string().max(64) });
export const proofInput = z.strictObject({
  password: z.string().max(MAX_TYPED_CHARACTERS),
  /** Of an account that has a second factor. */
  code: z.string().max(64).optional(),
});
export const proofForm = proofInput.extend({ next: z.string().optional() });
