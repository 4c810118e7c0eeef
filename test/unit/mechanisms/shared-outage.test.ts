import { describe, expect, test } from '@jest/globals';
import type { MetricAlarm } from '../../../src/aws/cloudwatch.ts';
import { type Instant, minutes, seconds } from '../../../src/clock.ts';
import { candidateAlarms } from '../../../src/metrics/alarms.ts';
import type { Bake, Stepping } from '../../../src/release/record.ts';
import type { Did, MetricsOptions } from '../../support/metrics.ts';
import { nine } from '../../support/stepping.ts';
import { before, newConfig, ownAlarm, updating } from '../../support/updating.ts';
import { manualCommand, refusal, walking } from '../../support/walking.ts';

const [errors] = candidateAlarms({ endpoint: 'churn', variant: 'AllTraffic', endpointConfig: newConfig }, newConfig, {
  alarms: { errors: 0.01, named: [] },
  bakeSeconds: 600,
});
const own = { [ownAlarm]: errors as MetricAlarm };
const team: MetricAlarm = {
  Namespace: 'AWS/SageMaker',
  MetricName: 'Invocation5XXErrors',
  Statistic: 'Average',
  Threshold: 0.05,
};

/** 120 requests a minute to the new fleet and 360 to the old one; both may fail from the third minute of the bake to the fourth. */
const fleets =
  (one: number, other: number) =>
  (fleet: string, at: Instant): Did => {
    const ill = at >= nine + minutes(5) && at < nine + minutes(7);
    const [new1, old] = ill ? [one, other] : [0, 0];
    return fleet.endsWith(newConfig) ? { requests: 120, errors: new1 } : { requests: 480, errors: new1 + old };
  };
const bake: Bake = { stage: 'canary', startedAt: nine + minutes(2), endsAt: nine + minutes(12) };
const takenBack = (options: Parameters<typeof updating>[0]) =>
  updating({
    shows: { modifiedAt: nine + minutes(8) },
    now: nine + minutes(11),
    defined: own,
    record: {
      witnessed: {
        submittedAt: nine,
        modifiedAt: before,
        updatingAt: nine + minutes(1),
        bakes: [bake],
        alarms: [ownAlarm],
      },
    },
    ...options,
  });

