import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import type { Course } from '../../../src/findings/course.ts';
import { courseMarkdown } from '../../../src/report/course.ts';
import { fc } from '../../support/properties.ts';
import { chartsIn } from '../../support/xychart.ts';

const nine = Date.UTC(2026, 0, 5, 9);
const course = (more: Partial<Course>): Course => ({ phase: 'ended', shares: [], ...more });
const minute = (at: number, candidate: number, errors: number) => ({
  at: nine + minutes(at),
  candidate: { requests: candidate, errors },
  baseline: { requests: 100, errors: 1 },
});
const steps = course({
  shares: [
    { at: nine, share: 0.05 },
    { at: nine + minutes(2), share: 0.25 },
  ],
  minutes: [minute(0, 5, 0), minute(1, 5, 1), { at: nine + minutes(2), candidate: { requests: 30, errors: 0 } }],
});

describe('traffic and errors in a summary', () => {
  test('are one chart each, and a table of the same numbers', () => {
    const markdown = courseMarkdown(steps);
    const categories = ['0', '1', '2'];
    expect(chartsIn(markdown)).toEqual([
      { title: 'Share of the candidate, %', categories, range: [0, 100], line: [5, 5, 25] },
      { title: 'Errors of the candidate, %', categories, range: [0, 20], line: [0, 20, 0] },
      { title: 'Errors of the baseline, %', categories: ['0', '1'], range: [0, 20], line: [1, 1] },
    ]);
    expect(markdown.split('\n').slice(-5)).toEqual([
      '| minute | share of the candidate | errors of the candidate | errors of the baseline |',
      '| ---: | ---: | ---: | ---: |',
      '| 0 | 5 % | 0 of 5 (0 %) | 1 of 100 (1 %) |',
      '| 1 | 5 % | 1 of 5 (20 %) | 1 of 100 (1 %) |',
      '| 2 | 25 % | 0 of 30 (0 %) | – |',
    ]);
  });

  test('have the share that an interval had longest, beside its requests, and at the end the last one', () => {
    const at = (minute: number, share: number) => ({ at: nine + minutes(minute), share });
    const shares = [at(0, 0.05), at(25.5, 0.25), at(30.5, 0.5), at(38.2, 0.95), at(38.4, 0.96), at(40.9, 1)];
    const [chart] = chartsIn(courseMarkdown(course({ shares })));
    const of = (minute: number) => chart?.line[chart.categories.indexOf(`${minute}`)];
    expect([22, 24, 26, 28, 30, 32, 36, 38, 40].map(of)).toEqual([5, 5, 25, 25, 50, 50, 50, 96, 100]);
  });

  test('have the share alone without a judge, no chart of one point, and nothing without traffic', () => {
    const canary = { at: nine, share: 0.25 };
    const markdown = courseMarkdown(course({ shares: [canary, { at: nine + minutes(4), share: 0 }] }));
    expect(chartsIn(markdown)).toMatchObject([
      { title: 'Share of the candidate, %', categories: ['0', '1', '2', '3', '4'], line: [25, 25, 25, 25, 0] },
    ]);
    expect(markdown).toContain('### Traffic\n');
    expect(markdown).toContain('\n| minute | share of the candidate |\n| ---: | ---: |\n| 0 | 25 % |\n');
    const short = courseMarkdown(course({ shares: [canary] }));
    expect(chartsIn(short)).toEqual([]);
    expect(short.split('\n').at(-1)).toBe('| 0 | 25 % |');
    expect(courseMarkdown(course({}))).toBe('');
  });

  test('are legible and within the grammar for every release', () => {
    const counts = fc.record({ requests: fc.nat(1e6), errors: fc.nat(1e6) }).map(({ requests, errors }) => ({
      requests,
      errors: Math.min(requests, errors),
    }));
    const times = fc.integer({ min: 0, max: minutes(60 * 24 * 40) }).map((ms) => nine + ms);
    const some = fc.record({
      shares: fc.array(fc.record({ at: times, share: fc.double({ min: 0, max: 1, noNaN: true }) })),
      minutes: fc.array(fc.record({ at: times, candidate: counts, baseline: counts }, { requiredKeys: ['at'] })),
    });
    fc.assert(
      fc.property(some, (found) => {
        const shares = found.shares.toSorted((a, b) => a.at - b.at);
        for (const { line } of chartsIn(courseMarkdown(course({ ...found, shares }))))
          expect(line.length).toBeLessThanOrEqual(24);
      }),
      { numRuns: 100 },
    );
  });
});
