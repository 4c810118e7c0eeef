import { describe, expect, test } from '@jest/globals';
import type { Arm, Bucket } from '../../../src/judge/bucket.ts';
import { hoursAbove } from '../../../src/judge/incident.ts';
import { judge } from '../../../src/judge/judge.ts';
import { explainedByDay } from '../../../src/judge/last-step.ts';
import { type Metric, type Policy, policyOf } from '../../../src/judge/policy.ts';
import { judgePolicy } from '../../support/stepping.ts';

const policy = policyOf(judgePolicy, { usual: { errors: 0.001 } });
const arm = (requests: number, errors: number): Arm => ({ requests, bad: { errors } });
type Minute = Omit<Bucket, 't' | 'seconds'>;
const half: Minute = { share: 0.5, candidate: arm(1500, 1), baseline: arm(1500, 2) };
const move: Minute = { share: 1, weightMoved: true, candidate: arm(2900, 3), baseline: arm(100, 0) };
const alone = (errors: number, requests = 3000): Minute => ({
  share: 1,
  candidate: arm(requests, errors),
  baseline: arm(0, 0),
});
const times = (count: number, minute: Minute): readonly Minute[] => Array.from({ length: count }, () => minute);
const steps = [...times(10, half), move];
const verdict = (minutes: readonly Minute[], by: Policy = policy, from = 0) =>
  judge(
    by,
    minutes.map((minute, index): Bucket => ({ t: from + 60 * index, seconds: 60, ...minute })),
  );
const reasons = (minutes: readonly Minute[], by: Policy = policy, from = 0) =>
  minutes.map((_, index) => verdict(minutes.slice(0, index + 1), by, from).reason);
/** After how many minutes alone the traffic is taken back. */
const takenBack = (minutes: readonly Minute[], by: Policy = policy, from = 0): number | undefined => {
  const at = reasons(minutes, by, from).indexOf('worse-than-before');
  return at < 0 ? undefined : at - steps.length + 1;
};

describe('a candidate with all of the traffic', () => {
  test('that fails on 15 % is taken back within minutes, and the sentence has both rates', () => {
    const minutes = [...steps, ...times(12, alone(450))];
    expect(takenBack(minutes)).toBe(4);
    const { decision, because } = verdict(minutes);
    expect(decision).toBe('rollback');
    expect(because).toContain('errors: 1800 of 12000 (15 %) since the candidate has all of the traffic');
    expect(because).toContain('the time before explains up to 0.25 %');
    expect(because).toContain('no version is convicted');
  });

  test('is compared with the time before where the limit of health is a ratio, too', () => {
    const healthy = { atMost: 1.5, confidence: 0.95 };
    const byRatio = policyOf(
      { ...judgePolicy, healthy },
      { usual: { errors: 0.005 }, higherAt: { errors: [[7, 0.05]] } },
    );
    expect(byRatio.metrics[0]?.higherAt).toEqual([[7, 0.05]]);
    // 1.4 times the baseline is allowed in the steps, so the time before explains it.
    const worse = { share: 0.5, candidate: arm(1500, 21), baseline: arm(1500, 15) };
    const minutes = [...times(10, worse), move, ...times(12, alone(300))];
    const taken = verdict(minutes, byRatio);
    expect(taken).toMatchObject({ decision: 'rollback', reason: 'worse-than-before' });
    expect(taken.because).toContain('the time before explains up to 1.4 %');
    expect(takenBack([...times(10, worse), move, ...times(12, alone(42))], byRatio)).toBeUndefined();
  });

  test('is not judged so by a policy from before this rule', () => {
    const { lastStep: _, ...older } = policy;
    expect(new Set(reasons([...steps, ...times(12, alone(450))], older).slice(steps.length))).toEqual(
      new Set(['insufficient-evidence']),
    );
  });

  test('that fails as before is held by nothing', () => {
    const last = reasons([...steps, ...times(20, alone(3))]).slice(steps.length);
    expect(last).not.toContain('worse-than-before');
    expect(last).not.toContain('more-than-before');
  });

  test('may fail twice as often as the time before: a day has bad hours', () => {
    expect(takenBack([...steps, ...times(40, alone(15))])).toBeUndefined();
    expect(takenBack([...steps, ...times(40, alone(45))])).toBeDefined();
  });

  test('that begins to fail late in its bake is taken back, and is not published before', () => {
    const minutes = [...steps, ...times(30, alone(2)), ...times(12, alone(450))];
    const after = reasons(minutes).slice(steps.length + 30);
    const end = after.indexOf('worse-than-before');
    expect(end).toBeGreaterThan(2);
    expect(end).toBeLessThan(9);
    expect(new Set(after.slice(0, end))).toEqual(new Set(['more-than-before']));
    expect(verdict(minutes.slice(0, steps.length + 31))).toMatchObject({ decision: 'hold' });
  });

  test('is forgiven an outage of two minutes, which no baseline could show to be shared', () => {
    const minutes = [...steps, ...times(2, alone(450)), ...times(6, alone(3))];
    const last = reasons(minutes).slice(steps.length);
    expect(last.slice(0, 2)).toEqual(['more-than-before', 'more-than-before']);
    expect(last).not.toContain('worse-than-before');
    expect(last.at(-1)).not.toBe('more-than-before');
  });

  test('is forgiven the same outage in buckets of ten seconds, and a lasting fault is found in them', () => {
    const tens = (minutes: readonly Minute[]): readonly Bucket[] =>
      minutes.flatMap((minute, index) =>
        Array.from({ length: 6 }, (_, part): Bucket => ({ t: 60 * index + 10 * part, seconds: 10, ...minute })),
      );
    const sixth = (failing: boolean): Minute => alone(failing ? 75 : 0, 500);
    const reasonsOf = (minutes: readonly Minute[]): ReadonlySet<string> => {
      const buckets = tens([...steps, ...minutes]);
      return new Set(buckets.map((_, index) => judge(policy, buckets.slice(0, index + 1)).reason));
    };
    expect(reasonsOf([...times(2, sixth(true)), ...times(6, sixth(false))])).not.toContain('worse-than-before');
    expect(reasonsOf(times(4, sixth(true)))).toContain('worse-than-before');
  });

  test('is held with the figures of the metric that is worse, after many minutes in which it was not', () => {
    const judged = policyOf(
      { ...judgePolicy, clientErrors: 'judge' },
      { clientErrors: true, usual: { errors: 0.001 } },
    );
    const both = (minute: Minute): Minute => {
      const more = (one: Arm | undefined) => one && { ...one, bad: { ...one.bad, 'client-errors': 0 } };
      const [candidate, baseline] = [more(minute.candidate), more(minute.baseline)];
      return { ...minute, ...(candidate ? { candidate } : {}), ...(baseline ? { baseline } : {}) };
    };
    const { reason, because } = verdict([...steps, ...times(15, alone(1)), alone(60)].map(both), judged);
    expect(reason).toBe('more-than-before');
    expect(because).toMatch(/^errors: 75 of 48000/);
  });

  test('begins anew when others moved the weights', () => {
    const minutes = [...steps, ...times(3, alone(450)), move, ...times(3, alone(450)), move, ...times(3, alone(450))];
    expect(takenBack(minutes)).toBeUndefined();
  });
});

