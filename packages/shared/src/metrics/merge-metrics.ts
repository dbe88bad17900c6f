// The metrics of several processes as one text. Nothing is summed: every process brings its own `worker`
// label, so that a counter which starts again with its process is seen as that by `rate()`. A sum that
// drops by one process's share would look like a restart of all and be counted double.
import { Registry } from 'prom-client';

/** What `Registry.getMetricsAsJSON()` gives; it may cross from one process to another. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** The text of the Prometheus exposition format, each metric once with the values of all. */
export async function mergeMetrics(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  const merged = new Map<string, MetricsSnapshot[number]>();
  for (const metric of snapshots.flat()) {
    const known = merged.get(metric.name);
    if (known === undefined) merged.set(metric.name, { ...metric, values: [...metric.values] });
    else known.values.push(...metric.values);
  }
  const registry = new Registry();
  // The library's type asks for a whole metric; a registry only ever calls `get`.
  for (const metric of merged.values()) {
    registry.registerMetric({ ...metric, get: async () => metric } as never);
  }
  return await registry.metrics();
}
