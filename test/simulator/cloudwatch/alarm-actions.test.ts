import { expect, test } from '@jest/globals';
import { cloudwatch, minute } from '../support/cloudwatch.ts';

/** AWS: "Alarm actions"; API reference: PutMetricAlarm and SetAlarmState. */

const topic = 'arn:aws:sns:eu-west-1:111122223333:on-call';
const queue = {
  AlarmName: 'queue',
  Namespace: 'Acme',
  MetricName: 'Queue',
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 10,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData: 'notBreaching',
};
const actionsIn = ({ events }: ReturnType<typeof cloudwatch>): readonly string[] =>
  events.filter(({ what }) => what === 'action').map(({ object, detail }) => `${object}: ${detail}`);
const waiting = (sim: ReturnType<typeof cloudwatch>, value: number, minutes: number): void => {
  for (let n = 0; n < minutes; n++) {
    sim.metrics.record('Acme', 'Queue', {}, value, sim.kernel.clock.now());
    sim.advance(minute);
  }
};

test.each([
  ['PutMetricAlarm', queue, ['AlarmActions', 'OKActions', 'InsufficientDataActions']],
  ['PutCompositeAlarm', { AlarmName: 'any', AlarmRule: 'TRUE' }, ['AlarmActions']],
])('%s refuses an action of another region', (operation, definition, lists) => {
  const sim = cloudwatch();
  for (const list of lists) {
    const elsewhere = topic.replace('eu-west-1', 'us-east-1');
    const refused = sim.refusal(operation, { ...definition, [list]: [topic, elsewhere] });
    expect(`${refused?.code}: ${refused?.message}`).toBe(
      'ValidationError: Invalid region us-east-1 specified. Only eu-west-1 is supported.',
    );
    sim.call(operation, { ...definition, [list]: [topic] });
  }
});

test('a topic is told of each change of the state, once, and the event says that nobody gets it', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', { ...queue, AlarmActions: [topic], OKActions: [`${topic}-ok`] });
  waiting(sim, 40, 10);
  waiting(sim, 1, 10);
  const nobody = 'not simulated, nobody gets it';
  expect(actionsIn(sim)).toEqual([
    `queue: ${topic}-ok: ${nobody}`,
    `queue: ${topic}: ${nobody}`,
    `queue: ${topic}-ok: ${nobody}`,
  ]);
  expect(sim.call('DescribeAlarmHistory', { HistoryItemType: 'Action' })['AlarmHistoryItems']).toEqual([]);
});

test('disabled actions are described, and not invoked', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', { ...queue, AlarmActions: [topic], ActionsEnabled: false });
  waiting(sim, 40, 10);
  expect(sim.metrics.alarmState('queue')).toBe('ALARM');
  expect(actionsIn(sim)).toEqual([]);
  expect(sim.call('DescribeAlarms', {})['MetricAlarms']).toEqual([
    expect.objectContaining({ ActionsEnabled: false, AlarmActions: [topic] }),
  ]);
});

test('the actions of INSUFFICIENT_DATA, and those after SetAlarmState, are invoked too', () => {
  const sim = cloudwatch();
  sim.call('PutMetricAlarm', { ...queue, TreatMissingData: 'missing', InsufficientDataActions: [topic] });
  waiting(sim, 1, 5);
  sim.advance(10 * minute);
  expect(actionsIn(sim)).toHaveLength(1);
  const StateReasonData = 'null';
  sim.call('SetAlarmState', { AlarmName: 'queue', StateValue: 'OK', StateReason: 'a test', StateReasonData });
  sim.call('SetAlarmState', { AlarmName: 'queue', StateValue: 'INSUFFICIENT_DATA', StateReason: 'a test' });
  sim.call('SetAlarmState', { AlarmName: 'queue', StateValue: 'INSUFFICIENT_DATA', StateReason: 'a test' });
  expect(actionsIn(sim)).toHaveLength(2);
});

test('the ARN of a scaling policy that does not exist scales nothing, and the event says so', () => {
  const sim = cloudwatch();
  const policy = 'arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:1:resource/sagemaker/x:policyName/gone';
  sim.call('PutMetricAlarm', { ...queue, AlarmActions: [policy] });
  waiting(sim, 40, 5);
  expect(actionsIn(sim)).toEqual([`queue: ${policy}: no such scaling policy`]);
});
