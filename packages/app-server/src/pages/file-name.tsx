// Other people's file names on our pages. They are isolated (`<bdi>`), so that right-to-left names
// do not turn the text around them, and they may break anywhere. Escaping is the renderer's work.

/**
 * Control characters, and the marks that override the direction of what follows: they let
 * `invoice<RLO>fdp.exe` read as `invoiceexe.pdf`. Names in right-to-left scripts need none of them.
 */
// oxlint-disable-next-line no-control-regex -- finding control characters is the point
const DECEPTIVE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** The name with each deceptive character replaced by `�`, so that it shows. */
export function plainName(name: string): string {
  return name.replace(DECEPTIVE, '\ufffd');
}

export function FileName({ name }: { name: string }) {
  return <bdi class="file-name">{plainName(name)}</bdi>;
}
