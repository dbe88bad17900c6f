// Which addresses a webhook may reach. An account holder chooses the URL, and this server stands where
// others do not: whatever is not plainly a public unicast address is refused (OWASP: SSRF).
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** IANA special-purpose registries (RFC 6890 and its updates), and multicast. */
const REFUSED_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];

/** Of IPv6, global unicast is 2000::/3 alone (RFC 4291); these parts of it lead elsewhere. */
const REFUSED_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const refused = new BlockList();
for (const block of REFUSED_V4) addTo(refused, block, 'ipv4');
for (const block of REFUSED_V6) addTo(refused, block, 'ipv6');
const globalUnicast = new BlockList();
addTo(globalUnicast, '2000::/3', 'ipv6');

/**
 * True for a public unicast address. IPv4 inside IPv6 (`::ffff:…`, NAT64, 6to4, Teredo) is refused
 * altogether: it is an IPv4 address in disguise, and no honest name resolves to it.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !refused.check(address, 'ipv4');
  const plain = address.replace(/%.*$/, '');
  if (!isIPv6(plain) || plain !== address) return false;
  return globalUnicast.check(plain, 'ipv6') && !refused.check(plain, 'ipv6');
}

function addTo(list: BlockList, block: string, family: 'ipv4' | 'ipv6'): void {
  const [net = '', prefix = ''] = block.split('/');
  list.addSubnet(net, Number(prefix), family);
}
