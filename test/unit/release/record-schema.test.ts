import { describe, expect, test } from '@jest/globals';
import type { Release } from '../../../src/release/record.ts';
import { parseRecord } from '../../../src/release/record-schema.ts';
import { configuration, fullRecord, release, secondSwap } from '../../support/release.ts';
import { stepping } from '../../support/stepping.ts';

const withLive = (live: Release): string => JSON.stringify({ ...fullRecord(), live });
const without = <K extends keyof Release>(live: Release, member: K): Release => {
  const { [member]: _, ...rest } = live;
  return rest as Release;
};

test.each<[string, Release]>([
  ['a live release has not ended', release({ phase: 'ended' })],
  ['phase stepping needs its steps', release({ phase: 'stepping' })],
  ['takenBack needs a baseline', without(release({ takenBack: { because: 'rejected' } }), 'baseline')],
  ['a dark candidate needs a baseline and its variant', release({ submission: secondSwap })],
  [
    'a dark candidate needs a baseline and its variant',
    without(release({ submission: { ...secondSwap, canonical: 'AllTraffic' } }), 'baseline'),
  ],
])('a live release that no code can continue is no record: %s', (why, live) => {
  expect(() => parseRecord(withLive(live))).toThrow(`is not a release record: live: ${why}`);
});

test.each<[string, Release]>([
  ['under guardrails', release()],
  ['on its way back', release({ takenBack: { because: 'rejected' }, baseline: configuration('1.0.0') })],
  ['in the steps', release({ phase: 'stepping', submission: secondSwap, stepping: stepping() })],
  [
    'that brings a candidate up dark',
    release({ submission: { ...secondSwap, canonical: 'AllTraffic' }, baseline: configuration('1.0.0') }),
  ],
])('a live release %s is read', (_kind, live) => {
  expect(parseRecord(withLive(live)).live).toEqual(live);
});

