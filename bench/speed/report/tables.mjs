// The report as Markdown tables: what the terminal shows and docs/speed.md holds. Text from figures, nothing else.
/**
 * @typedef {object} Case
 * @property {string} title
 * @property {Record<string, Record<string, number>>} contenders medians
 * @property {Record<string, unknown[]>} rounds
 * @property {import('../statistics.mjs').Ratio[]} ratios
 * @property {string[]} notThereYet
 *
 * @typedef {object} Report
 * @property {string} mode
 * @property {ReturnType<typeof import('../machine.mjs').describeMachine>} machine
 * @property {Record<string, import('../prove-peer.mjs').Proof>} proofs
 * @property {Case[]} cases
 * @property {Awaited<ReturnType<typeof import('../cases/own-cost.mjs').measureOwnCost>>} [ownCost]
 * @property {Awaited<ReturnType<typeof import('../cases/slow-readers.mjs').measureSlowReaders>>} [slowReaders]
 * @property {Awaited<ReturnType<typeof import('../cases/permissions.mjs').measurePermissions>>} [permissions]
 * @property {number} [tookSeconds]
 */

/** @param {Report} report */
export function tablesOf(report) {
  const { cases, ownCost, slowReaders, permissions } = report;
  const missing = [...new Set(cases.flatMap(({ notThereYet }) => notThereYet))];
  const parts = [
    describe(report),
    cases.length > 0 && ['### Against the goals', '', ...table(GOALS, cases.flatMap(goalRows))],
    missing.length > 0 && [
      'Not there yet, hence not measured:',
      '',
      ...missing.map((it) => `- ${it}`),
    ],
    cases.some(isSmall) && [
      '### Small files',
      '',
      ...table(SMALL, cases.filter(isSmall).flatMap(smallRows)),
    ],
    cases.some(isLarge) && [
      '### Large files',
      '',
      ...table(LARGE, cases.filter(isLarge).flatMap(largeRows)),
    ],
    slowReaders && ['### Slow readers', '', ...slowTable(slowReaders)],
    ownCost && ['### Our own cost of a request', '', ...ownCostTable(ownCost)],
    permissions && ['### Opaque token, claim, session', '', ...permissionTables(permissions)],
  ];
  return parts
    .filter((part) => part !== false && part !== undefined)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** @param {Report} report */
function describe({ machine, mode, tookSeconds }) {
  const { date, cores, memoryGiB, processor, node, nginx, redis, wrk, loadBefore } = machine;
  const took = tookSeconds === undefined ? '' : `, ${tookSeconds} s`;
  return [
    `Measured on ${date}, ${cores} cores, ${memoryGiB} GiB (${processor}), ${mode} run${took}, load ${loadBefore.toFixed(1)} at its start;`,
    `Node ${node}, ${nginx}, ${redis?.split(' sha')[0]}, ${wrk?.split(' [')[0]}.`,
  ];
}

const GOALS = ['case', 'of', 'to', 'median', 'lowest · highest', 'goal', ''];
const SMALL = [
  'case',
  'server',
  'requests/s',
  'p50, ms',
  'p99, ms',
  'its CPU, µs',
  "Redis's",
  "the load's",
];
const LARGE = ['case', 'server', 'GB/s', 'CPU s/GB', "the readers'"];

/** @param {Case} one */
const isSmall = ({ contenders }) => Object.values(contenders).some((it) => 'perSecond' in it);
/** @param {Case} one */
const isLarge = ({ contenders }) => Object.values(contenders).some((it) => 'gbPerSecond' in it);

/** @param {Case} one */
function goalRows({ title, ratios }) {
  return ratios.map(({ of, to, median, rounds, goal }) => {
    const spread = `${Math.min(...rounds).toFixed(2)} · ${Math.max(...rounds).toFixed(2)}`;
    const verdict = goal === undefined ? '' : median >= goal ? 'met' : 'missed';
    return [
      title,
      of,
      to,
      median.toFixed(2),
      spread,
      goal === undefined ? '' : goal.toFixed(2),
      verdict,
    ];
  });
}

/** @param {Case} one */
function smallRows({ title, contenders }) {
  return Object.entries(contenders).map(([name, it]) => [
    title,
    name,
    whole(it['perSecond']),
    fixed(it['p50Ms'], 1),
    fixed(it['p99Ms'], 1),
    whole(it['serverCpuMicros']),
    whole(it['redisCpuMicros']),
    whole(it['loadCpuMicros']),
  ]);
}

/** @param {Case} one */
function largeRows({ title, contenders }) {
  return Object.entries(contenders).map(([name, it]) => [
    title,
    name,
    fixed(it['gbPerSecond'], 2),
    fixed(it['cpuSecondsPerGb'], 3),
    fixed(it['readerCpuSecondsPerGb'], 3),
  ]);
}

/** @param {NonNullable<Report['slowReaders']>} slow */
function slowTable({ title, contenders, memoryGoalMiB }) {
  const ours = contenders['ours']?.['residentMiB'] ?? NaN;
  const rows = Object.entries(contenders).map(([name, it]) => [
    name,
    whole(it['residentMiB']),
    whole(it['idleMiB']),
    fixed(it['cpuCores'], 2),
    whole(it['kibPerSecondEach']),
    fixed(it['leastOfMedian'], 2),
    whole(it['starved']),
  ]);
  const head = [
    'server',
    'memory, MiB',
    'before, MiB',
    'CPU, cores',
    'KiB/s each',
    'least / median',
    'starved',
  ];
  const verdict = ours < memoryGoalMiB ? 'met' : 'missed';
  return [
    ...table(head, rows),
    '',
    `${title}. Goal: below ${memoryGoalMiB} MiB in all, ${verdict}.`,
  ];
}

/** @param {NonNullable<Report['ownCost']>} cost */
function ownCostTable({ micros, goalMicros, signatureBy }) {
  const rows = [
    ['a whole request', micros.request],
    [`less the signature check (${signatureBy})`, micros.signature],
    ['less the burn (the client of Redis)', micros.burn],
    ['our own cost', micros.own],
    ["for comparison: Node's HTTP server alone", micros.nodeHttpAlone],
    ['for comparison: the whole verification of a claim', micros.wholeVerification],
  ].map(([what, value]) => [String(what), fixed(Number(value), 1)]);
  const verdict = micros.own < goalMicros ? 'met' : 'missed';
  return [
    ...table(['1 KiB, one process on one core', 'CPU, µs'], rows),
    '',
    `Goal: below ${goalMicros} µs, ${verdict}.`,
  ];
}

/** @param {NonNullable<Report['permissions']>} permissions */
function permissionTables({ rows, weights }) {
  const speeds = rows.map((row) => {
    const it = /** @type {Record<string, number>} */ (/** @type {unknown} */ (row));
    const away =
      row.delayMs === 0 ? 'beside' : `+${row.delayMs} ms (measured ${row.addedMs.toFixed(1)})`;
    return [
      row.kind,
      away,
      whole(it['perSecond']),
      fixed(it['p50Ms'], 1),
      fixed(it['p99Ms'], 1),
      whole(it['serverCpuMicros']),
      whole(it['redisCpuMicros']),
    ];
  });
  const weighed = Object.entries(weights).map(([kind, it]) => [
    kind,
    whole(it.outstandingBytes),
    whole(it.usedBytes),
    String(it.urlCharacters),
  ]);
  return [
    ...table(
      ['permission', 'store', 'requests/s', 'p50, ms', 'p99, ms', 'CPU, µs', "Redis's"],
      speeds,
    ),
    '',
    ...table(
      ['permission', 'store, outstanding, bytes', 'store, used, bytes', 'characters in the URL'],
      weighed,
    ),
  ];
}

/** Columns of figures are set to the right. @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  const isFigure = (/** @type {number} */ i) =>
    rows.every((row) => /^[+\d.,·\s-]*(?:NaN)?$/.test(row[i] ?? ''));
  const rule = head.map((_, i) => (isFigure(i) ? '--:' : '---'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** @param {number | undefined} value */
function whole(value = NaN) {
  return Math.round(value).toLocaleString('en');
}

/** @param {number | undefined} value @param {number} digits */
function fixed(value = NaN, digits) {
  return value.toFixed(digits);
}
