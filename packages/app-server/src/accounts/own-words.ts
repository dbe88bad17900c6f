// Words that a guesser tries here before all others: the product, the server's name, the account's own address.
// A password may hold them, but must not be made of them (OWASP ASVS 5.0, 6.1.2 and 6.2.11). Pure.
import { Refused } from '../http/problems.js';
import { normalisePassword } from './password-rules.js';

const PRODUCT_WORDS = ['claimcheck', 'claim check'];

/** Shorter pieces of a name stand in too many good passwords. */
const MIN_WORD_CHARACTERS = 4;

/** What must be left of a password without these words. */
const MIN_OTHER_CHARACTERS = 8;

export interface OwnWords {
  appOrigin: string;
  /** Normalised. */
  email: string;
}

/** What is wrong with a password of this account, in words for the person who chose it. */
export function ownWordsFault(password: string, names: OwnWords): string | undefined {
  let rest = normalisePassword(password).toLowerCase();
  for (const word of wordsOf(names)) rest = rest.replaceAll(word, '');
  if (Array.from(rest).length >= MIN_OTHER_CHARACTERS) return undefined;
  return `besides the e-mail address and the name of this server, a password has at least ${MIN_OTHER_CHARACTERS} characters`;
}

/** @throws Refused `invalid-input` naming the `field`. */
export function refuseOwnWords(field: string, password: string, names: OwnWords): void {
  const fault = ownWordsFault(password, names);
  if (fault !== undefined) throw new Refused('invalid-input', `${field}: ${fault}`);
}

/** The longest first, so that no word hides a longer one. */
function wordsOf({ appOrigin, email }: OwnWords): string[] {
  const { hostname } = new URL(appOrigin);
  const [local = '', domain = ''] = email.toLowerCase().split(/@(?=[^@]*$)/);
  const names = [hostname, local, domain, email.toLowerCase()];
  const pieces = names.flatMap((name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)]);
  return [...PRODUCT_WORDS, ...pieces]
    .filter((word) => Array.from(word).length >= MIN_WORD_CHARACTERS)
    .toSorted((a, b) => b.length - a.length);
}
