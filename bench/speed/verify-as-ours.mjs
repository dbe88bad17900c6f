// Verifying a claim as the download server does it: the same code, and the signature check that it would choose here.
import { chooseSignatureCheck } from '@claimcheck/download-server/check-signature';
import { installBase64 } from '@claimcheck/download-server/install-base64';
import { createClaimVerifier, keyIdOf, readPublishedKeys } from '@claimcheck/shared/claim';
import { createLogger } from '@claimcheck/shared/log';

/**
 * @param {{ key: import('@claimcheck/shared/claim').PublicPaserk, issuer: string, audience: string }} settings
 * @returns {Promise<(token: string, nowMs: number) => Promise<import('@claimcheck/shared/claim').Verification<'download'>>>}
 */
export async function createVerifier({ key, issuer, audience }) {
  installBase64();
  const { verifyFactory } = chooseSignatureCheck('auto', { log: createLogger('bench', 'warn') });
  const keys = await readPublishedKeys({ keys: [{ kid: keyIdOf(key), key }] });
  return createClaimVerifier({ act: 'download', issuer, audience, keys }, { verifyFactory });
}
