import { describe, expect, test } from '@jest/globals';
import { parseRule } from '../../../simulator/services/cloudwatch/alarm-rule.ts';
import type { AlarmState } from '../../../simulator/services/cloudwatch/missing-data.ts';
import { cloudwatch, minute, refusal } from '../support/cloudwatch.ts';

/** API reference: PutCompositeAlarm, DescribeAlarms, DeleteAlarms, SetAlarmState; CloudWatch user guide: "Alarm actions". */

type Sim = ReturnType<typeof cloudwatch>;
const arn = (name: string): string => `arn:aws:cloudwatch:eu-west-1:111122223333:alarm:${name}`;
const topic = 'arn:aws:sns:eu-west-1:111122223333:on-call';

const metricAlarm = (AlarmName: string) => ({
  AlarmName,
  Namespace: 'Acme',
  MetricName: AlarmName,
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  // Without data the state is what SetAlarmState has set.
  TreatMissingData: 'ignore',
});
/** Metric alarms `errors`, `slow` and `deploying`, all OK. */
const seeded = (): Sim => {
  const sim = cloudwatch();
  for (const name of ['errors', 'slow', 'deploying']) {
    sim.call('PutMetricAlarm', metricAlarm(name));
    set(sim, name, 'OK');
  }
  sim.advance(minute);
  return sim;
};
const set = (sim: Sim, AlarmName: string, StateValue: AlarmState): void => {
  sim.call('SetAlarmState', { AlarmName, StateValue, StateReason: 'a test' });
};
const put = (sim: Sim, AlarmRule: string, more: object = {}): void => {
  sim.call('PutCompositeAlarm', { AlarmName: 'bad', AlarmRule, ...more });
  sim.advance(minute);
};
const described = (sim: Sim): Record<string, unknown> =>
  (sim.call('DescribeAlarms', { AlarmTypes: ['CompositeAlarm'] })['CompositeAlarms'] as Record<string, unknown>[])[0] ??
  {};
const acted = ({ events }: Sim): readonly string[] =>
  events.filter(({ what }) => what === 'action').map(({ object }) => object);

describe('a rule', () => {
  const states: Readonly<Record<string, AlarmState>> = {
    red: 'ALARM',
    green: 'OK',
    new: 'INSUFFICIENT_DATA',
    'a b': 'ALARM',
  };
  test.each([
    ['ALARM(red) AND ALARM(green)', false],
    ['ALARM(red) OR ALARM(green)', true],
    ['ALARM(red) AND NOT ALARM(green)', true],
    ['(ALARM(red) OR ALARM(green)) AND OK(new)', false],
    ['ALARM(green) AND ALARM(green) OR ALARM(red)', true],
    ['ALARM(red) OR ALARM(green) AND ALARM(green)', true],
    ['NOT ALARM(green) AND ALARM(red)', true],
    ['NOT (ALARM(green) OR ALARM(red))', false],
    ['INSUFFICIENT_DATA("new") AND OK(green)', true],
    ['ALARM("a b")', true],
    ['TRUE', true],
    ['false', false],
  ])('%s', (text, holds) => {
    expect(parseRule(text).holds((name) => states[name])).toBe(holds);
  });

  test.each([
    [' TRUE', 'AlarmRule must not contain leading or trailing whitespace or be null'],
    ['ALARM(a b)', "Error in AlarmRule [Unsupported token 'b' at char 8, must be: ')']"],
    ['ALARM(a) ALARM(b)', "Unsupported token 'ALARM' at char 9"],
    ['ALARM(a', "Unsupported token '<EOF>'"],
    ['RED(a)', "Unsupported token 'RED' at char 0"],
    ['ALARM()', "Unsupported token ')'"],
  ])('%j is refused', (text, words) => {
    const refused = refusal(() => parseRule(text));
    expect([refused?.code, refused?.message]).toEqual(['ValidationError', expect.stringContaining(words)]);
  });
  test('AT_LEAST is not simulated', () => {
    expect(refusal(() => parseRule('AT_LEAST(2, ALARM, (a, b, c))'))?.message).toMatch(/^not simulated: .*AT_LEAST/);
  });
});

