// Roughly where an address is, from a file on this machine: nobody outside is told who signs in from where.
// Without the file it is still said which addresses are of one's own network.
import { readFile } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import { Reader, type Response } from 'mmdb-lib';

/** Where an address is, in words: a place, or whose network it is of; null when nothing is known. */
export type PlaceOfAddress = (address: string) => string | null;

const ranges: readonly (readonly [name: string, list: BlockList])[] = [
  ['this very machine', blocksOf(['127.0.0.0/8', '::1/128'])],
  [
    'your own network',
    blocksOf([
      '10.0.0.0/8',
      '172.16.0.0/12',
      '192.168.0.0/16',
      '169.254.0.0/16',
      'fc00::/7',
      'fe80::/10',
    ]),
  ],
  ['a network behind a provider', blocksOf(['100.64.0.0/10'])],
];

/**
 * @param file in MaxMind's DB format, with countries or cities; undefined for none. Kept in memory as it is.
 * @throws Error naming GEOIP_FILE when it cannot be read as one.
 */
export async function openPlaces(file: string | undefined): Promise<PlaceOfAddress> {
  const reader = file === undefined ? undefined : await openReader(file);
  const countryNames = new Intl.DisplayNames(['en'], { type: 'region' });

  /** `Berlin, Germany`; `Germany`. City files nest what country files say flatly. */
  function readPlace(record: PlaceRecord | null | undefined): string | undefined {
    const code = record?.country?.iso_code ?? record?.country_code;
    const isCode = typeof code === 'string' && /^[A-Z]{2}$/.test(code);
    const country = isCode ? countryNames.of(code) : undefined;
    const city = record?.city?.names?.en ?? record?.city_name;
    return typeof city === 'string' && country ? `${city}, ${country}` : country;
  }

  return (given) => {
    const address = given.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
    const version = isIP(address);
    if (version === 0) return null;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    const range = ranges.find(([, list]) => list.check(address, family));
    if (range) return range[0];
    return readPlace(look(reader, address)) ?? null;
  };
}

interface PlaceRecord {
  country_code?: unknown;
  country?: { iso_code?: unknown };
  city?: { names?: { en?: unknown } };
  city_name?: unknown;
}

/** Nothing found is no fault, and neither is an IPv6 address that a file of IPv4 alone is asked for. */
function look(reader: Reader<Response> | undefined, address: string): PlaceRecord | undefined {
  try {
    return (reader?.get(address) as PlaceRecord | null | undefined) ?? undefined;
  } catch {
    return undefined;
  }
}

async function openReader(file: string): Promise<Reader<Response>> {
  try {
    return new Reader(await readFile(file));
  } catch (error) {
    throw new Error(`GEOIP_FILE cannot be read as a database of places (.mmdb): ${file}`, {
      cause: error,
    });
  }
}

function blocksOf(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [net = '', prefix = ''] = block.split('/');
    list.addSubnet(net, Number(prefix), net.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