describe('a guarded update that an alarm took back', () => {
  test('while the old version failed as often is not convicted', async () => {
    const one = takenBack({ did: fleets(36, 108) });
    await one.supervise();
    expect(one.release()).toMatchObject({
      phase: 'settling',
      outcome: 'rolled-back',
      reason: 'shared-outage',
      because:
        'alarm churn-1-1-0-errors went off; in the same 2 minutes 72 of 240 requests to 1.1.0 failed (30 %), and 216 of 720 (30 %) to 1.0.0: 1.0.0 failed as often; the cause is shared, so 1.1.0 is not convicted; 1.0.0 serves',
    });
  });

  test('while the old version was well is convicted, with both rates', async () => {
    const one = takenBack({ did: fleets(36, 0) });
    await one.supervise();
    expect(one.release()).toMatchObject({
      reason: 'alarm',
      because:
        'alarm churn-1-1-0-errors went off; in the same 2 minutes 72 of 240 requests to 1.1.0 failed (30 %), and 0 of 720 (0 %) to 1.0.0; 1.0.0 serves',
    });
  });

  test('waits until the metrics of the last minutes can be read', async () => {
    const one = takenBack({ did: fleets(36, 108), now: nine + minutes(10) });
    expect(await one.supervise()).toMatchObject({
      because: 'alarm churn-1-1-0-errors went off; waiting for the metrics of both versions',
      notBefore: nine + minutes(11),
    });
    expect(one.release().phase).toBe('supervising');
    one.pass(minutes(1));
    await one.supervise();
    expect(one.release().phase).toBe('settling');
  });

  test('waits for a minute whose series have not all arrived, and not for ever', async () => {
    const lacks = (metric: string, minute: Instant) => metric === 'Invocation4XXErrors' && minute === nine + minutes(7);
    const one = takenBack({ did: fleets(36, 108), metrics: { lacks } });
    expect(await one.supervise()).toMatchObject({ notBefore: expect.any(Number) });
    expect(one.release().phase).toBe('supervising');
    one.pass(minutes(3));
    await one.supervise();
    expect(one.release()).toMatchObject({ phase: 'settling', reason: 'shared-outage' });
  });

  test('is convicted when no number can be read, and the message gives the cause', async () => {
    const one = takenBack({
      blind: Object.assign(refusal('not authorized to perform: cloudwatch:GetMetricData', 'AccessDenied'), {
        call: 'cloudwatch:GetMetricData',
      }),
    });
    await one.supervise();
    expect(one.release().reason).toBe('alarm');
    expect(one.release().because).toContain(
      'the numbers of both versions in these minutes cannot be read: cloudwatch:GetMetricData was denied',
    );
  });

  test('by an alarm of the team says what that alarm watches', async () => {
    const one = takenBack({ did: fleets(36, 108), defined: { team } });
    const { witnessed } = one.release();
    const named = takenBack({
      did: fleets(36, 108),
      defined: { team },
      record: { witnessed: { ...witnessed, alarms: ['team'] } },
    });
    await named.supervise();
    expect(named.release().reason).toBe('shared-outage');
    expect(named.release().because).toContain(
      'alarm team went off; team watches AWS/SageMaker Invocation5XXErrors: in the same 2 minutes 72 of 240',
    );
  });

  test('by two alarms is excused when both are explained, not by one of them', async () => {
    const { witnessed } = takenBack({}).release();
    const both = (given: MetricAlarm) =>
      takenBack({
        did: fleets(36, 108),
        defined: { ...own, team: given },
        record: { witnessed: { ...witnessed, alarms: [ownAlarm, 'team'] } },
      });
    const shared = both(team);
    await shared.supervise();
    expect(shared.release().reason).toBe('shared-outage');
    const other = both({ ...team, MetricName: 'Invocation4XXErrors' });
    await other.supervise();
    expect(other.release().reason).toBe('alarm');
  });

  test('the suite’s own order to stop is no alarm to compare', async () => {
    const { witnessed } = takenBack({}).release();
    const one = takenBack({
      did: fleets(36, 108),
      record: { witnessed: { ...witnessed, alarms: [ownAlarm, 'churn-abort'] } },
    });
    await one.supervise();
    expect(one.release().reason).toBe('shared-outage');
    expect(one.release().because).not.toContain('churn-abort');
  });
});

describe('a guarded update that SageMaker took back without a reason', () => {
  const { witnessed } = takenBack({}).release();
  const { alarms: _, ...silent } = witnessed;
  const quiet = (options: Parameters<typeof updating>[0]) =>
    takenBack({ defined: { [ownAlarm]: { ...(errors as MetricAlarm), StateValue: 'OK' } }, ...options });
  const because = 'the endpoint serves the old configuration again, and SageMaker gives no reason';

  test('in an outage of both versions is a shared outage', async () => {
    const one = quiet({ did: fleets(36, 108), record: { witnessed: silent } });
    await one.supervise();
    expect(one.release()).toMatchObject({
      reason: 'shared-outage',
      because: `${because}; in the same 2 minutes 72 of 240 requests to 1.1.0 failed (30 %), and 216 of 720 (30 %) to 1.0.0: 1.0.0 failed as often; the cause is shared, so 1.1.0 is not convicted; 1.0.0 serves`,
    });
  });

  test.each([
    [36, 0, '; in the same 2 minutes 72 of 240 requests to 1.1.0 failed (30 %), and 0 of 720 (0 %) to 1.0.0'],
    [0, 0, '; in no minute more than 20 % of the requests to 1.1.0 failed'],
  ])('with %i and %i failures a minute keeps its cause, with the numbers', async (one, other, says) => {
    const alone = quiet({ did: fleets(one, other), record: { witnessed: silent } });
    await alone.supervise();
    expect(alone.release()).toMatchObject({ reason: 'cause-unknown', because: `${because}${says}; 1.0.0 serves` });
  });

  test('waits for late metrics', async () => {
    const one = quiet({ did: fleets(36, 108), now: nine + minutes(10), record: { witnessed: silent } });
    expect(await one.supervise()).toMatchObject({
      because: `${because}; waiting for the metrics of both versions`,
      notBefore: nine + minutes(11),
    });
    expect(one.release().phase).toBe('supervising');
  });

  test('before the new version had a request has no numbers to compare', async () => {
    const { bakes: _bakes, ...dark } = silent;
    const one = quiet({ did: () => ({ requests: 0 }), now: nine + minutes(10), record: { witnessed: dark } });
    await one.supervise();
    expect(one.release()).toMatchObject({ reason: 'cause-unknown', because: `${because}; 1.0.0 serves` });
  });
});

