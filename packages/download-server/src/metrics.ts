// What the download server counts. The steps are given this object and never a registry, so that without
// a metrics port the counting costs a call that does nothing. Labels come from closed sets: no claim id,
// no account, no address.
import type { EndedRequest } from '@claimcheck/shared/http';
import { Counter, Gauge, Histogram, type Registry } from '@claimcheck/shared/metrics';
import { REFUSALS } from './problems.js';
import type { CutReason } from './watch-readers.js';

export interface DownloadMetrics {
  requestEnded: (ended: EndedRequest) => void;
  /** Body bytes handed to connections. */
  sentBytes: (bytes: number) => void;
  burnTook: (seconds: number) => void;
  cut: (reason: CutReason) => void;
  connectionDropped: () => void;
  /** Where to read what is only looked at when Prometheus asks. */
  observe: (sources: ObservedSources) => void;
}

export interface ObservedSources {
  downloadsInFlight: () => number;
  maxDownloads: number;
  /** Undefined while no set of keys has come. */
  keySetAgeSeconds: () => number | undefined;
  keysHeld: () => number;
  keysRetired: () => number;
  eventsLost: () => number;
  /** Resolves when the ledger would answer now. */
  checkLedger: () => Promise<void>;
}

const ENDS_WITHOUT_REFUSAL = [
  'finished',
  'broken-off',
  'handed-over',
  'head-only',
  'client-left',
] as const;
const OTHER = 'other';
/** Every value of the label `outcome`: how a download ended, or the code it was refused with. */
const OUTCOMES: ReadonlySet<string> = new Set([
  ...ENDS_WITHOUT_REFUSAL,
  ...Object.keys(REFUSALS),
  OTHER,
]);
const CUT_REASONS: readonly CutReason[] = ['slow-reader', 'stopping'];

const FIRST_BYTE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BURN_BUCKETS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** For a server without a metrics port. */
export const NO_METRICS: DownloadMetrics = {
  requestEnded: () => {},
  sentBytes: () => {},
  burnTook: () => {},
  cut: () => {},
  connectionDropped: () => {},
  observe: () => {},
};

/** Registers the metrics. Every outcome stands at 0 from the start, so that `rate()` sees the first one. */
export function createDownloadMetrics(registry: Registry): DownloadMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'claimcheck_download_requests_total',
    help: 'Requests for a file, by how they ended or the code they were refused with.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of OUTCOMES) requests.inc({ outcome }, 0);
  const bytes = new Counter({
    name: 'claimcheck_download_sent_bytes_total',
    help: 'Bytes of files handed to connections.',
    registers,
  });
  const firstByte = new Histogram({
    name: 'claimcheck_download_first_byte_seconds',
    help: 'From the head of a request to the first byte of a file.',
    buckets: FIRST_BYTE_BUCKETS,
    registers,
  });
  const burn = new Histogram({
    name: 'claimcheck_download_burn_seconds',
    help: 'How long the ledger took to decide on a burn, whatever it decided.',
    buckets: BURN_BUCKETS,
    registers,
  });
  const cuts = new Counter({
    name: 'claimcheck_download_cut_total',
    help: 'Downloads that this server ended: the reader was too slow, or the server was stopping.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of CUT_REASONS) cuts.inc({ reason }, 0);
  const dropped = new Counter({
    name: 'claimcheck_download_connections_dropped_total',
    help: 'Connections closed unheard because MAX_CONNECTIONS were open.',
    registers,
  });

  return {
    requestEnded({ fields, firstByteSeconds }) {
      const { outcome } = fields;
      if (typeof outcome !== 'string') return;
      requests.inc({ outcome: OUTCOMES.has(outcome) ? outcome : OTHER });
      const sentFile = outcome === 'finished' || outcome === 'broken-off';
      if (sentFile && firstByteSeconds !== undefined) firstByte.observe(firstByteSeconds);
    },
    sentBytes: (count) => bytes.inc(count),
    burnTook: (seconds) => burn.observe(seconds),
    cut: (reason) => cuts.inc({ reason }),
    connectionDropped: () => dropped.inc(),
    observe: (sources) => observe(registry, sources),
  };
}

function observe(registry: Registry, sources: ObservedSources): void {
  const gauge = (name: string, help: string, read: () => number | Promise<number>) => {
    async function collect(this: Gauge): Promise<void> {
      this.set(await read());
    }
    registry.registerMetric(new Gauge({ name, help, registers: [], collect }));
  };
  gauge(
    'claimcheck_download_in_flight',
    'Requests for a file that hold one of the MAX_DOWNLOADS places.',
    sources.downloadsInFlight,
  );
  gauge(
    'claimcheck_download_in_flight_max',
    'MAX_DOWNLOADS: beyond it requests are refused as busy.',
    () => sources.maxDownloads,
  );
  gauge(
    'claimcheck_download_key_set_age_seconds',
    'Since the public keys were last read from the app server; +Inf until they first were.',
    () => sources.keySetAgeSeconds() ?? Number.POSITIVE_INFINITY,
  );
  gauge(
    'claimcheck_download_keys',
    'Public keys that claims are accepted of; 0 until they were first read.',
    sources.keysHeld,
  );
  gauge(
    'claimcheck_download_keys_retired',
    'Keys that were retired in an emergency, as far as this process has been told.',
    sources.keysRetired,
  );
  gauge(
    'claimcheck_download_ledger_up',
    '1 when the ledger would answer a burn now, 0 when it would not.',
    () =>
      sources.checkLedger().then(
        () => 1,
        () => 0,
      ),
  );
  let told = 0;
  const eventsLost = new Counter({
    name: 'claimcheck_download_events_lost_total',
    help: 'Events that the ledger did not take, so that the sender is not told.',
    registers: [],
    collect() {
      const lost = sources.eventsLost();
      this.inc(lost - told);
      told = lost;
    },
  });
  registry.registerMetric(eventsLost);
}
