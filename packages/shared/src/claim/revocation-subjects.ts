// What a claim hangs from: each of these can be revoked, and the burn checks them all in its one
// atomic step. The strings are the ledger's, so both servers build them here and nowhere else.
import type { Claim } from './claim.js';

export type RevocationSubject = `${'claim' | 'session' | 'account' | 'file'}:${string}`;

export const subjectOf = {
  claim: (nonce: string): RevocationSubject => `claim:${nonce}`,
  session: (reference: string): RevocationSubject => `session:${reference}`,
  account: (id: string): RevocationSubject => `account:${id}`,
  file: (storageKey: string): RevocationSubject => `file:${storageKey}`,
} as const;

/** Everything whose revocation kills this claim. */
export function revocationSubjects(claim: Claim): RevocationSubject[] {
  const subjects = [subjectOf.claim(claim.jti), subjectOf.account(claim.sub)];
  if (claim.act === 'download') {
    subjects.push(subjectOf.file(claim.fil.key));
    if (claim.ses !== undefined) subjects.push(subjectOf.session(claim.ses));
  }
  return subjects;
}
