// The plot: one row a ratio, the median as a dot, lowest to highest as a line, the goal as a mark; on a logarithmic
// axis, where half as fast and twice as fast are equally far from equal. Plain SVG, light and dark.
const WIDTH = 960;
const LABELS = 470;
const RIGHT = 60;
const ROW = 26;
const TOP = 70;
const BOTTOM = 56;
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10];

/** @param {import('./tables.mjs').Report} report */
export function drawPlot({ cases, machine, mode }) {
  const rows = cases.flatMap(({ title, ratios }) => ratios.map((ratio) => ({ title, ...ratio })));
  const [low, high] = rangeOf(rows);
  const ticks = TICKS.filter((tick) => tick >= low && tick <= high);
  const x = (/** @type {number} */ value) => {
    const part = Math.log(value / low) / Math.log(high / low);
    return (LABELS + part * (WIDTH - LABELS - RIGHT)).toFixed(1);
  };
  const height = TOP + rows.length * ROW + BOTTOM;
  const bottom = height - BOTTOM;
  const body = [
    `<text class="title" x="16" y="28">Speed as a ratio to each peer, of one run</text>`,
    `<text class="soft" x="16" y="48">${escape(`${machine.date}, ${machine.cores} cores, ${mode} run · dot: median, line: lowest to highest, bar: goal, orange: below it`)}</text>`,
    ...ticks.map(
      (tick) =>
        `<line class="${tick === 1 ? 'equal' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 8}" y2="${bottom}"/>` +
        `<text class="soft" text-anchor="middle" x="${x(tick)}" y="${bottom + 18}">${tick}</text>`,
    ),
    `<text class="soft" text-anchor="middle" x="${(LABELS + WIDTH - RIGHT) / 2}" y="${bottom + 40}">times the peer's speed (1 = equal; logarithmic)</text>`,
    ...rows.map((row, i) => drawRow(row, TOP + i * ROW + ROW / 2, x)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Speed of the download server as a ratio to each peer">
<style>
  svg { background: #fff; color: #1c1f23; font: 13px system-ui, sans-serif; }
  text { fill: currentColor; } .title { font-size: 16px; font-weight: 600; } .soft { fill: #5b636d; }
  .grid { stroke: #e1e4e8; } .equal { stroke: #8a929c; stroke-width: 1.5; }
  .spread { stroke: #2563eb; stroke-width: 2; } .dot { fill: #2563eb; } .missed { fill: #b45309; stroke: #b45309; }
  .goal { stroke: #15803d; stroke-width: 3; }
  @media (prefers-color-scheme: dark) {
    svg { background: #16191d; color: #e6e8ea; } .soft { fill: #a2a9b2; } .grid { stroke: #2c3138; } .equal { stroke: #7a828c; }
    .spread { stroke: #7aa7ff; } .dot { fill: #7aa7ff; } .missed { fill: #f0a95b; stroke: #f0a95b; } .goal { stroke: #4ade80; }
  }
</style>
${body.join('\n')}
</svg>
`;
}

/**
 * @param {import('../statistics.mjs').Ratio & { title: string }} row
 * @param {number} y
 * @param {(value: number) => string} x
 */
function drawRow({ title, of, to, median, rounds, goal }, y, x) {
  const missed = goal !== undefined && median < goal ? ' missed' : '';
  const name = of === 'ours' ? `${title}: ours / ${to}` : `${title}: ${of} / ${to}`;
  const mark =
    goal === undefined
      ? ''
      : `<line class="goal" x1="${x(goal)}" x2="${x(goal)}" y1="${y - 9}" y2="${y + 9}"/>`;
  return (
    `<text x="16" y="${y + 4}">${escape(name)}</text>${mark}` +
    `<line class="spread${missed}" x1="${x(Math.min(...rounds))}" x2="${x(Math.max(...rounds))}" y1="${y}" y2="${y}"/>` +
    `<circle class="dot${missed}" cx="${x(median)}" cy="${y}" r="5"><title>${median.toFixed(2)}</title></circle>` +
    `<text class="soft" text-anchor="end" x="${WIDTH - 12}" y="${y + 4}">${median.toFixed(2)}</text>`
  );
}

/** The ends of the axis: wide enough for everything, and never narrower than half to double. @param {import('../statistics.mjs').Ratio[]} rows @returns {[number, number]} */
function rangeOf(rows) {
  const values = rows.flatMap(({ rounds, goal }) => [
    ...rounds,
    ...(goal === undefined ? [] : [goal]),
  ]);
  return [Math.min(0.5, ...values) * 0.9, Math.max(2, ...values) * 1.1];
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