describe('a composite alarm', () => {
  test('has no data at first, and then follows its rule, at once', () => {
    const sim = seeded();
    const AlarmRule = `ALARM(errors) AND NOT ALARM(${arn('deploying')})`;
    sim.call('PutCompositeAlarm', { AlarmName: 'bad', AlarmDescription: 'Errors of a settled fleet.', AlarmRule });
    expect(sim.metrics.alarmState('bad')).toBe('INSUFFICIENT_DATA');
    sim.advance(minute);
    expect(described(sim)).toMatchObject({
      AlarmName: 'bad',
      AlarmArn: arn('bad'),
      AlarmDescription: 'Errors of a settled fleet.',
      ActionsEnabled: true,
      StateValue: 'OK',
      StateReason: `${arn('bad')} was created and its alarm rule evaluates to OK`,
    });
    set(sim, 'errors', 'ALARM');
    expect(described(sim)).toMatchObject({
      StateValue: 'ALARM',
      StateReason: `${arn('errors')} transitioned to ALARM at Monday 05 January, 2026 09:02:00 UTC`,
    });
    expect(JSON.parse(String(described(sim)['StateReasonData']))).toEqual({
      triggeringAlarms: [{ arn: arn('errors'), state: { value: 'ALARM', timestamp: '2026-01-05T09:02:00.000+0000' } }],
    });
    set(sim, 'deploying', 'ALARM');
    expect(sim.metrics.alarmState('bad')).toBe('OK');
  });

  test('may name composite alarms; a cycle ends its evaluation', () => {
    const sim = seeded();
    put(sim, 'ALARM(errors)');
    put(sim, 'ALARM(bad)', { AlarmName: 'worse' });
    set(sim, 'errors', 'ALARM');
    expect(sim.metrics.alarmState('worse')).toBe('ALARM');
    put(sim, 'ALARM(worse) AND ALARM(errors)');
    set(sim, 'errors', 'OK');
    expect(sim.metrics.alarmState('bad')).toBe('OK');
  });
  test('changes those that name it when its rule changes', () => {
    const sim = seeded();
    put(sim, 'ALARM(errors)');
    put(sim, 'ALARM(bad)', { AlarmName: 'worse' });
    put(sim, 'TRUE');
    expect(sim.metrics.alarmState('worse')).toBe('ALARM');
  });
  test('ends its evaluation also in a cycle that comes to no rest', () => {
    const sim = seeded();
    put(sim, 'ALARM(errors)');
    put(sim, 'ALARM(bad)', { AlarmName: 'worse' });
    put(sim, 'ALARM(errors) AND NOT ALARM(worse)');
    set(sim, 'errors', 'ALARM');
    expect([sim.metrics.alarmState('bad'), sim.metrics.alarmState('worse')]).toEqual(['OK', 'ALARM']);
  });

  test('is described only on request, with its relatives, and so is its history', () => {
    const sim = seeded();
    put(sim, 'ALARM(errors) OR ALARM(slow)');
    set(sim, 'slow', 'ALARM');
    expect(sim.call('DescribeAlarms', {})['CompositeAlarms']).toEqual([]);
    const both = sim.call('DescribeAlarms', {
      AlarmNames: ['bad', 'slow'],
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
    });
    expect([both['MetricAlarms'], both['CompositeAlarms']]).toEqual([[expect.anything()], [expect.anything()]]);
    const children = sim.call('DescribeAlarms', { ChildrenOfAlarmName: 'bad' })['MetricAlarms'];
    expect(children).toEqual([
      expect.objectContaining({ AlarmName: 'errors', StateValue: 'OK' }),
      expect.objectContaining({ AlarmName: 'slow', StateValue: 'ALARM' }),
    ]);
    expect(sim.call('DescribeAlarms', { ParentsOfAlarmName: 'slow' })['CompositeAlarms']).toEqual([
      { AlarmName: 'bad', AlarmArn: arn('bad') },
    ]);
    expect(sim.refusal('DescribeAlarms', { ParentsOfAlarmName: 'slow', AlarmNamePrefix: 'b' })?.code).toBe(
      'ValidationError',
    );
    const history = (more: object) =>
      (
        sim.call('DescribeAlarmHistory', { AlarmName: 'bad', HistoryItemType: 'StateUpdate', ...more })[
          'AlarmHistoryItems'
        ] as { HistorySummary: string; AlarmType: string }[]
      ).map(({ HistorySummary, AlarmType }) => [HistorySummary, AlarmType]);
    expect(history({})).toEqual([]);
    expect(history({ AlarmTypes: ['CompositeAlarm'] })[0]).toEqual([
      'Alarm updated from OK to ALARM',
      'CompositeAlarm',
    ]);
  });

  test('keeps the state that SetAlarmState gave it, until an alarm of its rule changes', () => {
    const sim = seeded();
    put(sim, 'ALARM(errors)');
    set(sim, 'bad', 'ALARM');
    sim.advance(10 * minute);
    expect(sim.metrics.alarmState('bad')).toBe('ALARM');
    set(sim, 'errors', 'INSUFFICIENT_DATA');
    expect(sim.metrics.alarmState('bad')).toBe('OK');
  });

  test.each([
    [
      { AlarmRule: 'ALARM(none) OR ALARM(errors)' },
      'Could not save the composite alarm as alarms [none] in the alarm rule do not exist',
    ],
    [{ AlarmRule: 'ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors)' }, 'in the alarm rule do not exist'],
    [{ AlarmName: 'errors' }, 'is a metric alarm'],
    [{ ActionsSuppressor: 'slow' }, 'belong together'],
    [
      { ActionsSuppressor: 'none', ActionsSuppressorWaitPeriod: 1, ActionsSuppressorExtensionPeriod: 1 },
      'does not exist',
    ],
    [
      {
        AlarmActions: ['arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:1:resource/sagemaker/x:policyName/a'],
      },
      'cannot invoke the action',
    ],
  ])('is refused: %j', (more, words) => {
    const refused = seeded().refusal('PutCompositeAlarm', { AlarmName: 'bad', AlarmRule: 'ALARM(errors)', ...more });
    expect([refused?.code, refused?.message]).toEqual(['ValidationError', expect.stringContaining(words)]);
  });

  test.each([
    ['Tags', [{ Key: 'team', Value: 'churn' }]],
    ['ActionConfiguration', {}],
  ])('with %s is not simulated', (member, value) => {
    const refused = seeded().refusal('PutCompositeAlarm', { AlarmName: 'bad', AlarmRule: 'TRUE', [member]: value });
    expect(refused?.message).toMatch(new RegExp(`^not simulated: .*${member}`));
  });

  test('keeps its alarms from being deleted, and goes with them in one request, alone', () => {
    const sim = seeded();
    put(sim, 'ALARM(errors) OR ALARM(slow)');
    expect(sim.refusal('DeleteAlarms', { AlarmNames: ['errors'] })?.message).toBe(
      'Cannot delete errors as there are composite alarm(s) depending on it.',
    );
    expect(sim.refusal('DeleteAlarms', { AlarmNames: ['errors', 'slow'] })?.message).toBe(
      'Cannot delete errors,slow as there are composite alarm(s) depending on them.',
    );
    put(sim, 'FALSE', { AlarmName: 'other' });
    expect(sim.refusal('DeleteAlarms', { AlarmNames: ['bad', 'other'] })?.code).toBe('ValidationError');
    sim.call('DeleteAlarms', { AlarmNames: ['errors', 'bad'] });
    expect([sim.metrics.alarmState('errors'), sim.metrics.alarmState('bad')]).toEqual([undefined, undefined]);
  });
});

