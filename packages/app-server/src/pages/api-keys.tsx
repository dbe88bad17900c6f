// API keys of one's account: the list, and the form that makes one. A key is shown on the page that made it,
// and nowhere again.
import { Confirm } from './confirm.js';
import { renderSection } from './document.js';
import { Time } from './format-time.js';
import { Icon } from './icon.js';
import { NoticeBox } from './notice.js';
import type { SignedInProps } from './props.js';
import { Cell, EmptyState, Row, RowHead, Table } from './table.js';

export interface ApiKeyRow {
  id: string;
  name: string;
  scopes: readonly string[];
  expired: boolean;
  createdAt: Date;
  expiresAt?: Date | undefined;
  lastUsedAt?: Date | undefined;
  lastUsedAddress?: string | undefined;
}

export interface ApiKeysProps extends SignedInProps {
  keys: readonly ApiKeyRow[];
  /** What a key can be allowed, each with its words. */
  scopes: readonly { scope: string; words: string }[];
  /** Whether it was proven lately who is sitting here. */
  mayMake: boolean;
  /** The key that was just made. */
  made?: { name: string; key: string } | undefined;
  /** Why none was made, and what had been typed. */
  form?: { error: string; name: string | undefined } | undefined;
}

export function renderApiKeys({
  keys,
  scopes,
  mayMake,
  made,
  form,
  ...page
}: ApiKeysProps): string {
  return renderSection({
    ...page,
    section: '/account',
    heading: 'API keys',
    children: (
      <>
        {made && <MadeKey {...made} />}
        {keys.length === 0 ? (
          <EmptyState heading="No API keys yet">
            <p>With a key, a program of yours mints claims and makes links without signing in.</p>
          </EmptyState>
        ) : (
          <Table caption="API keys" columns={['Name', 'May', 'Last used', 'Ends', '']}>
            {keys.map((key) => (
              <ApiKeyTableRow key={key.id} row={key} />
            ))}
          </Table>
        )}
        {mayMake ? <NewKey scopes={scopes} form={form} /> : <ConfirmFirst />}
        <p>
          <a href="/api">What the API can do</a>
        </p>
      </>
    ),
  });
}

function MadeKey({ name, key }: { name: string; key: string }) {
  return (
    <section class="card stack" aria-labelledby="made">
      <h2 id="made">Keep this key</h2>
      <p>
        <bdi>{name}</bdi>: whoever has this key can do what it may. It is shown only now.
      </p>
      <div class="field">
        <label for="key-text">Key</label>
        <div class="command">
          <textarea id="key-text" class="code" rows={2} readOnly spellcheck={false}>
            {key}
          </textarea>
          <button class="button scripted-only" type="button" data-copy-from="key-text">
            <Icon name="copy" />
            Copy<span class="visually-hidden"> the key</span>
          </button>
        </div>
      </div>
      <p class="hint">
        A program sends it as <code>Authorization: Bearer</code> and the key.
      </p>
    </section>
  );
}

function ApiKeyTableRow({ row }: { row: ApiKeyRow }) {
  return (
    <Row id={row.id} state={row.expired ? 'expired' : 'active'}>
      <RowHead>
        <bdi class="address">{row.name}</bdi>
      </RowHead>
      <Cell label="May">
        <ul class="plain">
          {row.scopes.map((scope) => (
            <li key={scope}>
              <code>{scope}</code>
            </li>
          ))}
        </ul>
      </Cell>
      <Cell label="Last used" kind="time">
        {row.lastUsedAt ? (
          <>
            <Time at={row.lastUsedAt} />
            {row.lastUsedAddress !== undefined && (
              <p class="hint">
                from <bdi>{row.lastUsedAddress}</bdi>
              </p>
            )}
          </>
        ) : (
          'never'
        )}
      </Cell>
      <Cell label="Ends" kind="time">
        {row.expired && (
          <p class="state expired">
            <Icon name="alert" />
            <span>expired</span>
          </p>
        )}
        {row.expiresAt ? <Time at={row.expiresAt} /> : 'when it is revoked'}
      </Cell>
      <Cell kind="actions">
        <Confirm
          action={`/api-keys/${encodeURIComponent(row.id)}/revoke`}
          icon="trash"
          label="Revoke"
          subject={row.name}
          confirmLabel="Revoke key"
        >
          Revoke <bdi>{row.name}</bdi>? It stops working at once, and so does every claim that it
          minted. Links that it made stay.
        </Confirm>
      </Cell>
    </Row>
  );
}

const DAYS = [
  { days: '7', words: '7 days' },
  { days: '30', words: '30 days' },
  { days: '90', words: '90 days' },
  { days: '365', words: 'a year' },
  { days: '', words: 'until I revoke it' },
] as const;

function NewKey({ scopes, form }: Pick<ApiKeysProps, 'scopes' | 'form'>) {
  return (
    <section class="card add-account" aria-labelledby="add">
      <h2 id="add">Make a key</h2>
      {form && <NoticeBox kind="error">{form.error}</NoticeBox>}
      <form method="post" action="/api-keys" class="stack">
        <div class="field">
          <label for="name">Name</label>
          <p class="hint" id="name-hint">
            Of the program that will use it.
          </p>
          <input
            type="text"
            id="name"
            name="name"
            required
            maxLength={100}
            autoComplete="off"
            aria-describedby="name-hint"
            value={form?.name}
          />
        </div>
        <fieldset class="choices">
          <legend>It may</legend>
          {scopes.map(({ scope, words }) => (
            <div key={scope} class="choice">
              <input type="checkbox" id={`may-${scope}`} name="scopes" value={scope} />
              <label for={`may-${scope}`}>{words}</label>
            </div>
          ))}
        </fieldset>
        <div class="field">
          <label for="days">It works for</label>
          <select id="days" name="days">
            {DAYS.map(({ days, words }) => (
              <option key={days} value={days} selected={days === '90'}>
                {words}
              </option>
            ))}
          </select>
        </div>
        <p class="hint">Only for files and links of your own account. You get a mail about it.</p>
        <button class="button primary">Make key</button>
      </form>
    </section>
  );
}

function ConfirmFirst() {
  return (
    <section class="card stack" aria-labelledby="add">
      <h2 id="add">Make a key</h2>
      <p>A key opens your files to whoever has it. Confirm first that it is you.</p>
      <p>
        <a class="button primary" href="/confirm-identity?next=%2Fapi-keys">
          Confirm
        </a>
      </p>
    </section>
  );
}
