// The button that asks for a passkey, and the place for what came of it. It is the script's alone, so without
// script it is not there.

export function PasskeyButton({
  purpose,
  next,
  primary = false,
}: {
  purpose: 'sign-in' | 'second-factor' | 'proof';
  /** A path of ours to go on to. */
  next: string;
  primary?: boolean;
}) {
  return (
    <div class="stack scripted-only" data-passkey={purpose} data-next={next}>
      <button type="button" class={primary ? 'button primary wide' : 'button wide'}>
        Use a passkey
      </button>
      <p class="row-note" role="status"></p>
    </div>
  );
}
