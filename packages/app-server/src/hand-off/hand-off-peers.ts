// The servers that people are received from, each with its published keys: fetched from the peer's
// well-known address, kept, and read anew like a download server does. No secret of a peer is ever here.
import { createClaimVerifier, type Verification } from '@claimcheck/shared/claim';
import { createKeySource } from '@claimcheck/shared/key-source';
import type { Logger } from '@claimcheck/shared/log';
import type { HandOffPeer, HandOffSettings } from './hand-off-settings.js';

export interface ReceivedPeer extends HandOffPeer {
  /** @throws KeysUnavailableError while no keys of this peer have ever come. */
  verify(token: string, nowMs: number): Promise<Verification<'hand-off'>>;
}

export interface HandOffPeers {
  /** Those of the configuration, in its order. */
  readonly all: readonly ReceivedPeer[];
  byName(name: string): ReceivedPeer | undefined;
  byOrigin(origin: string): ReceivedPeer | undefined;
  /** Stops fetching their keys. */
  close(): Promise<void>;
}

export interface PeersOptions {
  settings: HandOffSettings;
  /** This server: `aud` of what it accepts. */
  appOrigin: string;
  log: Logger;
  /** Unix milliseconds. */
  now: () => number;
}

/** Begins to fetch their keys, beside everything else: a peer that is away delays no start. */
export function openHandOffPeers({ settings, appOrigin, log, now }: PeersOptions): HandOffPeers {
  const sources = settings.from.map((peer) => {
    const url = `${peer.origin}/.well-known/claimcheck/keys`;
    const keys = createKeySource({ url, log, now, setting: 'HAND_OFF_FROM' });
    const verify = createClaimVerifier({
      act: 'hand-off',
      issuer: peer.origin,
      audience: appOrigin,
      keys,
    });
    return { peer: { ...peer, verify }, keys };
  });
  const all = sources.map(({ peer }) => peer);
  return {
    all,
    byName: (name) => all.find((peer) => peer.name === name),
    byOrigin: (origin) => all.find((peer) => peer.origin === origin),
    close: async () => {
      await Promise.all(sources.map(({ keys }) => keys.close()));
    },
  };
}
