import { describe, expect, test } from '@jest/globals';
import type { MetricAlarm } from '../../../src/aws/cloudwatch.ts';
import { minutes } from '../../../src/clock.ts';
import type { Alarms, Rollout } from '../../../src/manifest/manifest.ts';
import { planSteps } from '../../../src/mechanisms/variants/plan-steps.ts';
import { stepsDigest } from '../../../src/mechanisms/variants/steps.ts';
import { classes, emptyAnswers, judgeWith } from '../../support/own-metrics.ts';
import { asking, planningWorld, recordOf, rollout } from '../../support/planning.ts';
import { refusal } from '../../support/refusal.ts';
import { nine } from '../../support/stepping.ts';

const shifting = (version = '1.1.0', requested: Rollout = rollout) =>
  ({ operation: 'shift-traffic', requested: asking(version, requested), record: recordOf() }) as const;
const dark = { AllTraffic: 1, 'AllTraffic-next': 0 };
const planned = (weights: Readonly<Record<string, number>> = dark, options: Parameters<typeof planningWorld>[1] = {}) =>
  planSteps(planningWorld(weights, options), shifting());

describe('the walk of a dark candidate', () => {
  test('begins dark, under a policy that is frozen, and ends as the candidate alone', async () => {
    const { release } = await planned();
    expect(release).toMatchObject({
      operation: 'shift-traffic',
      version: '1.1.0',
      planDigest: stepsDigest(asking('1.1.0')),
      candidate: { endpointConfig: 'churn-1-1-0' },
      baseline: { endpointConfig: 'churn-dark', beside: { baseline: 'churn-1-0-0' } },
      submission: { kind: 'update', variant: 'AllTraffic', exclude: ['DesiredWeight'] },
      stepping: {
        state: { is: 'dark' },
        moves: [],
        obeyed: 0,
        baselineVariant: 'AllTraffic',
        candidateVariant: 'AllTraffic-next',
        plan: { steps: [0.07, 0.5, 1], bakeSeconds: 300, maxStepSeconds: 3600, minimumRequests: 100 },
        policy: { minimumRequests: 100, convict: { worseThan: 1.2, falseRollback: 0.01 } },
      },
    });
    expect(release.candidate).not.toHaveProperty('beside');
  });

  test('is told with its promises and the time its proofs take', async () => {
    const { plan } = await planned();
    expect(plan.title).toBe('shift churn from 1.0.0 to 1.1.0 in steps of 7 %, 50 %, 100 %');
    const notes = plan.notes.join('\n');
    expect(notes).toMatch(
      /at 7 % a version as good as this one is proven after about 3m \d+s \(the slowest proof: errors\)/,
    );
    expect(notes).toContain('at most 1 % chance of convicting a good one');
    expect(notes).toContain('healthy when its excess is below 0.5 % of requests, with 95 % confidence');
    expect(notes).toContain('burst guard off');
    expect(notes).toContain('latency is not judged');
    expect(notes).toMatch(
      /has errors on clearly more than 0.25 % of its requests \(usual: .* %\) are no evidence of health/,
    );
    // The first step's proof and the lag of the metrics, two bakes, the swap.
    expect(plan.expectedSeconds).toBeGreaterThan(300 + 300 + 300 + 300);
    expect(plan.expectedSeconds).toBeLessThan(1500);
    expect(plan.peakInstances).toEqual({ 'ml.m5.large': 6 });
  });

  test('freezes the series of the user’s own metrics, by the names of both variants, and says what they do', async () => {
    const did = (fleet: string) =>
      fleet === 'AllTraffic' ? { requests: 3000, own: { EmptyAnswers: 3, Answers: 3000 } } : undefined;
    const judge = judgeWith({ ...emptyAnswers, worseThan: 1.5 });
    const { plan, release } = await planSteps(planningWorld(dark, { did }), shifting('1.1.0', { ...rollout, judge }));
    const [own] = release.stepping?.own ?? [];
    expect(own?.candidate.events[0]?.dimensions).toEqual({ VariantName: 'AllTraffic-next' });
    expect(own?.baseline.events[0]?.dimensions).toEqual({ VariantName: 'AllTraffic' });
    expect(release.stepping?.policy.metrics.at(-1)).toMatchObject({ name: 'empty-answers', own: true, worseThan: 1.5 });
    const notes = plan.notes.join('\n');
    expect(notes).toContain(
      "your metric empty-answers: more than 1.5 times the old version's share convicts, with 33.3 % of the budget",
    );
    expect(notes).toContain('empty-answers: Acme/Churn EmptyAnswers (VariantName=AllTraffic): 0.1 % in the day before');
  });

  test('without any data of such a metric is refused', async () => {
    const judge = judgeWith(classes);
    const refused = await refusal(planSteps(planningWorld(dark), shifting('1.1.0', { ...rollout, judge })));
    expect(refused).toMatch(/^metric-missing: .*CloudWatch has no data of classes in the last day/);
  });

  test('has percentages as people write them', async () => {
    const judge = { ...rollout.judge, convict: { worseThan: 1.2, falseRollback: 0.07 } };
    const { plan } = await planSteps(planningWorld(dark), shifting('1.1.0', { ...rollout, judge }));
    expect(plan.notes.join('\n')).toContain('with at most 7 % chance of convicting a good one');
  });

  test('promises no proof of health for the last step, which has nothing beside it', async () => {
    const details = async (alarms: Alarms): Promise<readonly string[] | undefined> => {
      const { plan } = await planSteps(planningWorld(dark), shifting('1.1.0', { ...rollout, alarms }));
      return plan.changes.find(({ object }) => object === 'weights of churn')?.details;
    };
    expect(await details({ named: [] })).toEqual([
      '7 %, at least 300 s, until proven healthy',
      '50 %, at least 300 s, until proven healthy',
      '100 %, at least 300 s and 100 requests: no old version is left to compare with; 3 minutes in a row with more than 20 % failures take the traffic back, and so do clearly more errors (0.25 %) than the day before and the last steps explain',
    ]);
    expect((await details({ errors: 0.01, named: [] }))?.at(-1)).toContain(
      'failures, or an alarm, take the traffic back',
    );
  });

  test('that has all traffic already, because its publishing did not go through, goes on from there', async () => {
    const { release } = await planned({ AllTraffic: 0, 'AllTraffic-next': 1 }, { did: () => undefined });
    const now = nine + minutes(1);
    expect(release.stepping).toMatchObject({
      state: { is: 'baking', index: 2, since: now },
      moves: [{ from: now, until: now, share: 1 }],
    });
  });
});