describe('a shared outage explains the alarm, and not the verdict for which the update was being stopped', () => {
  test.each([
    [
      'convicted',
      'the judge says so',
      /^the judge says so; alarm churn-1-1-0-errors went off too; in the same 2 minutes/,
    ],
    ['aborted-by-hand', undefined, /^the update was stopped by hand; alarm churn-1-1-0-errors went off too; in the/],
  ] as const)('%s', async (why, because, says) => {
    const { witnessed } = takenBack({}).release();
    const abort = { at: nine + minutes(7), why, published: true, ...(because ? { because } : {}) };
    const one = takenBack({ did: fleets(36, 108), record: { witnessed: { ...witnessed, abort } } });
    await one.supervise();
    expect(one.release()).toMatchObject({ outcome: 'rolled-back', reason: why, because: expect.stringMatching(says) });
  });
});

describe('steps that an alarm took back', () => {
  const variants =
    (one: number, other: number) =>
    (fleet: string, at: Instant): Did => {
      const ill = at >= nine + minutes(5) && at < nine + minutes(7);
      return fleet.endsWith('-next')
        ? { requests: 300, errors: ill ? one : 0 }
        : { requests: 2700, errors: ill ? other : 0 };
    };
  const returned: Partial<Stepping> = {
    state: { is: 'returned', why: 'alarm', because: 'alarm theirs went off' },
    moves: [
      { from: nine, until: nine + seconds(30), share: 0.1 },
      { from: nine + minutes(8), until: nine + minutes(9), share: 0 },
    ],
  };
  const ended = async (did: ReturnType<typeof variants>, more: Parameters<typeof walking>[0] = {}) => {
    const one = walking({
      stepping: returned,
      alarms: { theirs: 'OK' },
      defined: { theirs: { ...team, Threshold: 0.05 } },
      witnessed: { alarms: ['theirs'] },
      far: { share: 0 },
      did,
      ...more,
    });
    await one.look();
    return one;
  };

  test('compare both variants in the same minutes', async () => {
    const shared = await ended(variants(90, 810));
    expect(shared.release()).toMatchObject({
      phase: 'settling',
      outcome: 'rolled-back',
      reason: 'shared-outage',
      because:
        'alarm theirs went off; theirs watches AWS/SageMaker Invocation5XXErrors: in the same 2 minutes 180 of 600 requests to 1.1.0 failed (30 %), and 1620 of 5400 (30 %) to 1.0.0: 1.0.0 failed as often; the cause is shared, so 1.1.0 is not convicted',
    });
    const alone = await ended(variants(90, 1));
    expect(alone.release()).toMatchObject({ phase: 'settling', reason: 'alarm' });
    expect(alone.release().because).toContain('180 of 600 requests to 1.1.0 failed (30 %), and 2 of 5400');
  });

  test('wait for late metrics, and a run that is ending does not', async () => {
    const waits = await ended(variants(90, 810), { now: nine + minutes(11) });
    expect(waits.release().phase).toBe('stepping');
    await waits.look({}, minutes(1));
    expect(waits.release()).toMatchObject({ phase: 'settling', reason: 'shared-outage' });
    const taken = await ended(variants(90, 810), { now: nine + minutes(11) });
    await taken.look({ config: 'churn-theirs' }, minutes(1));
    expect(taken.release().reason).toBe('shared-outage');
    const ending = await ended(variants(90, 810), { now: nine + minutes(11), commands: [manualCommand('abort')] });
    expect(ending.release().phase).toBe('settling');
  });

  test('wait for series that do not fit together yet, and a run that is ending does not', async () => {
    const metrics: MetricsOptions = {
      lacks: (metric, minute) => metric === 'Invocation4XXErrors' && minute === nine + minutes(8),
    };
    const late = { metrics, now: nine + minutes(12) } as const;
    expect((await ended(variants(90, 810), late)).release().phase).toBe('stepping');
    const ending = await ended(variants(90, 810), { ...late, commands: [manualCommand('abort')] });
    expect(ending.release()).toMatchObject({ phase: 'settling', reason: 'alarm' });
  });
});
