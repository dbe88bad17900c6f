// Form fields: a label above, a hint that is read with the field, and room for a thumb.
import type { ComponentChildren } from 'preact';

/** Shortest and longest password, in characters; the back end refuses others. */
export const PASSWORD_LENGTH = { least: 10, most: 256 } as const;

interface FieldProps {
  /** Where the page has another field of this name. */
  id?: string | undefined;
  name: string;
  label: string;
  type: 'email' | 'password';
  autoComplete: string;
  value?: string | undefined;
  hint?: ComponentChildren;
  minLength?: number;
  maxLength?: number;
  autofocus?: boolean;
}

export function Field({ id: given, name, label, hint, type, ...rest }: FieldProps) {
  const id = given ?? name;
  const hintId = hint === undefined ? undefined : `${id}-hint`;
  const input = { id, name, required: true, 'aria-describedby': hintId, ...rest };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint !== undefined && (
        <p class="hint" id={hintId}>
          {hint}
        </p>
      )}
      {type === 'email' ? <input type="email" {...input} /> : <input type="password" {...input} />}
    </div>
  );
}

/** `autoComplete` is for the browser's password store: `off` where it is somebody else's. */
export function EmailField({
  id,
  value,
  autoComplete = 'username',
  autofocus = false,
}: {
  id?: string;
  value?: string | undefined;
  autoComplete?: string;
  autofocus?: boolean;
}) {
  return (
    <Field
      name="email"
      label="E-mail address"
      type="email"
      {...{ id, value, autoComplete, autofocus }}
    />
  );
}

export function NewPasswordField({ name, label }: { name: string; label: string }) {
  return (
    <Field
      name={name}
      label={label}
      type="password"
      autoComplete="new-password"
      minLength={PASSWORD_LENGTH.least}
      maxLength={PASSWORD_LENGTH.most}
      hint={`At least ${PASSWORD_LENGTH.least} characters. Several unusual words are easy to keep in mind and hard to guess.`}
    />
  );
}