describe('the alarms of a walk', () => {
  const theirs = (dimensions: Readonly<Record<string, string>>, more: Partial<MetricAlarm> = {}): MetricAlarm => ({
    AlarmName: 'theirs',
    Namespace: 'AWS/SageMaker',
    MetricName: 'Invocation5XXErrors',
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: 'Average',
    Threshold: 0.02,
    ComparisonOperator: 'GreaterThanThreshold',
    Period: 60,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    StateValue: 'OK',
    ...more,
  });
  const candidate = { EndpointName: 'churn', VariantName: 'AllTraffic-next' };
  const under = (alarms: Alarms, described: readonly MetricAlarm[] = [], bakeSeconds = 300) =>
    planSteps(planningWorld(dark, { alarms: described }), shifting('1.1.0', { ...rollout, alarms, bakeSeconds }));

  test('are frozen with it: its own on the candidate’s variant alone, and those that are named', async () => {
    const { release, plan } = await under({ errors: 0.01, named: ['theirs'] }, [theirs(candidate)]);
    expect(release.stepping?.alarms).toEqual([expect.stringMatching(/^churn-1-1-0-errors-[0-9a-f]{8}$/), 'theirs']);
    expect(plan.changes[0]).toMatchObject({ verb: 'create', object: '1 alarm for this release' });
    expect(plan.permissions).toContain('cloudwatch:PutMetricAlarm');
    expect((await under({ named: [] })).release.stepping).not.toHaveProperty('alarms');
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'cannot go off within a bake',
      () => under({ errors: 0.01, named: [] }, [], 120),
      'alarm-cannot-fire: .*within the bake of 2m',
    ],
    ['do not exist', () => under({ named: ['theirs'] }), 'alarm-not-ready: alarm theirs does not exist'],
    [
      'are red',
      () => under({ named: ['theirs'] }, [theirs(candidate, { StateValue: 'ALARM' })]),
      'alarm-not-ready: .*in ALARM',
    ],
    [
      'do not see the candidate',
      () => under({ named: ['theirs'] }, [theirs({ ...candidate, VariantName: 'AllTraffic' })]),
      'alarm-cannot-fire: .*watches variant AllTraffic and this release is variant AllTraffic-next',
    ],
  ])('are refused when they %s', async (_, plan, words) => {
    expect(await refusal(plan())).toMatch(new RegExp(words));
  });

  test('may compare the candidate with the variant beside it, which is not the wrong one then', async () => {
    const { Dimensions: next = [] } = theirs(candidate);
    const { Dimensions: beside = [] } = theirs({ ...candidate, VariantName: 'AllTraffic' });
    const stat = (Id: string, Dimensions: typeof next) => ({
      Id,
      MetricStat: {
        Metric: { Namespace: 'AWS/SageMaker', MetricName: 'Invocation5XXErrors', Dimensions },
        Period: 60,
        Stat: 'Average',
      },
      ReturnData: false,
    });
    const ratio: MetricAlarm = {
      AlarmName: 'theirs',
      Metrics: [{ Id: 'ratio', Expression: 'n / b', ReturnData: true }, stat('n', next), stat('b', beside)],
      Threshold: 3,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
      StateValue: 'OK',
    };
    const { plan } = await under({ named: ['theirs'] }, [ratio]);
    expect(plan.notes.join()).not.toContain('theirs');
  });
});

describe('refused before anything moves', () => {
  test('too little traffic for a proof', async () => {
    const few = planned(dark, { did: (fleet) => (fleet === 'AllTraffic' ? { requests: 60 } : undefined) });
    expect(await refusal(few)).toMatch(/^too-little-traffic: churn sees about 1 requests per second.*at 7 %/);
  });

  test.each([
    ['no candidate stands beside', planningWorld({ AllTraffic: 1 }), '1.1.0', 'has no dark candidate of 1.1.0, but'],
    [
      'a config that others made',
      planningWorld(dark, { config: 'churn-other' }),
      '1.1.0',
      'several variants that this suite did not make',
    ],
    ['another version stands there', planningWorld(dark), '1.2.0', 'no dark candidate of 1.2.0, but one of 1.1.0'],
  ])('%s', async (_what, world, version, words) => {
    expect(await refusal(planSteps(world, shifting(version)))).toContain(words);
  });
});
