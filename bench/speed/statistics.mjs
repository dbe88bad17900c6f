// How figures become one: rounds in which every contender runs once, in an order that turns from round to
// round, and medians over them. Ratios are taken within a round, since the machine changes between rounds.

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/**
 * Runs every contender once a round.
 * @template T
 * @param {readonly string[]} names
 * @param {number} rounds
 * @param {(name: string, round: number) => Promise<T>} measure
 * @param {(round: number) => Promise<void>} [prepare] before each round
 * @returns {Promise<Record<string, T[]>>} results by name, in the order of the rounds
 */
export async function interleave(names, rounds, measure, prepare = async () => {}) {
  /** @type {Record<string, T[]>} */
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    await prepare(round);
    for (let i = 0; i < names.length; i += 1) {
      const name = names[(i + round) % names.length] ?? '';
      results[name]?.push(await measure(name, round));
    }
  }
  return results;
}

/**
 * @typedef {object} Ratio
 * @property {string} of
 * @property {string} to
 * @property {number} [goal] at least
 * @property {number} median
 * @property {number[]} rounds
 */

/**
 * @param {string} of
 * @param {string} to
 * @param {Record<string, readonly number[]>} values
 * @param {number} [goal]
 * @returns {Ratio}
 */
export function ratio(of, to, values, goal) {
  const rounds = (values[of] ?? []).map((value, i) => value / (values[to]?.[i] ?? NaN));
  return { of, to, ...(goal === undefined ? {} : { goal }), median: median(rounds), rounds };
}

/**
 * The median of each number in several records of the same form.
 * @param {readonly Record<string, number>[]} records
 */
export function medians(records) {
  const names = Object.keys(records[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(records.map((record) => record[name] ?? NaN))]),
  );
}
