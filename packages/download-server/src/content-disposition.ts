// Content-Disposition (RFC 6266) for a name that a stranger chose. The name goes into a header and then
// onto somebody's disk, so it is first made honest: what a person sees must be what is saved.

/** Line breaks and other controls, and a blank that is no white space by name: all read as a space. */
const BLANK = /[\s\p{Cc}\u2800]+/gu;

/** Direction marks, tags, fillers, joiners: characters that show nothing. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * The same, but for a joiner between letters or emoji and a selector behind an emoji: Persian, Indic
 * scripts and emoji need those. They may stay in the stem only, since no dot can hide behind them there.
 */
const NEEDLESS_INVISIBLE = new RegExp(
  [
    String.raw`(?<![\p{L}\p{M}\p{Emoji}])(?:\u200c|\u200d)`,
    String.raw`(?:\u200c|\u200d)(?![\p{L}\p{M}\p{Emoji}])`,
    String.raw`(?<!\p{Emoji})(?:\ufe0e|\ufe0f)`,
    String.raw`(?!\u200c|\u200d|\ufe0e|\ufe0f)[\p{Cf}\p{Default_Ignorable_Code_Point}]`,
  ].join('|'),
  'gu',
);

/** Windows drops dots and spaces at the end, which would show another extension there. */
const DROPPED_AT_END = /[. \p{Cf}\p{Default_Ignorable_Code_Point}]+$/u;

/** RFC 8187 section 3.2.1 `attr-char` leaves these out; `encodeURIComponent` leaves them in. */
const NOT_ATTR_CHAR = /['()*]/g;

/**
 * The name under which a file is offered:
 * - invisible characters go, so that no direction mark turns `gpj.exe` into `exe.jpg`;
 * - controls and runs of white space become one space, so that none pushes an extension out of sight;
 * - `/` and `\` become `_`, as do leading dots: the file neither leaves its folder nor hides in it;
 * - dots and spaces at the end go.
 * A name of which nothing is left becomes `download`.
 */
export function honestFileName(name: string): string {
  const trimmed = name.toWellFormed().replace(BLANK, ' ').replace(DROPPED_AT_END, '');
  const dot = Math.max(trimmed.lastIndexOf('.'), 0);
  const stem = trimmed.slice(0, dot).replace(NEEDLESS_INVISIBLE, '');
  const extension = trimmed.slice(dot).replace(INVISIBLE, '');
  const honest = `${stem}${extension}`
    .replace(/ {2,}/g, ' ')
    .replace(/[/\\]/g, '_')
    .replace(/^ +| +$/g, '')
    .replace(/^\.+/, (dots) => '_'.repeat(dots.length));
  return honest === '' ? 'download' : honest;
}

/** Words of ASCII letters and digits between single dots and blanks: what most names are, and honest as it is. */
const PLAIN = /^[\w-]+(?:[. ][\w-]+)*$/;

/** An `attachment` with an ASCII `filename`, and with `filename*` (RFC 8187) when that says more. */
export function contentDisposition(name: string): string {
  if (PLAIN.test(name)) return `attachment; filename="${name}"`;
  const honest = honestFileName(name);
  // `%` too: some clients decode it in `filename` (RFC 6266 appendix D).
  const ascii = honest.replace(/[^\x20-\x7e]|["%]/gu, '_');
  const plain = `attachment; filename="${ascii}"`;
  return ascii === honest ? plain : `${plain}; filename*=UTF-8''${encodeExtended(honest)}`;
}

/** RFC 8187 `value-chars`. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replace(
    NOT_ATTR_CHAR,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
