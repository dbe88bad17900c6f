// A public key together with the PASETO version it is for. The version belongs to the key, as we published it:
// nothing that a token says of itself ever chooses between versions, so none can be talked down.
import { PublicProtocol } from 'paseto';
import {
  ImportPublicKeyFactory as ImportV3,
  type PublicKey as PublicKeyV3,
} from 'paseto/v3/public';
import {
  ImportPublicKeyFactory as ImportV4,
  type PublicKey as PublicKeyV4,
} from 'paseto/v4/public';
import type { PublicPaserk } from './key-id.js';

const v3 = new PublicProtocol(ImportV3);
const v4 = new PublicProtocol(ImportV4);

/** What a key ring holds. `header` is how every token begins that this key can prove. */
export type VerificationKey =
  | { readonly header: 'v4.public.'; readonly publicKey: PublicKeyV4 }
  | { readonly header: 'v3.public.'; readonly publicKey: PublicKeyV3 };

/** @throws Error when the text is not a public key of a version that is known here. */
export async function importVerificationKey(key: PublicPaserk): Promise<VerificationKey> {
  return key.startsWith('k3.')
    ? { header: 'v3.public.', publicKey: await v3.ImportPublicKey(key as `k3.public.${string}`) }
    : verificationKeyOf(await v4.ImportPublicKey(key as `k4.public.${string}`));
}

/** Of a key that is at hand already. */
export function verificationKeyOf(publicKey: PublicKeyV4): VerificationKey {
  return { header: 'v4.public.', publicKey };
}
