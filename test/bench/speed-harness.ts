// The speed bench's own parts as its tests use them. The bench is plain JavaScript outside the compiled tests, so
// it is imported by its address, and what the tests need of it is written down here.
import type { ClaimedFile } from '@claimcheck/shared/claim';
import type { Ledger } from '@claimcheck/shared/ledger';

export interface House {
  root: string;
  ledger: Ledger;
  redis: { redis: { flushall(): Promise<unknown>; xrange(...args: string[]): Promise<unknown[]> } };
  file(name: string): ClaimedFile;
  mint(name: string, count: number): Promise<string[]>;
  mintByStranger(name: string): Promise<string>;
  mintExpired(name: string): Promise<string>;
  mintForOther(name: string): Promise<string>;
  close(): Promise<void>;
}

export interface Peer {
  ports: number[];
  stop(): Promise<void>;
}

export type StartPeer = (house: House, options: { processes: number }) => Promise<Peer>;

const bench = new URL('../../../bench/', import.meta.url);

/** Starts what every case of the bench is measured with. */
export async function furnish(sizes: Record<string, number>): Promise<House> {
  const module = (await import(new URL('speed/furnish.mjs', bench).href)) as {
    furnish: (sizes: Record<string, number>) => Promise<House>;
  };
  return await module.furnish(sizes);
}

/** The peers that verify and burn, by name. */
export async function readPeers(): Promise<Record<string, StartPeer>> {
  const module = (await import(new URL('speed/peers/peer.mjs', bench).href)) as {
    PEERS: Record<string, StartPeer>;
  };
  return module.PEERS;
}