describe('the members that a judge continues with', () => {
  const record = fullRecord();
  const { stepping: steps } = record.live ?? {};
  const { policy, latency, verdict } = steps ?? {};
  /** The record with one member in another place of the live release's steps. */
  const withSteps = (change: object): string =>
    JSON.stringify({ ...record, live: { ...record.live, stepping: { ...steps, ...change } } });
  const withPolicy = (change: object): string => withSteps({ policy: { ...policy, ...change } });
  const withMetric = (change: object): string =>
    withPolicy({ metrics: policy?.metrics.map((metric, index) => (index === 0 ? { ...metric, ...change } : metric)) });
  const withFigures = (change: object): string =>
    withSteps({ verdict: { ...verdict, figures: { ...verdict?.figures, ...change } } });
  const withArm = (change: object): string => {
    const errors = { ...verdict?.figures?.evidence['errors'], ...change };
    return withFigures({ evidence: { errors } });
  };

  test.each<[string, string]>([
    ['a step beyond the last', withSteps({ state: { is: 'baking', index: 2, since: 500 } })],
    ['a step before the first', withSteps({ state: { is: 'baking', index: -1, since: 500 } })],
    ['a share beyond all', withSteps({ plan: { ...steps?.plan, steps: [0.1, 1.1] } })],
    ['no step at all', withSteps({ plan: { ...steps?.plan, steps: [] } })],
    ['a conviction of what is no worse', withPolicy({ convict: { worseThan: 0.9, falseRollback: 0.01 } })],
    ['a conviction without a factor', withPolicy({ convict: { falseRollback: 0.01 } })],
    ['certain rollbacks', withPolicy({ convict: { worseThan: 1.2, falseRollback: 1 } })],
    ['rollbacks that never happen', withPolicy({ convict: { worseThan: 1.2, falseRollback: 0 } })],
    ['health beyond all requests', withPolicy({ healthy: { excessBelow: 1.1, confidence: 0.95 } })],
    ['health without a limit', withPolicy({ healthy: { confidence: 0.95 } })],
    ['health beyond doubt', withPolicy({ healthy: { excessBelow: 0.005, confidence: 1 } })],
    ['health without confidence', withPolicy({ healthy: { excessBelow: 0.005 } })],
    ['health of a ratio that proves the worse', withPolicy({ healthy: { atMost: 1, confidence: 0.95 } })],
    ['health of another time', withPolicy({ healthOfNow: false })],
    ['a stake of another kind', withPolicy({ setAside: false })],
    ['a dispersion of an unknown origin', withMetric({ dispersion: 'guessed' })],
    ['a metric with a ratio that proves the worse', withMetric({ atMost: 0.9 })],
    [
      'bets of more than all',
      withMetric({
        bets: {
          excess: [
            [1, 0.7],
            [0.5, 0.4],
          ],
        },
      }),
    ],
    ['bets on a ratio of more than all', withMetric({ bets: { excess: [], ratio: [[0.5, 1.1]] } })],
    ['bets of a stake beyond all', withMetric({ bets: { excess: [[1.5, 0.5]] } })],
    ['bets of more parts than one', withMetric({ bets: { excess: [[1, 0.5]], ratioPart: 2 } })],
    ['no metric', withPolicy({ metrics: [] })],
    ['more metrics than a judge has', withPolicy({ metrics: Array(101).fill(policy?.metrics[0]) })],
    ['a burst guard in words', withPolicy({ burstGuard: 'on' })],
    ['blindness for ever', withPolicy({ maxBlindSeconds: null })],
    ['blindness for a negative time', withPolicy({ maxBlindSeconds: -1 })],
    ['coverage beyond all', withPolicy({ coverage: 2 })],
    ['negative requests', withPolicy({ minimumRequests: -1 })],
    ['a safety net under no metric', withPolicy({ safetyNet: { ...policy?.safetyNet, metric: undefined } })],
    ['a safety net above all', withPolicy({ safetyNet: { ...policy?.safetyNet, above: 1.5 } })],
    ['a safety net without buckets', withPolicy({ safetyNet: { ...policy?.safetyNet, buckets: undefined } })],
    ['a safety net without requests', withPolicy({ safetyNet: { ...policy?.safetyNet, requests: undefined } })],
    ['a metric without a name', withMetric({ name: undefined })],
    ['a metric that says nothing', withMetric({ says: undefined })],
    ['a metric of more than all the weight', withMetric({ weight: 1.5 })],
    ['a metric that convicts the better', withMetric({ worseThan: 0.5 })],
    ['a metric for gross harm in words', withMetric({ onlyGross: 'yes' })],
    ['a metric with a limit beyond all', withMetric({ excessBelow: 2 })],
    ['a metric with an unusual usual', withMetric({ usual: 'rare' })],
    ['a metric that is not by bucket', withMetric({ byBucket: false })],
    ['a metric that warms up before', withMetric({ warmUpSeconds: -60 })],
    ['latency on no known rung', withSteps({ latency: { ...latency, rung: 'median' } })],
    ['latency at edges in words', withSteps({ latency: { ...latency, edges: ['slow'] } })],
    ['latency at too many edges', withSteps({ latency: { ...latency, edges: Array(101).fill(1) } })],
    ['latency for no reason', withSteps({ latency: { ...latency, because: undefined } })],
    ['a verdict before time', withFigures({ t: -1 })],
    ['a verdict without evidence', withFigures({ evidence: undefined })],
    ['a verdict with evidence in words', withFigures({ logEvidence: 'strong' })],
    ['a verdict without a threshold', withFigures({ threshold: undefined })],
    ['a verdict on negative requests', withFigures({ candidateRequests: -1 })],
    ['evidence in words', withArm({ logEvidence: 'strong' })],
    ['health in words', withArm({ logHealth: 'good' })],
    ['a threshold in words', withArm({ healthThreshold: 'high' })],
    ['a fleet without requests', withArm({ candidate: { bad: 1 } })],
    ['a fleet with negative failures', withArm({ baseline: { requests: 1, bad: -1 } })],
    ['an excess in words', withArm({ excess: 'none' })],
    ['an interval with one end', withArm({ interval: [0.1] })],
  ])('are no record: %s', (_what, text) => {
    expect(() => parseRecord(text)).toThrow(/^is not a release record: live\.stepping/);
  });

  test.each<[string, string]>([
    ['on its last step', withSteps({ state: { is: 'baking', index: 1, since: 500 } })],
    ['before its first, where there is no index', withSteps({ state: { is: 'dark' } })],
    ['with zero evidence, which JSON writes as null', withFigures({ logEvidence: null })],
    ['with zero evidence of health', withArm({ logHealth: null })],
    ['at the factor of no difference', withPolicy({ convict: { worseThan: 1, falseRollback: 0.5 } })],
    ['with the usual unknown', withMetric({ usual: 'unknown' })],
    ['with a part set aside', withPolicy({ setAside: true })],
    ['with a dispersion that is learned', withMetric({ dispersion: 'learned' })],
    ['with a dispersion that is learned by cell', withMetric({ dispersion: 'learned-by-cell' })],
    ['with the usual known', withMetric({ usual: 0.02 })],
    ['by the ratio alone', withPolicy({ healthy: { atMost: 1.5, confidence: 0.95 }, healthOfNow: true })],
    [
      'with bets',
      withMetric({
        atMost: 1.5,
        bets: {
          excess: [
            [1, 0.6],
            [0.5, 0.4],
          ],
          ratio: [[0.3, 1]],
          ratioPart: 0.9,
        },
      }),
    ],
    ['by bucket', withMetric({ byBucket: true, warmUpSeconds: 0, onlyGross: true })],
    ...(['cells', 'percentile', 'mean', 'maximum'] as const).map((rung): [string, string] => [
      `with latency by ${rung}`,
      withSteps({ latency: { ...latency, rung } }),
    ]),
  ])('are read: %s', (_what, text) => {
    expect(parseRecord(text).live).toEqual(JSON.parse(text).live);
  });
});
