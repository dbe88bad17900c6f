// Which addresses count as one party: an IPv4 address, or an IPv6 /64, since that much is what one
// customer of a provider has (RFC 6177) and could walk through.
import { isIPv4, isIPv6 } from 'node:net';

/** `192.0.2.1`, `2001:db8:1:2::/64`, or `unknown`. IPv4 in IPv6 (RFC 4291 section 2.5.5.2) is IPv4. */
export function addressBlock(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (isIPv4(plain)) return plain;
  if (!isIPv6(plain)) return 'unknown';
  // WHATWG URLs write every IPv6 address in the one form of RFC 5952.
  const canonical = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = canonical.includes('::') ? 8 - left.length - right.length : 0;
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
