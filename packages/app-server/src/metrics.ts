// What the app server counts. Features are given this object and never a registry. Labels come from closed
// sets: a route's pattern, a status, a refusal's code; no id, no address, no e-mail.
import type { EndedRequest } from '@claimcheck/shared/http';
import { Counter, Gauge, Histogram, type Registry } from '@claimcheck/shared/metrics';
import { APP_PROBLEMS, Refused } from './http/problems.js';
import type { KeyStanding } from './keys/key-standing.js';
import { observeKeys } from './observe-keys.js';

export type SignInWay =
  'password' | 'link' | 'passkey' | 'second-factor' | 'identity-provider' | 'hand-off';

export interface AppMetrics {
  requestEnded: (ended: EndedRequest) => void;
  /** Counts how minting ended, and passes that on. */
  minting: <T>(work: Promise<T>) => Promise<T>;
  /** Counts how a sign-in ended, and passes that on. */
  signingIn: <T>(way: SignInWay, work: Promise<T>) => Promise<T>;
  /** Where to read what is only looked at when Prometheus asks. */
  observe: (sources: ObservedSources) => void;
}

export interface ObservedSources {
  /** How far the claims list is behind the ledger. */
  eventLagSeconds: () => number;
  checkLedger: () => Promise<unknown>;
  checkDatabase: () => Promise<unknown>;
  keyStanding: () => KeyStanding;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A refusal by another module's error: the ledger or the database was away, or worse. */
const FAILED = 'failed';
const REFUSALS: ReadonlySet<string> = new Set(Object.keys(APP_PROBLEMS));

/** For a server without a metrics port. */
export const NO_METRICS: AppMetrics = {
  requestEnded: () => {},
  minting: (work) => work,
  signingIn: (_, work) => work,
  observe: () => {},
};

export function createAppMetrics(registry: Registry): AppMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'claimcheck_app_requests_total',
    help: 'Requests, by the pattern of their route and the status of their answer.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'claimcheck_app_request_seconds',
    help: 'How long requests took, uploads and probes left out.',
    buckets: REQUEST_BUCKETS,
    registers,
  });
  const mints = new Counter({
    name: 'claimcheck_app_mints_total',
    help: 'Download claims asked for: minted, or the code they were refused with.',
    labelNames: ['outcome'],
    registers,
  });
  mints.inc({ outcome: 'minted' }, 0);
  const signIns = new Counter({
    name: 'claimcheck_app_sign_ins_total',
    help: 'Sign-ins tried: signed-in, second-factor-needed, or the code they were refused with.',
    labelNames: ['way', 'outcome'],
    registers,
  });
  for (const outcome of ['signed-in', 'wrong-credentials', 'too-many-attempts']) {
    signIns.inc({ way: 'password', outcome }, 0);
  }

  return {
    requestEnded({ method, route = 'none', status, seconds: took }) {
      const known = METHODS.has(method) ? method : 'other';
      requests.inc({ method: known, route, status: String(status) });
      if (!isUploadOrProbe(method, route)) seconds.observe(took);
    },
    minting: (work) =>
      counted(
        work,
        () => 'minted',
        (outcome) => mints.inc({ outcome }),
      ),
    signingIn: (way, work) =>
      counted(work, endOfSignIn, (outcome) => signIns.inc({ way, outcome })),
    observe: (sources) => observe(registry, sources),
  };
}

/** How long an upload takes is the client's affair. */
function isUploadOrProbe(method: string, route: string): boolean {
  if (route === '/livez' || route === '/readyz') return true;
  return (method === 'PUT' && route === '/api/files') || (method === 'POST' && route === '/files');
}

async function counted<T>(
  work: Promise<T>,
  success: (result: T) => string,
  count: (outcome: string) => void,
): Promise<T> {
  try {
    const result = await work;
    count(success(result));
    return result;
  } catch (error) {
    count(error instanceof Refused && REFUSALS.has(error.code) ? error.code : FAILED);
    throw error;
  }
}

/** The first half of a sign-in with a second factor has let nobody in. */
function endOfSignIn(result: unknown): string {
  const needed = 'second-factor-needed';
  return (result as { state?: unknown } | undefined)?.state === needed ? needed : 'signed-in';
}

function observe(registry: Registry, sources: ObservedSources): void {
  const gauge = (name: string, help: string, read: () => number | Promise<number>) => {
    async function collect(this: Gauge): Promise<void> {
      this.set(await read());
    }
    registry.registerMetric(new Gauge({ name, help, registers: [], collect }));
  };
  gauge(
    'claimcheck_app_event_lag_seconds',
    'How far the claims list is behind what the download servers told the ledger.',
    sources.eventLagSeconds,
  );
  gauge('claimcheck_app_ledger_up', '1 when the ledger answers, 0 when not.', () =>
    oneIfWell(sources.checkLedger()),
  );
  gauge('claimcheck_app_database_up', '1 when the database answers, 0 when not.', () =>
    oneIfWell(sources.checkDatabase()),
  );
  observeKeys(registry, sources.keyStanding);
}

async function oneIfWell(check: Promise<unknown>): Promise<number> {
  return await check.then(
    () => 1,
    () => 0,
  );
}
