import { describe, expect, test } from '@jest/globals';
import { classify, mannWhitney } from '../../benchmarks/judges/kayenta.ts';

const repeated = (value: number, count: number): readonly number[] => Array.from({ length: count }, () => value);

describe("Kayenta's classifier, on the cases its users published", () => {
  test('spinnaker#6278: seven of ten points a hundred times worse pass, the eighth fails', () => {
    const control = repeated(1, 10);
    const seven = [...repeated(100, 7), ...repeated(1, 3)];
    // The issue prints the interval 6.8e-5 to 99.0 and the estimate 98.99993.
    const { lower, upper, estimate } = mannWhitney(seven, control);
    expect(lower).toBeCloseTo(0, 3);
    expect(upper).toBeCloseTo(99, 3);
    expect(estimate).toBeCloseTo(99, 3);
    expect(classify(seven, control)).toBe('Pass');
    expect(classify([...repeated(100, 8), 1, 1], control)).toBe('High');
    for (const value of [2, 3, 1000]) expect(classify([...repeated(value, 7), 1, 1, 1], control)).toBe('Pass');
  });

  test('kayenta#426: sparse errors beside none at all pass', () => {
    expect(classify([0, 1, 2, 1, 0, 0], repeated(0, 6))).toBe('Pass');
  });

  test('kayenta#780: another spread around the same middle passes', () => {
    const experiment = [10, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 17, 17.1, 17.2, 17.3, 17.4, 17.5, 17.6, 17.7];
    const control = [1, 100, 4, 101, 5, 102, 6, 103, 7, 104, 8, 105, 9, 106, 17];
    expect(classify(experiment, control)).toBe('Pass');
    expect(classify(control, experiment)).toBe('Pass');
  });

  test('it does see a shift of the whole series, and nothing in equal ones', () => {
    const control = Array.from({ length: 30 }, (_, index) => 10 + (index % 7));
    expect(
      classify(
        control.map((value) => value + 20),
        control,
      ),
    ).toBe('High');
    expect(classify(control, control)).toBe('Pass');
    expect(classify([], control)).toBe('Nodata');
  });
});
