// A QR code (ISO/IEC 18004) as the outline of its dark squares: one SVG path, drawn on the server, which needs
// neither script nor an inline style.
import { encode } from 'uqr';

export interface QrCode {
  /** Squares a side, with the quiet zone that readers need. */
  size: number;
  /** `d` of an SVG path, one unit a square. */
  path: string;
}

/** ISO/IEC 18004 section 6.3.8: four squares of nothing around. */
const QUIET_ZONE = 4;

/** @param text some hundred characters at most. */
export function drawQrCode(text: string): QrCode {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET_ZONE });
  const runs = data.flatMap((row, y) =>
    [
      ...row
        .map((dark) => (dark ? '1' : '0'))
        .join('')
        .matchAll(/1+/g),
    ].map(({ index, 0: { length } }) => `M${index} ${y}h${length}v1h-${length}z`),
  );
  return { size, path: runs.join('') };
}
