// Decides whether a history of downloads is legal: `node model/check-history.mjs FILE`. It reads what the
// clients saw and knows nothing of who wrote it: it shares no code with the servers or with the tests,
// so that a test cannot agree with itself. Prints its findings as JSON; exit status 1 when illegal.
//
// One JSON object a line; all times are milliseconds of one clock, `start` before the request was sent
// and `end` after its answer was complete:
//   {"kind":"mint","claim","at","expiresAt","size"}
//   {"kind":"attempt","claim","attempt","server","start","end","outcome","bytes"}
//      outcome: "served", a refusal code, or "no-answer" when the connection broke
//   {"kind":"revocation","claim","start","end","acknowledged"}
//   {"kind":"fault","name","at"}
import { readFileSync } from 'node:fs';

const REFUSALS = new Set([
  'already-used',
  'superseded',
  'revoked',
  'expired',
  'ledger-unavailable',
]);
/** After these the claim may have been burned all the same: the answer to the burn got lost. */
const UNSURE = new Set(['ledger-unavailable', 'no-answer']);

/** @param {any[]} lines */
function judge(lines) {
  /** @type {string[]} */
  const violations = [];
  const claims = new Map();
  const attemptIds = new Set();
  const faults = lines.filter(({ kind }) => kind === 'fault');
  const firstFault = Math.min(...faults.map(({ at }) => at));
  const lastFault = Math.max(...faults.map(({ at }) => at));
  for (const line of lines) {
    if (line.kind !== 'mint') continue;
    if (claims.has(line.claim)) violations.push(`${line.claim} was minted twice`);
    claims.set(line.claim, { ...line, attempts: [], revocations: [] });
  }
  for (const line of lines) {
    if (line.kind === 'mint' || line.kind === 'fault') continue;
    const claim = claims.get(line.claim);
    const timed = Number.isFinite(line.start) && line.end >= line.start;
    if (!claim || !timed) violations.push(`not a possible line: ${JSON.stringify(line)}`);
    else if (line.kind === 'revocation') claim.revocations.push(line);
    else if (line.kind !== 'attempt' || attemptIds.has(line.attempt))
      violations.push(`not a possible line: ${JSON.stringify(line)}`);
    else {
      attemptIds.add(line.attempt);
      claim.attempts.push(line);
    }
  }
  for (const claim of claims.values()) violations.push(...judgeClaim(claim, firstFault));
  return {
    legal: violations.length === 0,
    violations,
    ...summary([...claims.values()], lastFault),
  };
}

/**
 * @param {any} claim
 * @param {number} firstFault
 */
function judgeClaim({ claim, size, expiresAt, attempts, revocations }, firstFault) {
  const wrong = [];
  const served = attempts.filter((/** @type {any} */ one) => one.outcome === 'served');
  if (served.length > 1) wrong.push(`${claim} was served ${served.length} times`);
  for (const { attempt, outcome, bytes, start, end } of attempts) {
    const say = (/** @type {string} */ what) => wrong.push(`${claim}, attempt ${attempt}: ${what}`);
    const others = attempts.filter(
      (/** @type {any} */ one) => one.attempt !== attempt && one.start <= end,
    );
    if (outcome === 'served') {
      if (bytes !== size) say(`served ${bytes} bytes of ${size}`);
      if (revocations.some((/** @type {any} */ one) => one.acknowledged && one.end < start))
        say('served after an acknowledged revocation');
      continue;
    }
    if (bytes !== 0) say(`${bytes} bytes without being served`);
    if (outcome === 'no-answer') continue;
    if (!REFUSALS.has(outcome)) say(`"${outcome}" is not a stated refusal`);
    const mayHaveBurned = (/** @type {any} */ one) =>
      one.outcome === 'served' || UNSURE.has(one.outcome);
    if (outcome === 'already-used' && !others.some(mayHaveBurned))
      say('already used, but nobody was or may have been served');
    if (outcome === 'revoked' && !revocations.some((/** @type {any} */ one) => one.start <= end))
      say('revoked, but nobody revoked it');
    if (outcome === 'superseded' && firstFault > end) say('superseded, but nothing had happened');
    if (outcome === 'expired' && end < expiresAt) say('expired before its time');
  }
  return wrong;
}

/** @param {string} code */
function has(code) {
  return (/** @type {any} */ claim) =>
    claim.attempts.some((/** @type {any} */ one) => one.outcome === code);
}

/**
 * @param {any[]} claims
 * @param {number} lastFault
 */
function summary(claims, lastFault) {
  const attempts = claims.flatMap((claim) => claim.attempts);
  /** @type {Record<string, number>} */
  const outcomes = {};
  for (const { outcome } of attempts) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const unserved = claims.filter((claim) => !has('served')(claim));
  return {
    claims: claims.length,
    attempts: attempts.length,
    outcomes,
    fewestTries: Math.min(...claims.map((claim) => claim.attempts.length)),
    /** Never served, and refused because the ledger began a new life. */
    lostToSuperseded: unserved.filter(has('superseded')).length,
    /** Burned, but the answer to the burn was lost: nobody was served. */
    burnedUnserved: unserved.filter(has('already-used')).length,
    servedAfterLastFault: attempts.filter(
      (one) => one.outcome === 'served' && one.start > lastFault,
    ).length,
  };
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node model/check-history.mjs FILE');
const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
const verdict = judge(lines.map((line) => JSON.parse(line)));
process.stdout.write(`${JSON.stringify(verdict)}\n`);
process.exitCode = verdict.legal ? 0 : 1;
