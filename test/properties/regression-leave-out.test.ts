import { describe, expect, test } from '@jest/globals';
import { measureOf } from '../../src/regression/metrics/measure-of.ts';
import { everyMetric, metricRows, someRows } from '../support/metric-rows.ts';
import { fc } from '../support/properties.ts';

/** Metrics that no sums make. */
const whole = everyMetric
  .filter(([task, name]) => measureOf(name, metricRows(task, [])).shape.is === 'whole')
  .map(([task, name]) => [task, JSON.stringify(name), name] as const);

/** Multiplicities with fractions, and rows that are not there. */
const times = fc.constantFrom(0, 1, 1, 2, 0.3, 1.7);
const units = 3;

describe('one walk gives what leaving out each unit gives', () => {
  test.each(whole)('%s: %s', (task, _, name) => {
    let undefinedOnes = 0;
    fc.assert(
      fc.property(
        someRows(task).chain((rows) => {
          const each = { minLength: rows.length, maxLength: rows.length };
          return fc.tuple(
            fc.constant(rows),
            fc.array(times, each),
            fc.array(fc.integer({ min: 0, max: units - 1 }), each),
          );
        }),
        ([some, multiplicities, of]) => {
          const rows = metricRows(task, some);
          const { shape } = measureOf(name, rows);
          if (shape.is !== 'whole') throw new Error('a whole metric, by the filter above');
          const prepared = shape.over(rows, rows.candidate);
          const found = prepared.withoutEach(Float64Array.from(multiplicities), {
            of: Int32Array.from(of),
            count: units,
          });
          for (let unit = 0; unit < units; unit++) {
            const kept = Float64Array.from(multiplicities, (count, row) => (of[row] === unit ? 0 : count));
            const expected = prepared.value(kept);
            if (expected === null) {
              undefinedOnes++;
              expect(found[unit]).toBeNaN();
            } else expect(found[unit]).toBeCloseTo(expected, 9);
          }
        },
      ),
    );
    expect(undefinedOnes).toBeGreaterThan(0);
  });
});
