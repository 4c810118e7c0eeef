import { describe, expect, test } from '@jest/globals';
import type { Load } from '../../../../src/manifest/asking.ts';
import { type Advised, adviceOf } from '../../../../src/regression/load/advice.ts';
import { loadFindings } from '../../../../src/regression/load/findings.ts';
import { breaksAt, judgedLimits, tooFewRequests } from '../../../../src/regression/load/judged.ts';
import type { Outcome } from '../../../../src/regression/load/outcome.ts';
import type { DoneStep } from '../../../../src/regression/load/steps.ts';

/** So many answers of 10 ms each, unless the test says otherwise. */
const outcome = (good: number, more: Partial<Outcome> = {}): Outcome => ({
  ...{ good, seconds: 30, latencies: [[10, good]], modelErrors: 0, refused: 0, lost: 0, unsent: 0, lag: [[0, good]] },
  ...more,
});
const slow = (good: number, late: number, milliseconds: number): Partial<Outcome> => ({
  latencies: [
    [10, good - late],
    [milliseconds, late],
  ],
});
const decisions = (given: Outcome, limits: Load['limits']): string =>
  judgedLimits(given, limits)
    .map(({ name, decision }) => `${name} ${decision}`)
    .join(', ');

describe('a limit', () => {
  const errorRate = 0.01;

  // Wilson's 95 % bound of 0 of n is 2.706 / (n + 2.706).
  test('of errors is kept from 268 requests on, when all are good', () => {
    expect(decisions(outcome(267), { errorRate })).toBe('error-rate inconclusive');
    expect(decisions(outcome(268), { errorRate })).toBe('error-rate pass');
    expect(tooFewRequests(267 / 30, { durationSeconds: 30, limits: { errorRate } })).toMatch(
      /takes 268 or more: set duration to 31s/,
    );
    expect(tooFewRequests(268 / 30, { durationSeconds: 30, limits: { errorRate } })).toBeUndefined();
  });

  test.each([
    ['modelErrors', 'fail'],
    ['refused', 'fail'],
    ['unsent', 'fail'],
    // The network of the machine that asks may have lost them.
    ['lost', 'inconclusive'],
  ] as const)('of errors is broken by 30 of 1,000 %s: %s', (kind, decision) => {
    expect(decisions(outcome(970, { [kind]: 30 }), { errorRate })).toBe(`error-rate ${decision}`);
  });

  test('of latency is decided by its bound, and not by the percentile', () => {
    const limits = { errorRate: 0.5, p99: 100 };
    // 1 % of 10,000 requests is slower: the percentile itself is at the limit.
    expect(decisions(outcome(10_000, slow(10_000, 50, 300)), limits)).toBe('error-rate pass, p99 pass');
    expect(decisions(outcome(10_000, slow(10_000, 100, 300)), limits)).toBe('error-rate pass, p99 inconclusive');
    expect(decisions(outcome(10_000, slow(10_000, 200, 300)), limits)).toBe('error-rate pass, p99 fail');
  });

  test('of latency is kept from 59 requests on for p95, and from 299 on for p99', () => {
    const limits = { errorRate: 0.5, p95: 100, p99: 100 };
    expect(decisions(outcome(58), limits)).toBe('error-rate pass, p95 inconclusive, p99 inconclusive');
    expect(decisions(outcome(298), limits)).toBe('error-rate pass, p95 pass, p99 inconclusive');
    expect(decisions(outcome(299), limits)).toBe('error-rate pass, p95 pass, p99 pass');
    expect(tooFewRequests(1, { durationSeconds: 30, limits })).toMatch(/takes 299 or more/);
  });

  test('of latency is broken by requests without a good answer, though all others are fast', () => {
    expect(decisions(outcome(970, { refused: 30 }), { errorRate: 0.5, p99: 100 })).toBe('error-rate pass, p99 fail');
    expect(decisions(outcome(970, { lost: 30 }), { errorRate: 0.5, p99: 100 })).toBe(
      'error-rate pass, p99 inconclusive',
    );
  });

  test('is not broken by the rounding of the histogram', () => {
    expect(decisions(outcome(1000, { latencies: [[1240, 1000]] }), { errorRate, p99: 1234 })).toMatch(/p99 pass/);
    expect(decisions(outcome(1000, { latencies: [[1250, 1000]] }), { errorRate, p99: 1234 })).toMatch(/p99 fail/);
  });

  test('of no errors at all is never shown', () => {
    expect(tooFewRequests(1000, { durationSeconds: 3600, limits: { errorRate: 0 } })).toMatch(/no number of requests/);
  });
});

