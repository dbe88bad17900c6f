// What a claim hangs from: each of these can be revoked, and the burn checks them all in its one
// atomic step. The strings are the ledger's, so both servers build them here and nowhere else.
import type { Claim } from './claim.js';
import type { KeyId } from './key-id.js';

export type RevocationSubject =
  `${'claim' | 'session' | 'account' | 'file' | 'link' | 'key'}:${string}`;

const LINK = 'link:';

export const subjectOf = {
  claim: (nonce: string): RevocationSubject => `claim:${nonce}`,
  session: (reference: string): RevocationSubject => `session:${reference}`,
  account: (id: string): RevocationSubject => `account:${id}`,
  file: (storageKey: string): RevocationSubject => `file:${storageKey}`,
  link: (id: string): RevocationSubject => `link:${id}`,
  /** The signing key: its revocation is for ever, and kills whatever it signs, whenever that says it was issued. */
  key: (id: KeyId): RevocationSubject => `key:${id}`,
} as const;

/** Everything whose revocation kills this claim, that the key `keyId` has signed. */
export function revocationSubjects(claim: Claim, keyId: KeyId): RevocationSubject[] {
  const subjects = [subjectOf.claim(claim.jti), holderOf(claim.sub)];
  if (claim.act === 'download') {
    subjects.push(subjectOf.file(claim.fil.key));
    if (claim.ses !== undefined) subjects.push(subjectOf.session(claim.ses));
    if (claim.acc !== undefined) subjects.push(subjectOf.account(claim.acc));
  }
  if (claim.act === 'hand-off') subjects.push(subjectOf.session(claim.ses));
  subjects.push(subjectOf.key(keyId));
  return subjects;
}

/** The `sub` of a link's claim. */
export function linkSubject(id: string): string {
  return `${LINK}${id}`;
}

/** An account's id holds no colon, so a link cannot be taken for one. */
function holderOf(sub: string): RevocationSubject {
  return sub.startsWith(LINK) ? subjectOf.link(sub.slice(LINK.length)) : subjectOf.account(sub);
}
