import { describe, expect, test } from '@jest/globals';
import { writtenAlarms } from '../../../src/adopt/written-alarms.ts';
import type { MetricAlarm } from '../../../src/aws/cloudwatch.ts';

const alarm = (AlarmName: string, more: Partial<MetricAlarm> = {}): MetricAlarm => ({
  AlarmName,
  Namespace: 'AWS/SageMaker',
  MetricName: 'Invocation5XXErrors',
  Dimensions: [
    { Name: 'EndpointName', Value: 'churn' },
    { Name: 'VariantName', Value: 'main' },
  ],
  Statistic: 'Sum',
  Threshold: 10,
  ComparisonOperator: 'GreaterThanThreshold',
  Period: 60,
  EvaluationPeriods: 1,
  TreatMissingData: 'notBreaching',
  StateValue: 'OK',
  ...more,
});

const guarded = { bakeSeconds: 600, rate: 5 };
const written = (
  alarms: readonly MetricAlarm[],
  composites: readonly object[] = [],
  guards: typeof guarded | undefined = guarded,
) => writtenAlarms({ endpoint: 'churn', variant: 'main', kind: 'instances', alarms, composites }, guards, 0);

describe('alarms of an adopted endpoint', () => {
  test('those that can protect are named, and those of others are not mentioned', () => {
    const { named, remarks } = written([
      alarm('b'),
      alarm('a'),
      alarm('of-another', { Dimensions: [{ Name: 'EndpointName', Value: 'another' }] }),
    ]);
    expect(named).toEqual(['a', 'b']);
    expect(remarks.join('\n')).not.toContain('of-another');
    expect(remarks).toContainEqual(expect.stringContaining('Named below: alarm a mixes the old and the new fleet'));
  });

  test.each<readonly [string, Partial<MetricAlarm>, string]>([
    ['is red', { StateValue: 'ALARM' }, 'is already in ALARM'],
    ['is too slow for the bake', { Period: 3600 }, 'cannot go off within the bake'],
    [
      'watches another variant',
      {
        Dimensions: [
          { Name: 'EndpointName', Value: 'churn' },
          { Name: 'VariantName', Value: 'other' },
        ],
      },
      'watches variant other',
    ],
    [
      'watches the config that serves',
      {
        Dimensions: [
          { Name: 'EndpointName', Value: 'churn' },
          { Name: 'VariantName', Value: 'main' },
          { Name: 'EndpointConfigName', Value: 'now' },
        ],
      },
      'watches endpoint config now',
    ],
    [
      'starts a scaling policy',
      { AlarmActions: ['arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:1:resource/x:policyName/wake'] },
      'it shows load, not health',
    ],
  ])('one that %s is a remark with the reason', (_case, more, reason) => {
    const { named, remarks } = written([alarm('one', more)]);
    expect(named).toEqual([]);
    expect(remarks).toEqual([expect.stringMatching(/^Not named below: alarm one .*\.$/)]);
    expect(remarks[0]).toContain(reason);
  });

  test('at most seven are named, and the others are remarks', () => {
    const { named, remarks } = written(Array.from({ length: 9 }, (_, index) => alarm(`alarm-${index}`)));
    expect(named).toHaveLength(7);
    for (const name of ['alarm-7', 'alarm-8'])
      expect(remarks).toContain(`Not named below: alarm ${name}: SageMaker watches ten alarms at most.`);
  });

  test('composite alarms over them are remarks', () => {
    const composites = [
      { AlarmName: 'all', AlarmRule: 'ALARM("one") OR ALARM(two)' },
      { AlarmName: 'by-arn', AlarmRule: 'ALARM(arn:aws:cloudwatch:eu-west-1:111122223333:alarm:one)' },
      { AlarmName: 'unrelated', AlarmRule: 'ALARM(one-more)' },
    ];
    const found = written([alarm('one')], composites).remarks.filter((line) => line.includes('composite'));
    expect(found.map((line) => line.split(' ')[5])).toEqual(['all:', 'by-arn:']);
  });

  test('without guardrails no alarm is named', () => {
    const { named, remarks } = writtenAlarms(
      { endpoint: 'churn', variant: 'main', kind: 'serverless', alarms: [alarm('one')], composites: [] },
      undefined,
      0,
    );
    expect(named).toEqual([]);
    expect(remarks).toEqual([expect.stringContaining('SageMaker watches no alarm during its updates')]);
  });
});