describe('a candidate breaks', () => {
  const breaks = breaksAt({ errorRate: 0.01 }, 20);

  test('when its requests queue up, and not for some slow ones', () => {
    expect(breaks(outcome(1000))).toBe(false);
    expect(breaks(outcome(1000, slow(1000, 5, 5000)))).toBe(false);
    expect(breaks(outcome(1000, slow(1000, 100, 110)))).toBe(false);
    expect(breaks(outcome(1000, slow(1000, 100, 130)))).toBe(true);
    // Five times as slow as alone, where that is more than a tenth of a second.
    expect(breaksAt({ errorRate: 0.01 }, 100)(outcome(1000, slow(1000, 100, 490)))).toBe(false);
    expect(breaksAt({ errorRate: 0.01 }, 100)(outcome(1000, slow(1000, 100, 510)))).toBe(true);
  });

  test('when it breaks a limit, or leaves too many requests without an answer', () => {
    expect(breaks(outcome(970, { refused: 30 }))).toBe(true);
    expect(breaks(outcome(970, { lost: 30 }))).toBe(false);
    expect(breaks(outcome(1000, { stopped: 'unanswered' }))).toBe(true);
    expect(breaks(outcome(1000, { stopped: 'lag' }))).toBe(false);
    expect(breaksAt({ errorRate: 0.01, p99: 50 }, 20)(outcome(1000, slow(1000, 100, 60)))).toBe(true);
  });
});

const load: Load = {
  by: 'factor',
  target: 2,
  durationSeconds: 30,
  limits: { errorRate: 0.01, p99: 100 },
  level: 'fail',
};
const callers: DoneStep = {
  step: { is: 'closed', concurrency: 1, seconds: 5, mostRequests: 300 },
  outcome: outcome(300),
};
const at = (rate: number, where: 'target' | 'above' | 'below', given: Outcome): DoneStep => ({
  step: { is: 'open', rate, seconds: 30, at: where },
  outcome: given,
});
const findings = (done: readonly DoneStep[], more: Partial<Parameters<typeof loadFindings>[0]> = {}) =>
  loadFindings({
    ...{ load, done: [callers, ...done], instances: 1, tested: 'ml.m5.large', peak: 20 },
    course: { target: 40, durationSeconds: 30 },
    breaks: breaksAt(load.limits, 10),
    capacity: { instances: { count: 4, type: 'ml.m5.large' } },
    ...more,
  });

describe('the result of a load test', () => {
  test('is a pass with its values and the rate at which it breaks', () => {
    const check = findings([at(40, 'target', outcome(1200)), at(50, 'above', outcome(1500, slow(1500, 700, 2000)))]);
    expect(check).toMatchObject({ name: 'load', level: 'fail', verdict: 'pass' });
    expect(check.because).toBe(
      'at 40 requests per second error-rate is 0 % beside a limit of 1 %, p99 is 10 ms beside a limit of 100 ms; it holds 40 requests per second and breaks at 50 requests per second',
    );
    expect(check.cases.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['error-rate at 40 requests per second', 'pass'],
      ['p99 at 40 requests per second', 'pass'],
    ]);
    expect(check.table?.rows).toEqual([
      ['1 caller, one request after the other', '300', '10', '10 ms', '10 ms', '10 ms', '0'],
      ['40 requests per second for 30s', '1200', '40', '10 ms', '10 ms', '10 ms', '0'],
      ['50 requests per second for 30s', '1500', '50', '10 ms', '2,000 ms', '2,000 ms', '0'],
    ]);
    for (const row of check.table?.rows ?? []) expect(row).toHaveLength(check.table?.heads.length ?? 0);
  });

  test('is a failure by the broken limit, with the reasons of the errors', () => {
    const given = outcome(1000, { refused: 150, modelErrors: 50 });
    const check = findings([at(40, 'target', given), at(20, 'below', outcome(600))]);
    expect(check.verdict).toBe('fail');
    expect(check.because).toBe(
      'at 40 requests per second error-rate is 16.7 % beside a limit of 1 % (of 1200: 50 model errors, 150 refused for want of capacity); it holds 20 requests per second and breaks at 40 requests per second',
    );
  });

  test('is inconclusive where the requests do not decide', () => {
    const { verdict, because } = findings([at(5, 'target', outcome(150))], {
      course: { target: 5, durationSeconds: 30 },
    });
    expect(verdict).toBe('inconclusive');
    expect(because).toMatch(
      /error-rate is 0 % beside a limit of 1 %: 150 requests at the target rate cannot show .* takes 299 or more: set duration to 60s or longer/,
    );
  });

  test('is inconclusive when the sender lost its schedule, although its requests were in time', () => {
    const check = findings([at(40, 'target', outcome(600, { stopped: 'lag' }))]);
    expect(check.verdict).toBe('inconclusive');
    expect(check.because).toMatch(
      /^at 40 requests per second the machine that sends was the bottleneck, not the model: a request was due more than a second before it could be sent; run/,
    );
  });

  test('is inconclusive when the sender was late, whatever the latencies are', () => {
    const late = outcome(1200, {
      ...slow(1200, 900, 5000),
      lag: [
        [0, 1100],
        [300, 100],
      ],
    });
    const check = findings([at(40, 'target', late)]);
    expect(check.verdict).toBe('inconclusive');
    expect(check.because).toMatch(
      /^at 40 requests per second the machine that sends was the bottleneck, not the model: .* 300 ms late/,
    );
    expect(check.cases.every(({ verdict }) => verdict === 'inconclusive')).toBe(true);
    expect(check.notes).toEqual([]);
  });

  test('does not call a rate broken that the sender could not send', () => {
    const late = outcome(900, { ...slow(900, 800, 5000), stopped: 'lag' });
    expect(findings([at(40, 'target', outcome(1200)), at(50, 'above', late)]).because).toMatch(
      /; the rate at which it breaks is not known: 50 requests per second could not be sent at their times$/,
    );
  });

  test('of several instances says so, and advises by one', () => {
    const check = findings([at(40, 'target', outcome(1200))], { instances: 4 });
    expect(check.because).toMatch(/^at 40 requests per second to 4 instances .* the highest rate that was tried$/);
    expect(check.notes?.[0]).toMatch(/^one ml\.m5\.large holds at least 10 requests per second/);
  });

  test('that broke at every rate has no advice', () => {
    const check = findings([at(40, 'target', outcome(0, { refused: 1200, latencies: [] }))]);
    expect(check.because).toMatch(/it breaks at 40 requests per second and held no lower rate that was tried$/);
    expect(check.notes).toEqual([]);
    expect(check.table?.rows[1]).toContain('none');
  });
});

