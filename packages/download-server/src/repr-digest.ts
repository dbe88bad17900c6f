// Repr-Digest (RFC 9530), by which a client checks that the file it put together is whole. Pure, and on the way of each
// download: a few operations on a string, since the bytes of the hash themselves are needed by nobody here.

/**
 * The field's value for a file with this SHA-256, base64url without padding: a dictionary (RFC 8941 section 3.2)
 * of one member, a byte sequence (section 3.3.5), whose 32 bytes take one `=` of padding.
 *
 * Want-Repr-Digest is not heeded: it is a wish (RFC 9530 section 4), and this is the one digest there is.
 */
export function reprDigestOf(sha256: string): string {
  return `sha-256=:${sha256.replaceAll('-', '+').replaceAll('_', '/')}=:`;
}
