import { describe, expect, test } from '@jest/globals';
import { aimedBets } from '../../../src/judge/bets.ts';
import type { Bucket } from '../../../src/judge/bucket.ts';
import { judge as judgeBuckets } from '../../../src/judge/judge.ts';
import { latencyCounts, latencyPlan, watchedLatency } from '../../../src/judge/latency.ts';
import { policyOf } from '../../../src/judge/policy.ts';
import { requestsToProof } from '../../../src/judge/time-to-proof.ts';
import type { JudgePolicy } from '../../../src/manifest/manifest.ts';
import { judgePolicy } from '../../support/stepping.ts';

const { burstGuard: _, ...judge } = judgePolicy;

describe('a policy', () => {
  test('of errors alone has the defaults', () => {
    expect(policyOf(judge)).toEqual({
      version: 2,
      healthOfNow: true,
      setAside: true,
      restartSeconds: 120,
      ...judge,
      metrics: [{ name: 'errors', weight: 1, worseThan: 1.2, excessBelow: 0.005, says: 'errors' }],
      burstGuard: false,
      maxBlindSeconds: 600,
      coverage: 0.8,
      minimumRequests: 0,
      safetyNet: {
        metric: 'errors',
        above: 0.2,
        buckets: 3,
        bucketSeconds: 60,
        requests: 20,
        bursts: 3,
        whileMoving: true,
      },
      lastStep: true,
    });
  });

  test('shares the budget among what is watched', () => {
    const plan = latencyPlan({ cells: [9, 5, 3] }, [80, 150]);
    const latency = plan ? watchedLatency(plan) : [];
    const usual = { errors: 0.01, 'latency-2': 0.02 };
    const { metrics } = policyOf({ ...judge, clientErrors: 'judge' }, { clientErrors: true, latency, usual });
    expect(metrics).toEqual([
      {
        name: 'errors',
        weight: 0.4,
        worseThan: 1.2,
        excessBelow: 0.005,
        says: 'errors',
        usual: 0.01,
        bets: aimedBets({ excessBelow: 0.005 }, 0.01),
      },
      {
        name: 'client-errors',
        weight: 0.2,
        worseThan: 1.2,
        onlyGross: true,
        excessBelow: 0.005,
        says: '4xx answers',
        usual: 'unknown',
      },
      { name: 'latency-1', weight: 0.2, worseThan: 1.2, warmUpSeconds: 180, says: 'requests slower than 80 ms' },
      {
        name: 'latency-2',
        weight: 0.2,
        worseThan: 1.2,
        excessBelow: 0.005,
        warmUpSeconds: 180,
        says: 'requests slower than 150 ms',
        usual: 0.02,
        bets: aimedBets({ excessBelow: 0.005 }, 0.02),
      },
    ]);
    expect(policyOf(judge, { clientErrors: true }).metrics[1]).toEqual({
      name: 'client-errors',
      weight: 0,
      worseThan: 1.2,
      onlyGross: true,
      says: '4xx answers',
    });
  });

  test('errors are evidence from the first request on, latency after three minutes; the manifest says otherwise', () => {
    const latency = [{ name: 'latency-1', says: 'slow', proven: true }];
    const warmUps = (of: JudgePolicy): readonly (number | undefined)[] =>
      policyOf(of, { clientErrors: true, latency }).metrics.map(({ warmUpSeconds }) => warmUpSeconds);
    expect(warmUps(judge)).toEqual([undefined, undefined, 180]);
    expect(warmUps({ ...judge, warmUp: { errorsSeconds: 120 } })).toEqual([120, 120, 180]);
    expect(warmUps({ ...judge, warmUp: { latencySeconds: 0 } })).toEqual([undefined, undefined, 0]);
    const failing = (t: number): Bucket => ({
      t,
      seconds: 60,
      candidate: { requests: 300, bad: { errors: 30 } },
      baseline: { requests: 2700, bad: { errors: 3 } },
    });
    const cold = [failing(0), failing(60)];
    expect(judgeBuckets(policyOf(judge), cold).reason).toBe('candidate-worse');
    const warm = policyOf({ ...judge, warmUp: { errorsSeconds: 120 } });
    expect(judgeBuckets(warm, cold).reason).toBe('insufficient-evidence');
    expect(judgeBuckets(warm, [...cold, failing(120), failing(180)]).reason).toBe('candidate-worse');
  });

  test('compares buckets where requests cannot be: the margin is in the event', () => {
    const watched = (rung: 'percentile' | 'sum') => {
      const plan = latencyPlan({ [rung]: 9 }, []);
      return policyOf(judge, { latency: plan ? watchedLatency(plan) : [] }).metrics[1];
    };
    expect(watched('percentile')).toEqual({
      name: 'latency-percentile',
      weight: 0.5,
      worseThan: 1,
      byBucket: true,
      warmUpSeconds: 180,
      says: 'buckets with a slower percentile',
    });
    expect(watched('sum')).toEqual({
      name: 'latency-mean',
      weight: 0.5,
      worseThan: 1,
      byBucket: true,
      warmUpSeconds: 180,
      says: 'buckets with a slower mean',
    });
  });

  test.each([
    ['on', false, true],
    ['off', true, false],
    ['auto', true, true],
    ['auto', false, false],
    [undefined, true, true],
    [undefined, undefined, false],
  ] as const)('with the burst guard %s after a history that says %s: %s', (burstGuard, needed, expected) => {
    const requested = { ...judge, ...(burstGuard === undefined ? {} : { burstGuard }) };
    expect(policyOf(requested, needed === undefined ? {} : { burstGuard: needed }).burstGuard).toBe(expected);
  });

  test('takes what the manifest says in the place of the defaults', () => {
    const reported = policyOf({ ...judge, maxBlindSeconds: 120, safetyNet: 0.5 }, { minimumRequests: 300 });
    expect(reported).toMatchObject({
      maxBlindSeconds: 120,
      minimumRequests: 300,
      safetyNet: { above: 0.5, buckets: 3 },
    });
  });
});