describe('the advice', () => {
  const advised: Advised = {
    ...{ held: 20, isLeast: false, peak: 30, factor: 2, tested: 'ml.m5.large' },
    capacity: { instances: { count: 4, type: 'ml.m5.large' } },
  };
  const advice = (more: Partial<Advised>): string => adviceOf({ ...advised, ...more }).join('\n');

  test('compares the instances that production needs with those that the manifest has', () => {
    expect(advice({})).toMatch(
      /\(30 requests per second\) × 2 needs 6 of them, and instance.count is 4: raise it to 6/,
    );
    expect(advice({ peak: 20 })).toMatch(/needs 4 of them, and instance.count is 4: that suffices/);
    expect(advice({ peak: 10 })).toMatch(/needs 2 of them, and instance.count is 4: 2 fewer would do/);
    expect(advice({ peak: 0.1 })).toMatch(/needs 1 of them/);
  });

  test('names no number where nothing broke: the instance may hold more', () => {
    expect(advice({ isLeast: true })).toMatch(
      /holds at least 20 .*\n.*needs at most 6 of them, .*: find the rate at which it breaks/,
    );
  });

  test('compares the greatest capacity and the target of autoscaling', () => {
    const scaled = (max: number, invocationsPerInstance?: number): string =>
      advice({
        capacity: {
          ...advised.capacity,
          scaling: { min: 1, max, ...(invocationsPerInstance === undefined ? {} : { invocationsPerInstance }) },
        },
      });
    expect(scaled(4)).toMatch(/needs 6 of them, and autoscaling.max is 4: raise it to 6/);
    expect(scaled(8)).toMatch(/autoscaling.max is 8: that suffices/);
    expect(scaled(8)).toMatch(/invocations-per-instance: 600 a minute \(10 requests per second × 60\)$/);
    expect(scaled(8, 900)).toMatch(
      /600 a minute .*, and the manifest has 900: an instance would be past half of its rate/,
    );
    expect(scaled(8, 600)).toMatch(/the manifest has 600: that is the same/);
    expect(scaled(8, 70)).toMatch(/the manifest has 70: that is more careful/);
  });

  test('gives no number of instances where another type was tested, or no traffic is known', () => {
    expect(advice({ tested: 'ml.c5.large' })).toMatch(
      /the environment has ml.m5.large: the rates of ml.c5.large say nothing/,
    );
    const { peak: _, ...unknown } = advised;
    expect(adviceOf(unknown).join()).toMatch(/no traffic of production is recorded/);
  });
});
