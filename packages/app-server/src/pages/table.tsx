// Tables that become cards on a narrow screen. The style sheet then takes the cells out of the table
// layout, which in some browsers takes their roles away too; so the roles are written out.
import type { ComponentChildren } from 'preact';

/** `columns` are headings; an empty one is for actions and is named for screen readers only. */
export function Table({
  caption,
  columns,
  children,
}: {
  caption: string;
  columns: readonly string[];
  children: ComponentChildren;
}) {
  return (
    <table role="table" class="rows">
      <caption class="visually-hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column} role="columnheader" scope="col">
              {column === '' ? <span class="visually-hidden">Actions</span> : column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">{children}</tbody>
    </table>
  );
}

/** `id` names what the row shows; the script keeps rows apart by it. */
export function Row({
  id,
  state,
  children,
}: {
  id: string;
  state?: string;
  children: ComponentChildren;
}) {
  return (
    <tr role="row" data-row={id} data-state={state}>
      {children}
    </tr>
  );
}

/** The cell that says what the row is about. */
export function RowHead({ children }: { children: ComponentChildren }) {
  return (
    <th role="rowheader" scope="row">
      {children}
    </th>
  );
}

/** `label` repeats the column's heading on a card, for contents that do not explain themselves. */
export function Cell({
  label,
  kind,
  children,
}: {
  label?: string;
  kind?: 'number' | 'time' | 'wide' | 'actions';
  children?: ComponentChildren;
}) {
  return (
    <td role="cell" data-label={label} class={kind}>
      {children}
    </td>
  );
}

/** What stands in place of a table without rows: what this is, and what to do next. */
export function EmptyState({
  heading,
  children,
}: {
  heading: string;
  children: ComponentChildren;
}) {
  return (
    <div class="empty">
      <h2>{heading}</h2>
      {children}
    </div>
  );
}

/** Leads to the next, older rows. */
export function NextPage({ href }: { href: string | undefined }) {
  if (href === undefined) return null;
  return (
    <nav class="next-page" aria-label="More">
      <a class="button" href={href} rel="next">
        Show older
      </a>
    </nav>
  );
}
