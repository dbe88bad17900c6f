// The Range header (RFC 9110 section 14): from its text and a file's size to the bytes it asks for. Pure.
// One range is answered. Whatever is not one range of bytes is answered with the whole file, which
// section 14.2 allows for all of it, so nothing that a client writes here can become an error of ours.

/** Consecutive bytes of a file: at least one, or the whole of an empty file. */
export interface ByteRange {
  firstByte: number;
  length: number;
}

/** `whole`: the header is to be ignored. `unsatisfiable`: 416 (RFC 9110 section 15.5.17). */
export type SelectedRange = ByteRange | 'whole' | 'unsatisfiable';

/** Positions as they were written: the numerals have no limit (section 14.1.2), hence bigint. */
type RangeSpec = { first: bigint; last: bigint | undefined } | { suffixLength: bigint };

/**
 * Section 14.1.1, for the one unit we know, whose name is case-insensitive (14.1). A single pass that
 * cannot backtrack: the header may have 16 KiB.
 */
const BYTE_RANGES = /^bytes=([\d\-, \t]+)$/i;
const RANGE_SPEC = /^(\d*)-(\d*)$/;

/**
 * The bytes that a Range header selects.
 * - another unit, a syntax error, or a last position before the first: `whole` (sections 14.2, 14.1.1);
 * - several ranges: `whole`, when at least one lies in the file. Parts would need multipart/byteranges, while
 *   clients that resume ask for one range at a time;
 * - an empty file asked for from its start or by its end: `whole`, since Content-Range cannot name it.
 * @param size of the file in bytes.
 */
export function selectRange(header: string, size: number): SelectedRange {
  const list = BYTE_RANGES.exec(header)?.[1];
  // Empty elements of a list are ignored (section 5.6.1.2).
  const elements = list?.split(',').map((element) => element.trim());
  const specs = elements?.filter((element) => element !== '').map(parseSpec) ?? [];
  if (specs.length === 0 || specs.includes(undefined)) return 'whole';
  const ranges = specs.flatMap((spec) => (spec && locate(spec, size)) ?? []);
  const [range] = ranges;
  if (range === undefined) return 'unsatisfiable';
  return specs.length > 1 || range.length === 0 ? 'whole' : range;
}

function parseSpec(text: string): RangeSpec | undefined {
  const [, first = '', last = ''] = RANGE_SPEC.exec(text) ?? [];
  if (first === '') return last === '' ? undefined : { suffixLength: BigInt(last) };
  const spec = { first: BigInt(first), last: last === '' ? undefined : BigInt(last) };
  return spec.last !== undefined && spec.last < spec.first ? undefined : spec;
}

/** Where the range lies in a file of this size, or undefined when none of it does (section 14.1.2). */
function locate(spec: RangeSpec, size: number): ByteRange | undefined {
  if ('suffixLength' in spec) {
    if (spec.suffixLength === 0n) return undefined;
    const length = Math.min(Number(spec.suffixLength), size);
    return { firstByte: size - length, length };
  }
  const firstByte = Number(spec.first);
  if (firstByte >= size)
    return size === 0 && firstByte === 0 ? { firstByte, length: 0 } : undefined;
  const end = spec.last === undefined ? size : Math.min(Number(spec.last) + 1, size);
  return { firstByte, length: end - firstByte };
}
