// Roughly where an address is, from a file of this machine. The file is written here, byte by byte, as MaxMind's
// format has it, so that nothing but the format is relied on.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openPlaces } from '@claimcheck/app-server';

type Value = string | number | { [key: string]: Value };

/** The data section's encoding (MaxMind DB file format 2.0): maps, strings, and 32-bit numbers. */
function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([Buffer.from([(2 << 5) | text.length]), text]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([Buffer.from([(6 << 5) | 4]), bytes]);
  }
  const entries = Object.entries(value).flatMap(([key, each]) => [encode(key), encode(each)]);
  return Buffer.concat([Buffer.from([(7 << 5) | Object.keys(value).length]), ...entries]);
}

/** A database in which each network /8 of `records` has its record; IPv4, records of 24 bits. */
function databaseOf(records: Readonly<Record<number, Value>>): Buffer {
  const data: Buffer[] = [];
  const nodes: [number, number][] = [[-1, -1]];
  const leaves: { node: number; side: 0 | 1; offset: number }[] = [];
  let offset = 0;
  for (const [network, record] of Object.entries(records)) {
    let node = 0;
    for (let bit = 7; bit >= 0; bit -= 1) {
      const side = ((Number(network) >> bit) & 1) as 0 | 1;
      const pair = nodes[node] ?? [-1, -1];
      if (bit === 0) leaves.push({ node, side, offset });
      else {
        if (pair[side] === -1) pair[side] = nodes.push([-1, -1]) - 1;
        node = pair[side];
      }
    }
    const bytes = encode(record);
    data.push(bytes);
    offset += bytes.length;
  }
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [index, pair] of nodes.entries()) {
    for (const side of [0, 1] as const) {
      const child = pair[side] === -1 ? nodes.length : pair[side];
      tree.writeUIntBE(child, index * 6 + side * 3, 3);
    }
  }
  for (const { node, side, offset: at } of leaves) {
    tree.writeUIntBE(nodes.length + 16 + at, node * 6 + side * 3, 3);
  }
  const metadata = encode({
    node_count: nodes.length,
    record_size: 24,
    ip_version: 4,
    database_type: 'test',
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
  });
  const marker = Buffer.concat([Buffer.from('abcdef', 'hex'), Buffer.from('MaxMind.com')]);
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata]);
}

describe('the place of an address', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claimcheck-places-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    ['127.0.0.1', 'this very machine'],
    ['::1', 'this very machine'],
    ['::ffff:127.0.0.1', 'this very machine'],
    ['192.168.7.9', 'your own network'],
    ['::ffff:10.1.2.3', 'your own network'],
    ['172.31.0.1', 'your own network'],
    ['fd00::5', 'your own network'],
    ['fe80::1%eth0', 'your own network'],
    ['100.64.0.9', 'a network behind a provider'],
    ['172.32.0.1', null],
    ['2001:4860::1', null],
    ['nonsense', null],
    ['', null],
  ])('%s is %s without any file', async (address, place) => {
    expect((await openPlaces(undefined))(address)).toBe(place);
  });

  test('is the country or the city of the file, whichever of the usual forms that has', async () => {
    const file = join(folder, 'places.mmdb');
    const database = databaseOf({
      11: { country_code: 'DE' },
      12: { country: { iso_code: 'FR' }, city: { names: { en: 'Lyon' } } },
      13: { country_code: 'not a code' },
      14: { other: 'thing' },
    });
    await writeFile(file, database);
    const placeOf = await openPlaces(file);
    expect(placeOf('11.2.3.4')).toBe('Germany');
    expect(placeOf('::ffff:11.2.3.4')).toBe('Germany');
    expect(placeOf('12.0.0.1')).toBe('Lyon, France');
    for (const address of ['13.0.0.1', '14.0.0.1', '15.0.0.1', '2001:4860::1']) {
      expect(placeOf(address)).toBeNull();
    }
    expect(placeOf('10.0.0.1')).toBe('your own network');
  });

  test('of a file that is missing or no database stops the start by its name', async () => {
    await expect(openPlaces(join(folder, 'missing.mmdb'))).rejects.toThrow(/GEOIP_FILE/);
    const file = join(folder, 'text.mmdb');
    await writeFile(file, 'no database at all');
    await expect(openPlaces(file)).rejects.toThrow(/GEOIP_FILE/);
  });
});
