// Metrics for Prometheus, as both servers use them: one registry a process, one port that shows it. Labels
// come from closed sets only: never a claim id, an account, an address or anything else of a request.
export { Counter, Gauge, Histogram, type Registry } from 'prom-client';
export { createRegistry } from './create-registry.js';
export { mergeMetrics, type MetricsSnapshot } from './merge-metrics.js';
export { serveMetrics, type MetricsServer } from './serve-metrics.js';
