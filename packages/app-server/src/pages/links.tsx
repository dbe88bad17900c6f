// Every link that this account has sent, and what became of it. `#links` is what the script fetches
// again when it is told of a change.
import { renderSection } from './document.js';
import { FileName } from './file-name.js';
import { Time } from './format-time.js';
import { Icon } from './icon.js';
import type { LinkRow } from './link-props.js';
import { LinkStateCell } from './link-state.js';
import type { SignedInProps } from './props.js';
import { Cell, EmptyState, NextPage, Row, RowHead, Table } from './table.js';

export interface LinksProps extends SignedInProps {
  links: readonly LinkRow[];
  /** Address of the next, older links. */
  nextPage?: string | undefined;
}

export function renderLinks({ links, nextPage, ...page }: LinksProps): string {
  return renderSection({
    ...page,
    section: '/links',
    heading: 'Links',
    children: (
      <>
        <p class="hint">
          A link gives somebody without an account a file, as often as you allow. Opening its page
          uses nothing up; only the button there does.
        </p>
        <p class="button-row">
          <a class="button primary" href="/links/new">
            <Icon name="mail" />
            Send a file
          </a>
          {links.length > 0 && (
            <a class="button" href="/links/export.csv" download="">
              Export as CSV
            </a>
          )}
        </p>
        <p id="links-note" class="stale" role="status"></p>
        <section id="links" aria-label="Your links">
          {links.length === 0 ? <NoLinks /> : <LinkTable links={links} />}
          <NextPage href={nextPage} />
        </section>
      </>
    ),
  });
}

function NoLinks() {
  return (
    <EmptyState heading="No links yet">
      <p>Send a file, and you can follow here what becomes of it.</p>
    </EmptyState>
  );
}

function LinkTable({ links }: { links: readonly LinkRow[] }) {
  return (
    <Table caption="Your links, newest first" columns={['File', 'To', 'Made', 'State']}>
      {links.map((link) => (
        <Row key={link.id} id={link.id} state={link.state}>
          <RowHead>
            <a href={`/links/${encodeURIComponent(link.id)}`}>
              <FileName name={link.fileName} />
            </a>
          </RowHead>
          <Cell label="To">
            {link.recipient === null ? 'whoever has it' : <bdi class="email">{link.recipient}</bdi>}
          </Cell>
          <Cell kind="time">
            <Time at={link.createdAt} />
          </Cell>
          <Cell kind="wide">
            <LinkStateCell link={link} />
          </Cell>
        </Row>
      ))}
    </Table>
  );
}
