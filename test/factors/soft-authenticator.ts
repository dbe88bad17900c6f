// An authenticator in software, for what no browser would do: answers with a wrong origin, an old count, no
// person verified, another's handle. Its answers are otherwise those of a real one (WebAuthn Level 3).
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** What is wrong with an answer; nothing unless told. */
export interface Faults {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  crossOrigin?: boolean;
  /** Flags of the authenticator data: 0x01 somebody present, 0x04 verified, 0x40 a key follows. */
  flags?: number;
  count?: number;
  userHandle?: string | null;
  signature?: Buffer;
}

export interface Options {
  challenge: string;
  rpId?: string;
  rp?: { id: string };
  user?: { id: string };
}

const PRESENT_AND_VERIFIED = 0x05;
const WITH_KEY = 0x40;

export function createSoftAuthenticator(origin: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = randomBytes(32);
  let count = 0;
  let userHandle: string | undefined;

  function clientData(type: string, { challenge }: Options, faults: Faults): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: faults.type ?? type,
        challenge: faults.challenge ?? challenge,
        origin: faults.origin ?? origin,
        crossOrigin: faults.crossOrigin ?? false,
      }),
    );
  }

  function authenticatorData(rpId: string, flags: number, signCount: number, rest = Buffer.of()) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(signCount);
    return Buffer.concat([sha256(Buffer.from(rpId)), Buffer.of(flags), counter, rest]);
  }

  const credential = {
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key',
    clientExtensionResults: {},
  };

  return {
    /** What `navigator.credentials.create` would give. */
    make(options: Options, faults: Faults = {}) {
      userHandle = options.user?.id;
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
      // RFC 9053: EC2 key, ES256, P-256.
      const key = cborMap([
        [Buffer.of(0x01), Buffer.of(0x02)],
        [Buffer.of(0x03), Buffer.of(0x26)],
        [Buffer.of(0x20), Buffer.of(0x01)],
        [Buffer.of(0x21), cborBytes(Buffer.from(x, 'base64url'))],
        [Buffer.of(0x22), cborBytes(Buffer.from(y, 'base64url'))],
      ]);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(id.length);
      const attested = Buffer.concat([Buffer.alloc(16), length, id, key]);
      const flags = faults.flags ?? PRESENT_AND_VERIFIED | WITH_KEY;
      const rpId = faults.rpId ?? options.rp?.id ?? '';
      const data = authenticatorData(rpId, flags, faults.count ?? count, attested);
      const attestationObject = cborMap([
        [cborText('fmt'), cborText('none')],
        [cborText('attStmt'), cborMap([])],
        [cborText('authData'), cborBytes(data)],
      ]);
      return {
        ...credential,
        response: {
          clientDataJSON: clientData('webauthn.create', options, faults).toString('base64url'),
          attestationObject: attestationObject.toString('base64url'),
          transports: ['internal'],
        },
      };
    },
    /** What `navigator.credentials.get` would give. */
    answer(options: Options, faults: Faults = {}) {
      count += 1;
      const json = clientData('webauthn.get', options, faults);
      const data = authenticatorData(
        faults.rpId ?? options.rpId ?? '',
        faults.flags ?? PRESENT_AND_VERIFIED,
        faults.count ?? count,
      );
      const signed = sign('sha256', Buffer.concat([data, sha256(json)]), privateKey);
      return {
        ...credential,
        response: {
          clientDataJSON: json.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: (faults.signature ?? signed).toString('base64url'),
          userHandle: faults.userHandle === undefined ? userHandle : faults.userHandle,
        },
      };
    },
  };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** RFC 8949 section 3: the major type with a length of up to 16 bits. */
function cborHead(major: number, length: number): Buffer {
  if (length < 24) return Buffer.of((major << 5) | length);
  if (length < 256) return Buffer.of((major << 5) | 24, length);
  return Buffer.of((major << 5) | 25, length >> 8, length & 255);
}

function cborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([cborHead(2, bytes.length), bytes]);
}

function cborText(text: string): Buffer {
  return Buffer.concat([cborHead(3, text.length), Buffer.from(text)]);
}

function cborMap(pairs: readonly [Buffer, Buffer][]): Buffer {
  return Buffer.concat([cborHead(5, pairs.length), ...pairs.flat()]);
}
