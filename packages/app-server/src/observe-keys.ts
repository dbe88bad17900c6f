// What an operator sees of the signing keys, read when Prometheus asks. A state and a kind of work are labels, since these
// sets are closed and small; the id of a key never is one.
import { Gauge, type Registry } from '@claimcheck/shared/metrics';
import { KEY_STATES } from './keys/key-life.js';
import { TENDINGS, type KeyStanding } from './keys/key-standing.js';

/** Registers the gauges of keys. */
export function observeKeys(registry: Registry, standing: () => KeyStanding): void {
  const gauge = (name: string, help: string, read: (standing: KeyStanding) => number) => {
    function collect(this: Gauge): void {
      this.set(read(standing()));
    }
    registry.registerMetric(new Gauge({ name, help, registers: [], collect }));
  };
  const byState = new Gauge({
    name: 'claimcheck_app_keys',
    help: 'Signing keys by what they are for now; killed ones stay remembered.',
    labelNames: ['state'],
    registers: [],
    collect() {
      const { keys } = standing();
      for (const state of KEY_STATES) this.set({ state }, keys[state]);
    },
  });
  registry.registerMetric(byState);
  const age = new Gauge({
    name: 'claimcheck_app_signing_key_age_seconds',
    help: 'Since the key that signs began to; absent while none signs.',
    registers: [],
    collect() {
      const { signingKeyAgeSeconds } = standing();
      if (signingKeyAgeSeconds === undefined) this.remove();
      else this.set(signingKeyAgeSeconds);
    },
  });
  registry.registerMetric(age);
  gauge(
    'claimcheck_app_key_rotation_due_seconds',
    'Until the schedule asks for the next key, below 0 when that is overdue; +Inf without a schedule.',
    ({ rotationDueSeconds }) => rotationDueSeconds,
  );
  gauge(
    'claimcheck_app_key_ring_revision',
    'Revision of the ring of keys that this server signs and publishes by.',
    ({ revision }) => revision,
  );
  gauge(
    'claimcheck_app_key_ring_behind',
    'Revisions that the directory of keys is ahead of this server; below 0 when it was put back.',
    ({ behind }) => behind,
  );
  gauge(
    'claimcheck_app_key_ring_age_seconds',
    'Since this server last saw the directory of keys; it looks every second.',
    ({ lookAgeSeconds }) => lookAgeSeconds,
  );
  gauge(
    'claimcheck_app_key_secrets_unreadable',
    'Keys that sign or wait, and whose secret this server could not read.',
    ({ unreadableSecrets }) => unreadableSecrets,
  );
  const failed = new Gauge({
    name: 'claimcheck_app_key_tending_failed',
    help: '1 when this work on the keys failed the last time: look (and rotate, forget), mark (the killed, in the ledger).',
    labelNames: ['work'],
    registers: [],
    collect() {
      const last = standing().failed;
      for (const work of TENDINGS) this.set({ work }, last[work] ? 1 : 0);
    },
  });
  registry.registerMetric(failed);
}
