// The registry of a process, with what Node tells of itself (memory, CPU, event-loop delay, garbage
// collection) under the names that every Node dashboard knows.
import { collectDefaultMetrics, Registry } from 'prom-client';

/** How finely the delay of the event loop is sampled; ten times finer costs ten times the wake-ups. */
const LOOP_SAMPLE_MS = 20;

/** @param worker number of this process among several on one port; it becomes a label of everything. */
export function createRegistry(worker?: number): Registry {
  const registry = new Registry();
  if (worker !== undefined) registry.setDefaultLabels({ worker: String(worker) });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  return registry;
}
