import type { Wanted } from './decide.ts';
import type { Evidence } from './statistics/evidence.ts';
import { normalBelow, normalQuantile } from './statistics/normal.ts';
import { rootOfFalling } from './statistics/root.ts';

/** How often a decision is expected, computed from the standard error. */

export const wantedPower = 0.8;

/** Rows are asked for with a little more: the standard error that they are computed from is itself an estimate. */
const aimedPower = 0.85;

/** More than this is no answer to "how many rows?". */
export const mostRows = 1e6;

/**
 * By how many times the rows must be more (or may be fewer) for a decision with 80 % power. For a difference: were the models equal. For a
 * distance to a limit: at the value that was seen. Null where more rows decide nothing.
 */
export const timesTheRows = (
  evidence: Evidence,
  { lowest, highest }: Wanted,
  confidence: number,
  truth: number,
): number | null => {
  const gap = Math.min(Math.abs(truth - lowest), Math.abs((highest ?? Number.POSITIVE_INFINITY) - truth));
  if (gap === 0) return null;
  // Both sides of an equivalence must be decided, so each needs half of the chance to miss.
  const power = highest === undefined ? aimedPower : (1 + aimedPower) / 2;
  const needed =
    normalQuantile(confidence) * evidence.standardErrorAt(lowest) +
    normalQuantile(power) * evidence.standardErrorAt(truth);
  return (needed / gap) ** 2;
};

/** The smallest margin that these rows resolve with 80 % power, were the models equal: of non-inferiority, or the like. */
export const resolvableMargin = (evidence: Evidence, confidence: number, largest: number): number | null => {
  const missing = (margin: number): number =>
    normalQuantile(confidence) * evidence.standardErrorAt(-margin) +
    normalQuantile(aimedPower) * evidence.standardErrorAt(0) -
    margin;
  let above = Number.isFinite(largest) ? largest : Math.max(1e-300, missing(0));
  for (let doubling = 0; !Number.isFinite(largest) && missing(above) > 0 && doubling < 60; doubling++) above *= 2;
  return missing(above) > 0 ? null : rootOfFalling(missing, 0, above);
};

/** The chance that the rule is found broken, were the number `truth`. */
export const powerToFail = (evidence: Evidence, { lowest }: Wanted, alpha: number, truth: number): number =>
  normalBelow(
    (lowest - truth - normalQuantile(1 - alpha) * evidence.standardErrorAt(lowest)) / evidence.standardErrorAt(truth),
  );

/** How far below 0 the number must be for the rule to be found broken with 80 % power. */
export const smallestDropCaught = (
  evidence: Evidence,
  wanted: Wanted,
  alpha: number,
  largest: number,
): number | null => {
  const from = Math.max(0, -wanted.lowest);
  let above = Number.isFinite(largest) ? largest : from + 10 * evidence.standardErrorAt(-from) + 1e-300;
  const lacking = (drop: number): number => wantedPower - powerToFail(evidence, wanted, alpha, -drop);
  for (let doubling = 0; !Number.isFinite(largest) && lacking(above) > 0 && doubling < 60; doubling++) above *= 2;
  return lacking(above) > 0 ? null : rootOfFalling(lacking, from, above);
};
