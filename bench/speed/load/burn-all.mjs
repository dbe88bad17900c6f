// Burns many claims at once through the real ledger, to weigh what the burned nonces take up.
import { secondsOf } from '@claimcheck/shared/claim';
import { burnRequestOf } from '@claimcheck/shared/ledger';

const AT_ONCE = 500;
/** Stands for the key that has signed: that it was not revoked is looked up like any other. */
const KEY_ID = /** @type {const} */ (`k4.pid.${'A'.repeat(44)}`);

/**
 * @param {import('@claimcheck/shared/ledger').Ledger} ledger
 * @param {readonly string[]} tokens of our own minting
 * @throws Error when one is not burned
 */
export async function burnAll(ledger, tokens) {
  for (let i = 0; i < tokens.length; i += AT_ONCE) {
    const outcomes = await Promise.all(
      tokens
        .slice(i, i + AT_ONCE)
        .map((token) => ledger.burn(burnRequestOf(readClaim(token), KEY_ID))),
    );
    if (!outcomes.every((outcome) => outcome === 'burned')) throw new Error('a burn was refused');
  }
}

/** @param {string} token @returns {import('@claimcheck/shared/claim').DownloadClaim} */
function readClaim(token) {
  const bytes = Buffer.from(token.split('.')[2] ?? '', 'base64url');
  const claim = JSON.parse(bytes.subarray(0, -64).toString());
  if (!Number.isFinite(secondsOf(claim.exp))) throw new Error('not a claim');
  return claim;
}
