import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { logGamma } from '../../../../src/regression/statistics/beta.ts';
import { bootstrap } from '../../../../src/regression/statistics/bootstrap.ts';
import { influencesOf, placements } from '../../../../src/regression/statistics/delong.ts';
import { jensenShannonBits, stabilityIndex } from '../../../../src/regression/statistics/divergence.ts';
import { tangoEvidence, wilsonEvidence } from '../../../../src/regression/statistics/evidence.ts';
import { holm } from '../../../../src/regression/statistics/holm.ts';
import { binomialAtLeast, mcnemar } from '../../../../src/regression/statistics/mcnemar.ts';
import { normalBelow, normalQuantile } from '../../../../src/regression/statistics/normal.ts';
import { studentAbove, studentQuantile } from '../../../../src/regression/statistics/student.ts';

// Values of SciPy and statsmodels: test/oracles/statistics.py.
interface Oracle {
  readonly normalBelow: readonly (readonly [number, number])[];
  readonly normalQuantile: readonly (readonly [number, number])[];
  readonly studentAbove: readonly (readonly [number, number, number])[];
  readonly studentQuantile: readonly (readonly [number, number, number])[];
  readonly binomialAtLeast: readonly (readonly [number, number, number, number])[];
  readonly mcnemar: readonly (readonly [number, number, number])[];
  readonly wilson: readonly (readonly [number, number, number, number, number])[];
  readonly tango: readonly (readonly [number, number, number, number, number, number])[];
  readonly holm: readonly [readonly number[], readonly number[]];
  readonly delong: {
    readonly labels: readonly number[];
    readonly first: readonly number[];
    readonly second: readonly number[];
    readonly areas: readonly [number, number];
    readonly standardError: number;
  };
  readonly bca: { readonly values: readonly number[]; readonly interval: readonly [number, number] };
  readonly stabilityIndex: readonly (readonly [readonly number[], readonly number[], number])[];
  readonly jensenShannonBits: readonly (readonly [readonly number[], readonly number[], number])[];
  readonly logGamma: readonly (readonly [number, number])[];
}

const oracle: Oracle = JSON.parse(
  readFileSync(new URL('../../../oracles/statistics.generated.json', import.meta.url), 'utf8'),
);

const within = (found: number, expected: number, relative = 1e-12): void => {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + 1e-300);
};

describe('as SciPy and statsmodels have it', () => {
  test.each(oracle.normalBelow)('normal distribution below %d', (x, expected) => within(normalBelow(x), expected));
  test.each(oracle.normalQuantile)('normal quantile of %d', (p, expected) => {
    expect(Math.abs(normalQuantile(p) - expected)).toBeLessThan(1e-12);
  });
  test.each(oracle.studentAbove)('Student above %d, %d degrees', (t, freedom, expected) =>
    within(studentAbove(t, freedom), expected, 1e-10),
  );
  test.each(oracle.studentQuantile)('Student quantile of %d, %d degrees', (p, freedom, expected) =>
    within(studentQuantile(p, freedom), expected, 1e-9),
  );
  test.each(oracle.logGamma)('ln Γ(%d)', (x, expected) => within(logGamma(x) + 1, expected + 1, 1e-13));
  test.each(oracle.stabilityIndex)('stability index of %j and %j', (one, other, expected) => {
    expect(stabilityIndex(Float64Array.from(one), Float64Array.from(other))).toBeCloseTo(expected, 12);
    expect(stabilityIndex(Float64Array.from(other), Float64Array.from(one))).toBeCloseTo(expected, 12);
  });
  test.each(oracle.jensenShannonBits)('Jensen–Shannon divergence of %j and %j', (one, other, expected) =>
    expect(jensenShannonBits(Float64Array.from(one), Float64Array.from(other))).toBeCloseTo(expected, 12),
  );
  test.each(oracle.binomialAtLeast)('%d or more of %d at %d', (k, n, p, expected) =>
    within(binomialAtLeast(k, n, p), expected, 1e-9),
  );
  test.each(oracle.mcnemar)('McNemar of %d and %d', (gained, lost, expected) =>
    within(mcnemar(gained, lost), expected, 1e-9),
  );
  test.each(oracle.wilson)('Wilson of %d in %d at %d', (hits, rows, confidence, lower, upper) => {
    const evidence = wilsonEvidence(hits, rows);
    expect(evidence.lower(confidence)).toBeCloseTo(lower, 10);
    expect(evidence.upper(confidence)).toBeCloseTo(upper, 10);
  });
  // The likelihood of the oracle is maximised numerically, which is good to about half of the digits.
  test.each(oracle.tango)('Tango of %d and %d in %d at %d', (gained, lost, rows, confidence, lower, upper) => {
    const evidence = tangoEvidence({ rows, gained, lost });
    expect(evidence.lower(confidence)).toBeCloseTo(lower, 6);
    expect(evidence.upper(confidence)).toBeCloseTo(upper, 6);
  });
  test('Holm', () => {
    const [given, expected] = oracle.holm;
    for (const [index, p] of holm(given).entries()) expect(p).toBeCloseTo(expected[index] ?? Number.NaN, 12);
  });

  test('DeLong', () => {
    const labels = Float64Array.from(oracle.delong.labels);
    const first = placements(Float64Array.from(oracle.delong.first), labels, undefined);
    const second = placements(Float64Array.from(oracle.delong.second), labels, undefined);
    expect(first.area).toBeCloseTo(oracle.delong.areas[0], 12);
    expect(second.area).toBeCloseTo(oracle.delong.areas[1], 12);
    const influences = influencesOf(
      first.of.map((place, row) => place - (second.of[row] ?? 0)),
      labels,
      undefined,
    );
    expect(Math.hypot(...influences)).toBeCloseTo(oracle.delong.standardError, 12);
  });

  test('BCa of a skewed mean, up to the chance of the drawn sets and the widening for 120 rows', () => {
    const values = Float64Array.from(oracle.bca.values);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const evidence = bootstrap(
      {
        counts: new Float64Array(values.length).fill(1),
        value: (multiplicities) =>
          values.reduce((sum, value, unit) => sum + value * (multiplicities[unit] ?? 0), 0) / values.length,
        influences: values.map((value) => (value - mean) / values.length),
      },
      { seed: 7, draws: 20_000 },
      false,
    );
    if (evidence === null || evidence === 'constant') throw new Error('no evidence');
    const [lower, upper] = oracle.bca.interval;
    const tolerance = 0.03 * (upper - lower);
    expect(Math.abs(evidence.lower(0.95) - lower)).toBeLessThan(tolerance);
    expect(Math.abs(evidence.upper(0.95) - upper)).toBeLessThan(tolerance);
    // The interval is not symmetric: percentiles without bias and acceleration would be off by more.
    expect(upper - mean - (mean - lower)).toBeGreaterThan(3 * tolerance);
  });
});
