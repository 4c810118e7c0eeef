/** How far two distributions over the same bins are from each other; counts, or sums of weights, by bin. */

/** Added to each bin that one of them has: an empty bin would make the index infinite. */
const half = 0.5;

/** Population stability index, Σ (p − q) · ln(p ÷ q), in nats; 0 where both are the same. */
export const stabilityIndex = (one: Float64Array, other: Float64Array): number => {
  const bins = seenBins(one, other);
  const shares = (counts: Float64Array): readonly number[] => {
    const all = bins.reduce((sum, bin) => sum + (counts[bin] ?? 0) + half, 0);
    return bins.map((bin) => ((counts[bin] ?? 0) + half) / all);
  };
  const [p, q] = [shares(one), shares(other)];
  return p.reduce((sum, share, at) => sum + (share - (q[at] ?? 0)) * Math.log(share / (q[at] ?? 1)), 0);
};

/** Jensen–Shannon divergence in bits: 0 where both are the same, 1 where they have no bin in common. */
export const jensenShannonBits = (one: Float64Array, other: Float64Array): number => {
  const [all, ofOther] = [total(one), total(other)];
  const bits = seenBins(one, other).reduce((sum, bin) => {
    const p = (one[bin] ?? 0) / all;
    const q = (other[bin] ?? 0) / ofOther;
    return sum + (weightedLog(p, (p + q) / 2) + weightedLog(q, (p + q) / 2)) / 2;
  }, 0);
  // Rounding alone brings it below 0.
  return Math.max(0, bits);
};

const seenBins = (one: Float64Array, other: Float64Array): readonly number[] =>
  Array.from(one.keys()).filter((bin) => (one[bin] ?? 0) + (other[bin] ?? 0) > 0);

const total = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);

const weightedLog = (p: number, middle: number): number => (p === 0 ? 0 : p * Math.log2(p / middle));
