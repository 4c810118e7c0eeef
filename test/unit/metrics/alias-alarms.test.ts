import { expect, test } from '@jest/globals';
import type { MetricAlarm } from '../../../src/aws/cloudwatch.ts';
import { refuseSlowAlarms, type WatchedShift } from '../../../src/metrics/alias-alarms.ts';
import type { World } from '../../../src/world.ts';

const versions = { function: 'churn', alias: 'live', from: '6', to: '7' };
const alarmOn = (dimensions: Readonly<Record<string, string>>, more: Partial<MetricAlarm> = {}): MetricAlarm => ({
  AlarmName: 'churn-errors',
  Namespace: 'AWS/Lambda',
  MetricName: 'Errors',
  Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  Period: 60,
  EvaluationPeriods: 1,
  ...more,
});
const check = (alarm: MetricAlarm, shift: Partial<WatchedShift> = {}) =>
  refuseSlowAlarms(
    {
      clock: { now: () => 0 },
      read: { cloudwatch: { describeAlarms: async () => ({ MetricAlarms: [alarm] }) } },
    } as unknown as World,
    { versions, shiftSeconds: 600, stepSeconds: 600, ofGroup: ['churn-errors'], ofManifest: [], ...shift },
  );

test.each<[string, Readonly<Record<string, string>>]>([
  ['the function', { FunctionName: 'churn' }],
  ['the alias', { FunctionName: 'churn', Resource: 'churn:live' }],
  ['the new version', { FunctionName: 'churn', Resource: 'churn:live', ExecutedVersion: '7' }],
  ['another function', { FunctionName: 'prices', Resource: 'prices:live', ExecutedVersion: '6' }],
])('an alarm on %s may watch', async (_name, dimensions) => {
  await expect(check(alarmOn(dimensions))).resolves.toEqual([]);
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  [
    'the version before',
    { FunctionName: 'churn', Resource: 'churn:live', ExecutedVersion: '6' },
    'churn:live on version 6',
  ],
  ['another alias', { FunctionName: 'churn', Resource: 'churn:beta' }, 'churn:beta'],
])('an alarm on %s sees nothing of the candidate', async (_name, dimensions, watches) => {
  await expect(check(alarmOn(dimensions))).rejects.toMatchObject({
    reason: 'alarm-cannot-fire',
    message: expect.stringContaining(`alarm churn-errors watches ${watches}, and this deployment is churn:live`),
  });
});

test('an alarm that is too slow for the whole shift is refused, and one that is too slow for a step is a note', async () => {
  const slow = alarmOn({ FunctionName: 'churn' }, { Period: 300, EvaluationPeriods: 2 });
  await expect(check(slow)).rejects.toMatchObject({ message: expect.stringContaining('within the shift of 10m') });
  const linear = { shiftSeconds: 1620, stepSeconds: 180 };
  await expect(check(slow, linear)).resolves.toEqual([
    'an alarm needs longer than the 3 minutes of one step: it goes off when more requests have moved',
  ]);
});

test('all requests at once leave the alarms of the group no time, and those of the manifest are refused', async () => {
  const alarm = alarmOn({ FunctionName: 'churn' });
  await expect(check(alarm, { shiftSeconds: 0, stepSeconds: 0 })).resolves.toEqual([
    'all-at-once leaves churn-errors no time to go off',
  ]);
  await expect(check(alarm, { shiftSeconds: 0, stepSeconds: 0, ofManifest: ['churn-slow'] })).rejects.toMatchObject({
    message: 'all-at-once leaves churn-slow no time to go off: use canary or linear, or take it out of `alarms`',
  });
});