describe('the actions of a composite alarm', () => {
  const suppressed = (): Sim => {
    const sim = seeded();
    put(sim, 'ALARM(errors)', {
      AlarmActions: [topic],
      ActionsSuppressor: 'deploying',
      ActionsSuppressorWaitPeriod: 120,
      ActionsSuppressorExtensionPeriod: 180,
    });
    return sim;
  };

  test('are invoked when its state changes, and not while they are disabled', () => {
    const sim = seeded();
    put(sim, 'ALARM(errors)', { AlarmActions: [topic] });
    set(sim, 'errors', 'ALARM');
    expect(acted(sim)).toEqual(['bad']);
    set(sim, 'errors', 'OK');
    put(sim, 'ALARM(errors)', { AlarmActions: [topic], ActionsEnabled: false });
    set(sim, 'errors', 'ALARM');
    expect(acted(sim)).toEqual(['bad']);
  });
  test('wait for the suppressor, and are invoked when it stays quiet', () => {
    const sim = suppressed();
    set(sim, 'errors', 'ALARM');
    expect(described(sim)).toMatchObject({ StateValue: 'ALARM', ActionsSuppressedBy: 'WaitPeriod' });
    sim.advance(119_000);
    expect(acted(sim)).toEqual([]);
    sim.advance(1_000);
    expect([acted(sim), described(sim)['ActionsSuppressedBy']]).toEqual([['bad'], undefined]);
  });
  test('are suppressed while the suppressor is in ALARM, and for its extension period', () => {
    const sim = suppressed();
    set(sim, 'errors', 'ALARM');
    sim.advance(60_000);
    set(sim, 'deploying', 'ALARM');
    sim.advance(10 * minute);
    expect([acted(sim), described(sim)['ActionsSuppressedBy']]).toEqual([[], 'Alarm']);
    set(sim, 'deploying', 'OK');
    expect(described(sim)['ActionsSuppressedBy']).toBe('ExtensionPeriod');
    sim.advance(179_000);
    expect(acted(sim)).toEqual([]);
    sim.advance(1_000);
    expect(acted(sim)).toEqual(['bad']);
  });
  test('begin to wait again when the state changes meanwhile: those of the former state are never invoked', () => {
    const sim = suppressed();
    set(sim, 'errors', 'ALARM');
    sim.advance(60_000);
    set(sim, 'errors', 'OK');
    sim.advance(119_000);
    expect(described(sim)).toMatchObject({ StateValue: 'OK', ActionsSuppressedBy: 'WaitPeriod' });
    sim.advance(minute);
    expect([acted(sim), described(sim)['ActionsSuppressedBy']]).toEqual([[], undefined]);
  });
  test('are suppressed again when the suppressor comes back within its extension period', () => {
    const sim = suppressed();
    set(sim, 'deploying', 'ALARM');
    set(sim, 'errors', 'ALARM');
    set(sim, 'deploying', 'OK');
    sim.advance(60_000);
    set(sim, 'deploying', 'ALARM');
    sim.advance(10 * minute);
    expect([acted(sim), described(sim)['ActionsSuppressedBy']]).toEqual([[], 'Alarm']);
  });
  test('that are suppressed are not held back by a suppressor that the alarm no longer has', () => {
    const sim = suppressed();
    set(sim, 'deploying', 'ALARM');
    set(sim, 'errors', 'ALARM');
    expect(described(sim)['ActionsSuppressedBy']).toBe('Alarm');
    put(sim, 'ALARM(errors)', { AlarmActions: [topic] });
    expect([acted(sim), described(sim)['ActionsSuppressedBy']]).toEqual([['bad'], undefined]);
  });
  test('that wait are invoked once, when the alarm loses its suppressor, and never once it is deleted', () => {
    const sim = suppressed();
    set(sim, 'errors', 'ALARM');
    put(sim, 'ALARM(errors)', { AlarmActions: [topic] });
    sim.advance(10 * minute);
    expect(acted(sim)).toEqual(['bad']);
    const other = suppressed();
    set(other, 'errors', 'ALARM');
    other.call('DeleteAlarms', { AlarmNames: ['bad'] });
    other.advance(10 * minute);
    expect(acted(other)).toEqual([]);
  });
});