test('latency in cells is known only where both arms have them', () => {
  const plan = latencyPlan({ cells: [9, 5] }, [80]);
  const both = (one: object, other: object) =>
    plan && latencyCounts(plan, 1.2, { requests: 14, ...one }, { requests: 14, ...other });
  const cells = { cells: [9, 5] };
  expect(both(cells, cells)).toMatchObject({ candidate: { bad: { 'latency-1': 5 } } });
  expect(both(cells, {})).toBeUndefined();
  expect(both({}, cells)).toBeUndefined();
});

describe('the largest latency of a bucket', () => {
  const plan = latencyPlan({ maximum: 300 }, [100, 250]);
  const counted = (candidate: number, baseline: number, maxima: readonly [number, number]) =>
    plan &&
    latencyCounts(plan, 1.2, { requests: candidate, maximum: maxima[0] }, { requests: baseline, maximum: maxima[1] });
  const counts = (bad: number, trials: number) => ({
    bad: { 'latency-maximum': bad },
    trials: { 'latency-maximum': trials },
  });

  test('is above the largest edge or not', () => {
    expect(plan).toMatchObject({ rung: 'maximum', edges: [250] });
    expect(plan && watchedLatency(plan)).toEqual([
      { name: 'latency-maximum', says: 'buckets with a request slower than 250 ms', proven: false },
    ]);
    expect(counted(10, 10, [251, 250])).toEqual({ candidate: counts(1, 1), baseline: counts(0, 1) });
    expect(latencyPlan({ maximum: 300 }, [])).toBeUndefined();
  });

  test('says nothing where the candidate has more requests, or none', () => {
    const nothing = { candidate: counts(0, 0), baseline: counts(0, 0) };
    expect(counted(11, 10, [999, 999])).toEqual(nothing);
    expect(counted(0, 10, [999, 999])).toEqual(nothing);
    expect(plan && latencyCounts(plan, 1.2, { requests: 1 }, { requests: 1, maximum: 1 })).toBeUndefined();
    expect(plan && latencyCounts(plan, 1.2, { requests: 1, maximum: 1 }, { requests: 1 })).toBeUndefined();
  });
});

describe('a percentile or a mean', () => {
  const percentile = latencyPlan({ percentile: 9 }, []);
  const mean = latencyPlan({ sum: 9 }, []);
  const event = (name: string, worse: number, better: number) => ({
    candidate: { bad: { [name]: worse }, trials: { [name]: worse + better } },
    baseline: { bad: { [name]: better }, trials: { [name]: worse + better } },
  });

  test('is one event a bucket, on thirty requests in either arm', () => {
    const of = (requests: number, others: number, one?: number, other?: number) =>
      percentile &&
      latencyCounts(
        percentile,
        1.5,
        { requests, ...(one === undefined ? {} : { percentile: one }) },
        { requests: others, ...(other === undefined ? {} : { percentile: other }) },
      );
    expect(of(30, 30, 151, 100)).toEqual(event('latency-percentile', 1, 0));
    expect(of(30, 30, 150, 100)).toEqual(event('latency-percentile', 0, 1));
    expect(of(29, 30, 999, 100)).toEqual(event('latency-percentile', 0, 0));
    expect(of(30, 29, 999, 100)).toEqual(event('latency-percentile', 0, 0));
    expect(of(29, 30)).toEqual(event('latency-percentile', 0, 0));
    expect(of(30, 30, undefined, 100)).toBeUndefined();
    expect(of(30, 30, 100)).toBeUndefined();
  });

  test('of sums, by requests', () => {
    const of = (sum: number | undefined, other: number | undefined) =>
      mean &&
      latencyCounts(
        mean,
        1.5,
        { requests: 40, ...(sum === undefined ? {} : { sum }) },
        { requests: 80, ...(other === undefined ? {} : { sum: other }) },
      );
    expect(of(6040, 8000)).toEqual(event('latency-mean', 1, 0));
    expect(of(6000, 8000)).toEqual(event('latency-mean', 0, 1));
    expect(of(undefined, 8000)).toBeUndefined();
    expect(of(6000, undefined)).toBeUndefined();
  });
});

test('the requests that prove a clean candidate are found to the request', () => {
  // ln 20 = ln Σ prior·e^(s·n·0.5 %), solved for n.
  expect(requestsToProof({ excessBelow: 0.005 }, 0.95, 0, 0.1)).toBe(654);
  expect(requestsToProof({ excessBelow: 0.005 }, 0.95, 0, 0.5)).toBe(654);
  // With the baseline's errors beside the candidate's, in the same way.
  expect(requestsToProof({ excessBelow: 0.005 }, 0.95, 0.001, 0.1)).toBe(1496);
  expect(requestsToProof({ excessBelow: 0.005 }, 0.95, 0.001, 0.5)).toBe(1585);
  expect(requestsToProof({ excessBelow: 0.005 }, 0.95, 0.01, 0.1)).toBe(6335);
  expect(requestsToProof({ excessBelow: 1 }, 0.5, 0, 0.5)).toBe(1);
});
