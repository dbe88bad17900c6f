// A field for one line of text, such as a name or a code: a label above, a hint that is read with it.
import type { ComponentChildren } from 'preact';

export function TextField({
  id,
  name,
  label,
  hint,
  ...rest
}: {
  id: string;
  name: string;
  label: string;
  hint?: ComponentChildren;
  value?: string;
  maxLength?: number;
  required?: boolean;
  autoComplete?: string;
  autofocus?: boolean;
  inputMode?: 'text' | 'numeric';
}) {
  const hintId = hint === undefined ? undefined : `${id}-hint`;
  const input = { required: true, autoComplete: 'off', ...rest };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint !== undefined && (
        <p class="hint" id={hintId}>
          {hint}
        </p>
      )}
      <input
        type="text"
        id={id}
        name={name}
        aria-describedby={hintId}
        autocapitalize="none"
        spellcheck={false}
        {...input}
      />
    </div>
  );
}
