// Asking before something that cannot be taken back, without script: the first button only opens the
// question (`<details>`), the second, elsewhere on the page, does it. Opening one closes the others.
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.js';

export function Confirm({
  action,
  icon,
  label,
  subject,
  confirmLabel,
  children,
}: {
  /** The form's address. */
  action: string;
  icon?: IconName;
  /** The first button's word. */
  label: string;
  /** What it is about, for screen readers, where the table shows it only by position. */
  subject?: string;
  /** The second button's words: the act itself, never "OK". */
  confirmLabel: string;
  /** The question, and what follows from it. */
  children: ComponentChildren;
}) {
  return (
    <details class="confirm" name="confirm">
      <summary class="button danger">
        <span class="when-closed">
          {icon && <Icon name={icon} />}
          {label}
        </span>
        <span class="when-open">Cancel</span>
        {subject !== undefined && <span class="visually-hidden"> {subject}</span>}
      </summary>
      <form method="post" action={action} class="confirm-panel">
        <p>{children}</p>
        <button class="button danger solid">{confirmLabel}</button>
      </form>
    </details>
  );
}
