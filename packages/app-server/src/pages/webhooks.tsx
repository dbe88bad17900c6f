// Webhooks of one's account: the list with the form that adds one, and one webhook with what became of
// its last deliveries. A secret is shown on the page that made it, and nowhere again.
import { Confirm } from './confirm.js';
import { renderSection } from './document.js';
import { Time } from './format-time.js';
import { Icon, type IconName } from './icon.js';
import { NoticeBox } from './notice.js';
import type { SignedInProps } from './props.js';
import { Cell, EmptyState, Row, RowHead, Table } from './table.js';

export interface WebhookRow {
  id: string;
  url: string;
  /** The other side said that it wants no more. */
  stopped: boolean;
  oldSecretSignsUntil?: Date | undefined;
  createdAt: Date;
}

export interface DeliveryRow {
  id: string;
  event: string;
  state: 'queued' | 'delivered' | 'failed';
  attempts: number;
  lastError?: string | undefined;
  createdAt: Date;
  deliveredAt?: Date | undefined;
}

export interface WebhooksProps extends SignedInProps {
  webhooks: readonly WebhookRow[];
  /** The webhook whose secret was just made. */
  made?: { url: string; secret: string } | undefined;
  /** Why none was added. */
  error?: string | undefined;
  /** What had been typed. */
  url?: string | undefined;
}

export function renderWebhooks({ webhooks, made, error, url, ...page }: WebhooksProps): string {
  return renderSection({
    ...page,
    section: '/account',
    heading: 'Webhooks',
    children: (
      <>
        {made && <Secret {...made} />}
        {webhooks.length === 0 ? (
          <EmptyState heading="No webhooks yet">
            <p>A program of yours can be told of every download, as it happens.</p>
          </EmptyState>
        ) : (
          <Table caption="Webhooks" columns={['Address', 'Added', 'State', '']}>
            {webhooks.map((webhook) => (
              <WebhookTableRow key={webhook.id} webhook={webhook} />
            ))}
          </Table>
        )}
        <section class="card add-account" aria-labelledby="add">
          <h2 id="add">Add a webhook</h2>
          {error !== undefined && <NoticeBox kind="error">{error}</NoticeBox>}
          <form method="post" action="/webhooks" class="stack">
            <div class="field">
              <label for="url">Address</label>
              <p class="hint" id="url-hint">
                It gets signed POST requests (Standard Webhooks).
              </p>
              <input
                type="url"
                id="url"
                name="url"
                required
                autoComplete="off"
                aria-describedby="url-hint"
                value={url}
              />
            </div>
            <button class="button primary">Add webhook</button>
          </form>
        </section>
      </>
    ),
  });
}

function Secret({ url, secret }: { url: string; secret: string }) {
  return (
    <section class="card stack" aria-labelledby="secret">
      <h2 id="secret">Keep this secret</h2>
      <p>
        It signs what is sent to <bdi>{url}</bdi>. It is shown only now.
      </p>
      <div class="field">
        <label for="secret-text">Secret</label>
        <div class="command">
          <textarea id="secret-text" class="code" rows={2} readOnly spellcheck={false}>
            {secret}
          </textarea>
          <button class="button scripted-only" type="button" data-copy-from="secret-text">
            <Icon name="copy" />
            Copy<span class="visually-hidden"> the secret</span>
          </button>
        </div>
      </div>
    </section>
  );
}

function WebhookTableRow({ webhook }: { webhook: WebhookRow }) {
  const path = `/webhooks/${encodeURIComponent(webhook.id)}`;
  return (
    <Row id={webhook.id} state={webhook.stopped ? 'stopped' : 'active'}>
      <RowHead>
        <a href={path}>
          <bdi class="address">{webhook.url}</bdi>
        </a>
      </RowHead>
      <Cell label="Added" kind="time">
        <Time at={webhook.createdAt} />
      </Cell>
      <Cell label="State">
        <p class={webhook.stopped ? 'state revoked' : 'state finished'}>
          <Icon name={webhook.stopped ? 'alert' : 'check'} />
          <span>{webhook.stopped ? 'stopped by the other side' : 'active'}</span>
        </p>
      </Cell>
      <Cell kind="actions">
        <Confirm
          action={`${path}/delete`}
          icon="trash"
          label="Delete"
          subject={webhook.url}
          confirmLabel="Delete webhook"
        >
          Delete this webhook? What has not been delivered to it is dropped.
        </Confirm>
      </Cell>
    </Row>
  );
}

export interface WebhookProps extends SignedInProps {
  webhook: WebhookRow;
  deliveries: readonly DeliveryRow[];
}

const STATES: Record<DeliveryRow['state'], { icon: IconName; tone: string }> = {
  queued: { icon: 'hourglass', tone: 'waiting' },
  delivered: { icon: 'check', tone: 'finished' },
  failed: { icon: 'alert', tone: 'revoked' },
};

export function renderWebhook({ webhook, deliveries, ...page }: WebhookProps): string {
  const path = `/webhooks/${encodeURIComponent(webhook.id)}`;
  return renderSection({
    ...page,
    section: '/account',
    heading: 'Webhook',
    children: (
      <>
        <section class="card stack" aria-label="This webhook">
          <p>
            <bdi class="address">{webhook.url}</bdi>
          </p>
          {webhook.stopped && (
            <p class="hint">
              The other side answered that it wants no more. A new secret starts it again.
            </p>
          )}
          {webhook.oldSecretSignsUntil && (
            <p class="hint">
              The old secret signs too until <Time at={webhook.oldSecretSignsUntil} />.
            </p>
          )}
          <form method="post" action={`${path}/test`}>
            <button class="button primary">Send a test</button>
          </form>
          <Confirm action={`${path}/secret`} label="New secret" confirmLabel="Make a new secret">
            Make a new secret? The old one signs too for a day.
          </Confirm>
        </section>
        {deliveries.length === 0 ? (
          <EmptyState heading="No deliveries yet">
            <p>Send a test, or wait for a download.</p>
          </EmptyState>
        ) : (
          <Table caption="Last deliveries" columns={['Event', 'At', 'State']}>
            {deliveries.map((delivery) => (
              <DeliveryTableRow key={delivery.id} delivery={delivery} />
            ))}
          </Table>
        )}
        <p>
          <a href="/webhooks">All webhooks</a>
        </p>
      </>
    ),
  });
}

function DeliveryTableRow({ delivery }: { delivery: DeliveryRow }) {
  const { icon, tone } = STATES[delivery.state];
  return (
    <Row id={delivery.id} state={delivery.state}>
      <RowHead>
        <code>{delivery.event}</code>
      </RowHead>
      <Cell label="At" kind="time">
        <Time at={delivery.createdAt} />
      </Cell>
      <Cell label="State">
        <div class="state-cell">
          <p class={`state ${tone}`}>
            <Icon name={icon} />
            <span>{delivery.state === 'queued' ? 'waiting' : delivery.state}</span>
          </p>
          {delivery.lastError !== undefined && (
            <p class="hint">
              {delivery.attempts === 1 ? 'Tried once' : `Tried ${delivery.attempts} times`}:{' '}
              <bdi>{delivery.lastError}</bdi>
            </p>
          )}
        </div>
      </Cell>
    </Row>
  );
}
