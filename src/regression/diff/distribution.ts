import type { DistributionDiff } from '../../findings/comparison.ts';
import type { PairedRows } from '../rows.ts';
import { jensenShannonBits, stabilityIndex } from '../statistics/divergence.ts';
import { randomOf } from '../statistics/random.ts';
import { type Binned, none } from './bins.ts';

/** Both models' distributions over the rows that both answered. Weights are duplication. */
export const distributionDiff = (rows: PairedRows, binned: Binned, seed: number): DistributionDiff => {
  const counts = { candidate: new Float64Array(binned.count), baseline: new Float64Array(binned.count) };
  for (let row = 0; row < rows.size; row++) {
    const [ofCandidate = none, ofBaseline = none] = [binned.candidate[row], binned.baseline[row]];
    if (ofCandidate === none || ofBaseline === none) continue;
    const weight = rows.weights?.[row] ?? 1;
    counts.candidate[ofCandidate] = (counts.candidate[ofCandidate] ?? 0) + weight;
    counts.baseline[ofBaseline] = (counts.baseline[ofBaseline] ?? 0) + weight;
  }
  return {
    of: binned.of,
    stabilityIndex: stabilityIndex(counts.candidate, counts.baseline),
    byChance: byChance(counts, movedRows(rows, binned), seed),
    jensenShannonBits: jensenShannonBits(counts.candidate, counts.baseline),
  };
};

/** Rows whose two answers are in different bins. */
interface Moved {
  /** Rows of one unit are exchanged together: those of a cluster, or each for itself. */
  readonly unit: Int32Array;
  readonly units: number;
  readonly candidate: Int32Array;
  readonly baseline: Int32Array;
  readonly weight: Float64Array;
}

const movedRows = (rows: PairedRows, { candidate, baseline }: Binned): Moved => {
  const moved = movedIndexes(candidate, baseline);
  const { clusters, weights } = rows;
  return {
    unit: moved.map((row, at) => clusters?.of[row] ?? at),
    units: clusters?.count ?? moved.length,
    candidate: moved.map((row) => candidate[row] ?? 0),
    baseline: moved.map((row) => baseline[row] ?? 0),
    weight: Float64Array.from(moved, (row) => weights?.[row] ?? 1),
  };
};

const movedIndexes = (candidate: Int32Array, baseline: Int32Array): Int32Array => {
  const indexes = new Int32Array(candidate.length);
  let count = 0;
  for (let row = 0; row < candidate.length; row++) {
    const [ofCandidate, ofBaseline] = [candidate[row], baseline[row]];
    if (ofCandidate !== ofBaseline && ofCandidate !== none && ofBaseline !== none) indexes[count++] = row;
  }
  return indexes.slice(0, count);
};

const streamOfExchange = 0x7ffffffc;
const quantile = 0.95;

/** Fewer exchanges of many rows: a million rows must not take longer than the verdict itself. */
const drawsFor = (moved: number): number => Math.min(500, Math.max(100, Math.ceil(2e7 / Math.max(1, moved))));

/**
 * The index that 95 % of pairs stay below whose models are exchanged at random in each row. The rows stay pairs: two models that differ in few
 * rows have close distributions by chance too.
 */
const byChance = (
  { candidate, baseline }: { readonly candidate: Float64Array; readonly baseline: Float64Array },
  moved: Moved,
  seed: number,
): number => {
  const draws = drawsFor(moved.unit.length);
  const random = randomOf(seed, streamOfExchange);
  const signs = new Int8Array(moved.units);
  const found = new Float64Array(draws);
  const change = new Float64Array(candidate.length);
  for (let draw = 0; draw < draws; draw++) {
    drawSigns(signs, random);
    change.fill(0);
    for (let at = 0; at < moved.unit.length; at++) {
      const step = (signs[moved.unit[at] ?? 0] ?? 0) * (moved.weight[at] ?? 0);
      const [to, from] = [moved.candidate[at] ?? 0, moved.baseline[at] ?? 0];
      change[to] = (change[to] ?? 0) + step;
      change[from] = (change[from] ?? 0) - step;
    }
    const exchanged = (sign: 1 | -1): Float64Array =>
      change.map((by, bin) => ((candidate[bin] ?? 0) + (baseline[bin] ?? 0) + sign * by) / 2);
    found[draw] = stabilityIndex(exchanged(1), exchanged(-1));
  }
  return found.sort()[Math.ceil(draws * quantile) - 1] ?? 0;
};

/** 1 or −1 for each unit: 32 of them from one number. */
const drawSigns = (signs: Int8Array, random: ReturnType<typeof randomOf>): void => {
  let bits = 0;
  for (let at = 0; at < signs.length; at++) {
    if (at % 32 === 0) bits = random.next() * 2 ** 32;
    signs[at] = (bits >>> (at % 32)) & 1 ? 1 : -1;
  }
};
