// Random public ids. Long enough that none is ever guessed or drawn twice; base64url, so that they
// stand in URLs, claims and storage keys as they are.
import { randomBytes } from 'node:crypto';

/** Account, file and session references: 72 bits, 12 characters. */
export const ID_BYTES = 9;
/** Storage keys: 96 bits, 16 characters. */
export const STORAGE_KEY_BYTES = 12;

/** Random bytes as base64url without padding. */
export function newId(bytes: number = ID_BYTES): string {
  return randomBytes(bytes).toString('base64url');
}