describe('the reference', () => {
  const metric = (more: Partial<Metric>): Policy => ({
    ...policy,
    metrics: policy.metrics.map(({ usual: _, ...one }) => ({ ...one, ...more })),
  });

  test('is the usual rate of the day before, and at least half of the excess that health excludes', () => {
    const [errors] = policy.metrics;
    expect(errors && explainedByDay(errors)).toBe(0.0025);
    expect(errors && explainedByDay({ ...errors, usual: 0.02 })).toBe(0.02);
    expect(errors && explainedByDay({ ...errors, usual: 'unknown' })).toBeUndefined();
    const often = times(20, alone(90));
    expect(takenBack([...steps, ...often])).toBeDefined();
    expect(takenBack([...steps, ...often], metric({ usual: 0.02 }))).toBeUndefined();
  });

  test('is higher in an hour that was worse on the day before', () => {
    const nightly = metric({ usual: 0.001, higherAt: [[3, 0.05]] });
    const often = [...steps, ...times(20, alone(150))];
    expect(takenBack(often, nightly, 3 * 3600)).toBeUndefined();
    expect(takenBack(often, nightly, 9 * 3600)).toBeDefined();
  });

  test('is the rate of the baseline in the last two steps, without its incidents', () => {
    const bad: Minute = { share: 0.5, candidate: arm(1500, 45), baseline: arm(1500, 45) };
    const often = times(20, alone(90));
    // Below the usual rate's limit no minute is an incident: the steps show the rate of now.
    const calm = metric({ usual: 0.02 });
    expect(takenBack([...times(10, bad), move, ...often, ...times(20, alone(180))], calm)).toBeUndefined();
    expect(takenBack([...times(10, half), move, ...often, ...times(20, alone(180))], calm)).toBeDefined();
    expect(takenBack([...times(10, bad), move, ...times(20, alone(90))])).toBeDefined();
    expect(takenBack([...times(10, bad), { ...move, share: 0.9 }, ...times(10, half), move, ...often], calm)).toBe(
      undefined,
    );
  });

  test('counts the candidate’s own rate up to the excess that it was allowed', () => {
    const unknown = metric({ usual: 'unknown' });
    const own: Minute = { share: 0.5, candidate: arm(1500, 9), baseline: arm(1500, 2) };
    const often = times(20, alone(33));
    expect(takenBack([...times(10, own), move, ...often], unknown)).toBeUndefined();
    expect(takenBack([...times(10, half), move, ...often], unknown)).toBeDefined();
  });

  test('without a day before and without a compared step is not known, and accuses nobody', () => {
    const unknown = metric({ usual: 'unknown' });
    expect(takenBack(times(30, alone(300)), unknown)).toBeUndefined();
    expect(reasons(times(30, alone(300)), unknown)).not.toContain('more-than-before');
  });

  test('is not asked for where the shares are not known, as in a guardrail deployment', () => {
    const { share: _, ...fleet } = alone(450);
    expect(
      takenBack([...steps.slice(0, 5).map(({ share: __, ...rest }) => rest), ...times(12, fleet)]),
    ).toBeUndefined();
  });
});

test('hours above the usual rate are those with a few bad requests at least', () => {
  const hour = (at: number, requests: number, bad: number) => ({ hour: at, requests, bad });
  expect(hoursAbove([hour(3, 500, 20), hour(3, 500, 30), hour(4, 40, 4), hour(9, 6000, 6)], 0.001)).toEqual([
    [3, 0.05],
  ]);
});
