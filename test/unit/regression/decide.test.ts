import { describe, expect, test } from '@jest/globals';
import type { Criterion } from '../../../src/manifest/regression.ts';
import { corrected, decide, wantedBy } from '../../../src/regression/decide.ts';
import { powerToFail, resolvableMargin, smallestDropCaught, timesTheRows } from '../../../src/regression/power.ts';
import { studentEvidence, tangoEvidence } from '../../../src/regression/statistics/evidence.ts';

const margin = { value: 0.02, of: 'metric' } as const;
/** The interval is 1.645 standard errors on each side. */
const evidenceAt = (estimate: number, width: number) =>
  studentEvidence(estimate, width / 1.6448536269514722, Number.POSITIVE_INFINITY, 'delong');
const decisionOf = (criterion: Criterion, estimate: number, width: number): string =>
  decide(evidenceAt(estimate, width), wantedBy(criterion, 0.9), 0.95).decision;

describe('a rule is decided by the bounds, not by the value', () => {
  test.each<readonly [Criterion, number, number, string]>([
    [{ is: 'non-inferior', margin }, -0.01, 0.009, 'pass'],
    [{ is: 'non-inferior', margin }, -0.01, 0.011, 'inconclusive'],
    [{ is: 'non-inferior', margin }, -0.03, 0.009, 'fail'],
    [{ is: 'non-inferior', margin }, -0.03, 0.011, 'inconclusive'],
    [{ is: 'max-drop', margin }, -0.01, 0.009, 'pass'],
    [{ is: 'max-drop', margin }, -0.03, 0.009, 'fail'],
    [{ is: 'superior' }, 0.01, 0.009, 'pass'],
    [{ is: 'superior' }, 0.01, 0.011, 'inconclusive'],
    [{ is: 'superior' }, -0.01, 0.009, 'fail'],
    [{ is: 'must-improve-by', margin }, 0.03, 0.009, 'pass'],
    [{ is: 'must-improve-by', margin }, 0.03, 0.011, 'inconclusive'],
    [{ is: 'must-improve-by', margin }, 0.01, 0.009, 'fail'],
    [{ is: 'equivalent', margin }, 0.01, 0.009, 'pass'],
    [{ is: 'equivalent', margin }, 0.01, 0.011, 'inconclusive'],
    [{ is: 'equivalent', margin }, 0.03, 0.009, 'fail'],
    [{ is: 'equivalent', margin }, -0.03, 0.009, 'fail'],
    [{ is: 'equivalent', margin }, -0.01, 0.011, 'inconclusive'],
    [{ is: 'floor', value: 0.8 }, 0.01, 0.009, 'pass'],
    [{ is: 'floor', value: 0.8 }, 0.01, 0.011, 'inconclusive'],
    [{ is: 'ceiling', value: 0.8 }, -0.01, 0.009, 'fail'],
    [{ is: 'non-inferior', margin: { value: 0.05, of: 'baseline' } }, -0.04, 0.004, 'pass'],
    [{ is: 'non-inferior', margin: { value: 0.05, of: 'baseline' } }, -0.05, 0.004, 'fail'],
  ])('%j at %d ± %d: %s', (criterion, estimate, width, decision) => {
    expect(decisionOf(criterion, estimate, width)).toBe(decision);
  });

  test('a floor is kept at the limit itself, a margin is not', () => {
    const onTheLimit = { ...evidenceAt(0, 0.01), lower: () => 0 };
    expect(decide(onTheLimit, wantedBy({ is: 'floor', value: 0.8 }, null), 0.95).decision).toBe('pass');
    expect(decide(onTheLimit, wantedBy({ is: 'superior' }, null), 0.95).decision).toBe('inconclusive');
  });

  test('the p of a rule is below 1 − confidence where its own bound breaks it; an equivalence has two sides to break', () => {
    const inferior = decide(evidenceAt(-0.03, 0.0101), wantedBy({ is: 'non-inferior', margin }, null), 0.95);
    expect(inferior.p).toBeCloseTo(0.05, 2);
    const equivalent = decide(evidenceAt(-0.03, 0.0101), wantedBy({ is: 'equivalent', margin }, null), 0.95);
    expect(equivalent.p).toBeCloseTo(0.1, 2);
  });

  test('Holm takes a failure back, and never a pass', () => {
    expect(corrected('fail', 0.051, 0.95)).toBe('inconclusive');
    expect(corrected('fail', 0.049, 0.95)).toBe('fail');
    expect(corrected('pass', 1, 0.95)).toBe('pass');
  });
});

describe('power', () => {
  const evidence = tangoEvidence({ rows: 1000, gained: 25, lost: 25 });
  const wanted = wantedBy({ is: 'non-inferior', margin }, null);

  test('rows needed: (1.645 + 0.842)² · share of differing rows / margin², and a little more because the share is an estimate', () => {
    const approximate = ((1.645 + 0.842) ** 2 * 0.05) / 0.02 ** 2;
    const rows = 1000 * (timesTheRows(evidence, wanted, 0.95, 0) ?? Number.NaN);
    expect(rows / approximate).toBeGreaterThan(1.1);
    expect(rows / approximate).toBeLessThan(1.3);
  });

  test('the resolvable margin needs just these rows', () => {
    const resolved = resolvableMargin(evidence, 0.95, 2) ?? Number.NaN;
    const criterion = { is: 'non-inferior', margin: { value: resolved, of: 'metric' } } as const;
    expect(timesTheRows(evidence, wantedBy(criterion, null), 0.95, 0)).toBeCloseTo(1, 6);
  });

  test('a candidate at the margin fails as often as α, and the smallest drop that is caught with 80 %', () => {
    expect(powerToFail(evidence, wanted, 0.05, -0.02)).toBeCloseTo(0.05, 6);
    const drop = smallestDropCaught(evidence, wanted, 0.05, 2) ?? Number.NaN;
    expect(powerToFail(evidence, wanted, 0.05, -drop)).toBeCloseTo(0.8, 6);
    expect(smallestDropCaught(evidence, wanted, 0.005, 2)).toBeGreaterThan(drop);
  });

  test('more rows decide nothing at the limit itself', () => {
    expect(timesTheRows(evidence, wantedBy({ is: 'superior' }, null), 0.95, 0)).toBeNull();
  });
});
