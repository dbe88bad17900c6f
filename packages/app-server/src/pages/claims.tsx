// Every claim that this account has minted, and what became of it. `#claims` is what the script
// fetches again each second; its text depends on the rows alone, so equal text means no change.
import { ClaimStateCell } from './claim-state.js';
import { renderSection } from './document.js';
import { FileName, plainName } from './file-name.js';
import { formatSize } from '#browser/format-size.js';
import { Time } from './format-time.js';
import { Icon } from './icon.js';
import type { ClaimRow, SignedInProps } from './props.js';
import { Cell, EmptyState, NextPage, Row, RowHead, Table } from './table.js';

/** Whether anybody could still get bytes for it; of a strict claim, once it is burned, nobody can. */
function isUsable({ state, mode }: ClaimRow): boolean {
  if (state === 'started') return mode === 'resumable';
  return state === 'waiting' || state === 'interrupted';
}

export interface ClaimsProps extends SignedInProps {
  claims: readonly ClaimRow[];
  /** Address of the next, older claims. */
  nextPage?: string | undefined;
}

export function renderClaims({ claims, nextPage, ...page }: ClaimsProps): string {
  return renderSection({
    ...page,
    section: '/claims',
    heading: 'Claims',
    children: (
      <>
        <p class="hint">
          A claim is the permission to fetch one file, once. One is made each time you press
          Download or copy a command.
        </p>
        <p id="claims-note" class="stale" role="status"></p>
        <section id="claims" aria-label="Your claims">
          {claims.length === 0 ? <NoClaims /> : <ClaimTable claims={claims} />}
          <NextPage href={nextPage} />
        </section>
      </>
    ),
  });
}

function NoClaims() {
  return (
    <EmptyState heading="No claims yet">
      <p>Download a file, and you can follow here what becomes of its link.</p>
      <p>
        <a class="button primary" href="/files">
          Go to your files
        </a>
      </p>
    </EmptyState>
  );
}

function ClaimTable({ claims }: { claims: readonly ClaimRow[] }) {
  return (
    <Table caption="Your claims, newest first" columns={['File', 'Size', 'Made', 'State', '']}>
      {claims.map((claim) => (
        <Row key={claim.id} id={claim.id} state={claim.state}>
          <RowHead>
            <FileName name={claim.fileName} />
          </RowHead>
          <Cell kind="number">{formatSize(claim.sizeBytes)}</Cell>
          <Cell kind="time">
            <Time at={claim.createdAt} />
          </Cell>
          <Cell kind="wide">
            <ClaimStateCell claim={claim} />
          </Cell>
          <Cell kind="actions">{isUsable(claim) && <Revoke claim={claim} />}</Cell>
        </Row>
      ))}
    </Table>
  );
}

/** Without a question before it: a claim withdrawn by mistake is made again by one press. */
function Revoke({ claim }: { claim: ClaimRow }) {
  return (
    <form method="post" action={`/claims/${encodeURIComponent(claim.id)}/revoke`}>
      <button class="button">
        <Icon name="undo" />
        Revoke<span class="visually-hidden"> the claim for {plainName(claim.fileName)}</span>
      </button>
    </form>
  );
}
