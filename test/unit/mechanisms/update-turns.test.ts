import { describe, expect, test } from '@jest/globals';
import { type Instant, minutes, seconds } from '../../../src/clock.ts';
import type { ManualCommand } from '../../../src/release/record.ts';
import { configuration, created, secondSwap } from '../../support/release.ts';
import { nine } from '../../support/stepping.ts';
import { newConfig, oldConfig, ownAlarm, type Published, updating } from '../../support/updating.ts';
import { refusal } from '../../support/walking.ts';

type Update = Parameters<typeof updating>[0];

const ours = { status: 'Updating', pending: newConfig } as const;
const arrived = { config: newConfig, modifiedAt: nine + minutes(25) } as const;
const abort: ManualCommand = { command: 'abort', by: 'mina', why: 'lunch', at: nine };
const bake = { stage: 'full', startedAt: nine + minutes(15), endsAt: nine + minutes(25) } as const;
const baking = (since: Instant) => ({ ...ours, bakingSince: since });
const stopping = { at: nine + minutes(9), why: 'aborted-by-hand', published: true } as const;
const seen = { submittedAt: nine, updatingAt: nine + minutes(1) } as const;

/** The report of one look. */
const lookAt = async (given: Update) => {
  const one = updating(given);
  return { ...(await one.supervise()), one };
};

describe('the report of a running update', () => {
  test('is the status, then the phase, the instances of the candidate, and the alarms in ALARM', async () => {
    expect((await lookAt({ shows: ours })).because).toBe('Updating; 2 of 2 instances of the candidate');
    const { because, one } = await lookAt({
      shows: { ...baking(nine + minutes(8)), counts: [1, 2] },
      alarms: { [ownAlarm]: 'ALARM', team: 'OK' },
    });
    expect(because).toBe(`Baking; 1 of 2 instances of the candidate; in ALARM: ${ownAlarm}`);
    expect(one.release().witnessed.alarms).toEqual([ownAlarm]);
  });

  test('leaves the instances out where SageMaker shows none for the variant', async () => {
    expect((await lookAt({ shows: ours, submission: { variant: 'main' } })).because).toBe('Updating');
  });

  test.each<[string, Update, string]>([
    ['to a version', {}, `returning to ${oldConfig}: Updating`],
    ['to nothing', { record: { baseline: undefined as never } }, 'returning to nothing: Updating'],
  ])('says that the update is returning %s', async (_to, more, words) => {
    const { because } = await lookAt({
      shows: ours,
      ...more,
      record: { ...more.record, witnessed: { ...seen, abort: stopping } },
    });
    expect(because).toContain(words);
  });

  test('counts the time since the submission against the expected time, and ends below the arrival', async () => {
    const percentAt = async (now: Instant) => (await lookAt({ shows: ours, now })).percent;
    expect(await percentAt(nine)).toBe(15);
    expect(await percentAt(nine + minutes(15))).toBe(50);
    expect(await percentAt(nine + minutes(300))).toBe(85);
  });

  test('waits half a minute for a sign of it, and says so; then a minute', async () => {
    const now = nine + minutes(2);
    for (const [shows, least, most] of [
      [ours, 60, 72],
      [{}, 30, 36],
    ] as const) {
      const { notBefore } = await lookAt({ shows, now });
      expect(notBefore).toBeGreaterThanOrEqual(now + seconds(least));
      expect(notBefore).toBeLessThanOrEqual(now + seconds(most));
    }
    expect(await lookAt({ now })).toMatchObject({ because: 'the endpoint has not moved yet', percent: 15 });
  });

  test('says that a rejected version cannot be stopped where no alarm can', async () => {
    const given = { shows: ours, registry: { approval: 'Rejected' } } as const;
    const { because, one } = await lookAt({ ...given, submission: { ...secondSwap, mechanism: 'replacement' } });
    expect(because).toContain('is Rejected');
    expect(because).toContain('this update cannot be stopped and is taken back when it has ended');
    expect(one.sent).toEqual([]);
    expect((await lookAt({ shows: ours })).because).not.toContain('cannot be stopped');
  });

  test('says that a rejected version goes on where the manifest lets it finish', async () => {
    const { because, one } = await lookAt({ shows: ours, registry: { approval: 'Rejected' }, onRejection: 'finish' });
    expect(because).toContain('on-rejection: finish lets the rollout go on');
    expect(one.sent).toEqual([]);
  });

  test('does not read the registry while the update is being stopped', async () => {
    const { because } = await lookAt({
      shows: ours,
      registry: { approval: 'Rejected' },
      record: { witnessed: { ...seen, abort: stopping } },
    });
    expect(because).not.toContain('Rejected');
  });
});

describe('an alarm of an endpoint that moved elsewhere', () => {
  test('is not asked for: it does not watch the changes of others', async () => {
    const { one } = await lookAt({ shows: { config: 'churn-theirs', modifiedAt: nine + minutes(7) }, alarms: {} });
    expect(one.release()).toMatchObject({ reason: 'changed-by-others' });
    expect(one.release().witnessed).not.toHaveProperty('alarmsGone');
    expect(one.release().witnessed).not.toHaveProperty('alarms');
  });
});

describe('an arrived update', () => {
  const now = nine + minutes(27);

  test('waits for the metrics of its last bake, to the minute they are complete', async () => {
    const given: Update = {
      shows: arrived,
      now,
      submission: { minimumRequests: 1, bakeSeconds: 0 },
      record: { witnessed: { ...seen, bakes: [bake] } },
    };
    expect(await lookAt(given)).toMatchObject({
      because: 'the new version serves; waiting for the metrics of the last bake',
      percent: 90,
      notBefore: nine + minutes(28),
    });
    const counted = await lookAt({ ...given, now: nine + minutes(28) });
    expect(counted.one.release()).toMatchObject({
      reason: 'unproven-traffic',
      because: 'the new version serves, but a bake saw only 0 of the 1 requests it needs',
    });
  });

  test.each([
    ['the fewest requests of any bake reach the minimum', [100, 300], 'delivered'],
    ['the fewest requests of any bake miss it', [99, 300], 'unproven-traffic'],
  ])('%s', async (_which, requests, reason) => {
    const { one } = await lookAt({
      shows: arrived,
      now,
      submission: { minimumRequests: 100 },
      record: { witnessed: { ...seen, bakes: requests.map((count) => ({ ...bake, requests: count })) } },
    });
    expect(one.release().reason).toBe(reason);
  });

  test('without any bake has no minimum to reach', async () => {
    const submission = { minimumRequests: 100, bakeSeconds: 0, finalBakeSeconds: 0 };
    expect((await lookAt({ shows: arrived, now, submission })).one.release().reason).toBe('delivered');
  });

  test.each([
    [29 * 60 + 59, undefined],
    [30 * 60, 'verification-mismatch'],
  ])('has five minutes for its instances: %d s', async (after, reason) => {
    const { because, one } = await lookAt({
      shows: { ...arrived, counts: [1, 2] },
      now: nine + seconds(after),
      submission: { bakeSeconds: 0, finalBakeSeconds: 0 },
    });
    expect(because).toContain('variant AllTraffic has 1 of 2 instances');
    expect(one.release().reason).toBe(reason);
  });

  const whole: Published = {
    variant: { RoutingConfig: { RoutingStrategy: 'RANDOM' } },
    model: { EnableNetworkIsolation: true },
  };
  test.each<[string, Published | 'deleted', string | undefined]>([
    ['the same settings', whole, undefined],
    [
      'another setting of the config',
      { ...whole, variant: { RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' } } },
      'routing strategy of variant AllTraffic is not as submitted',
    ],
    [
      'a model without a setting',
      { ...whole, model: {} },
      'network isolation of variant AllTraffic is not as submitted',
    ],
    [
      'one setting more',
      { ...whole, variant: { ...whole.variant, VolumeSizeInGB: 8 } },
      'storage volume of variant AllTraffic is not as submitted',
    ],
    ['no config any more', 'deleted', `endpoint config ${newConfig} was deleted`],
  ])('whose names AWS shows with %s', async (_settings, published, wrong) => {
    const begun = updating({ record: { phase: 'preparing', witnessed: {} }, published: whole });
    await begun.submit();
    const submission = { bakeSeconds: 0, finalBakeSeconds: 0 };
    const { one } = await lookAt({
      shows: arrived,
      now: nine + minutes(30),
      submission,
      record: { witnessed: begun.release().witnessed },
      published,
    });
    const { outcome, reason, because } = one.release();
    if (wrong === undefined) expect(reason).toBe('delivered');
    else
      expect({ outcome, reason, because }).toEqual({
        outcome: 'inconclusive',
        reason: 'verification-mismatch',
        because: `the new configuration serves, but ${wrong}`,
      });
  });

  test('names the version and the time, or the configuration of a version without a number', async () => {
    const submission = { bakeSeconds: 0, finalBakeSeconds: 0 };
    const { one } = await lookAt({ shows: arrived, now, submission });
    expect(one.release().because).toBe('churn serves 1.1.0 after 28m, verified');
    const { version: _, ...unversioned } = { ...configuration('1.1.0'), packageVersion: 7 };
    const other = await lookAt({ shows: arrived, now, submission, record: { candidate: unversioned } });
    expect(other.one.release().because).toBe(`churn serves ${newConfig} after 28m, verified`);
  });

  const unreadable = (name: string) => ({
    shows: { ...arrived, modifiedAt: nine + minutes(25) },
    submission: { bakeSeconds: 0, finalBakeSeconds: 0 },
    registry: { refuses: refusal('not today', name) },
  });

  test('waits five minutes for a registry that cannot be read, then counts on the approval of the submission', async () => {
    const given = unreadable('ServiceUnavailable');
    const waits = await lookAt({ ...given, now: nine + minutes(30) - 1 });
    expect(waits).toMatchObject({ percent: 88 });
    expect(waits.because).toMatch(/^the update settled; the approval of 1\.1\.0 cannot be read/);
    const done = await lookAt({ ...given, now: nine + minutes(30) });
    expect(done.one.release().reason).toBe('delivered');
    expect(done.one.remarks).toEqual([expect.stringMatching(/; it was approved when the update was submitted$/)]);
  });

  test('does not wait for a permission that waiting cannot give', async () => {
    const { one } = await lookAt({ ...unreadable('AccessDeniedException'), now: nine + minutes(26) });
    expect(one.release().reason).toBe('delivered');
    expect(one.remarks).toHaveLength(1);
  });

  test('keeps a rejected version where the manifest lets it finish, and says so', async () => {
    const { one } = await lookAt({
      shows: arrived,
      now,
      submission: { bakeSeconds: 0, finalBakeSeconds: 0 },
      registry: { approval: 'Rejected' },
      onRejection: 'finish',
    });
    expect(one.release().reason).toBe('delivered');
    expect(one.remarks).toEqual([expect.stringContaining('on-rejection: finish lets the rollout go on')]);
  });

  test('takes a rejected version back, where there is a configuration to go back to', async () => {
    const given: Update = { shows: arrived, now, registry: { approval: 'Rejected' } };
    const back = await lookAt(given);
    expect(back.one.release()).toMatchObject({ phase: 'preparing', takenBack: {} });
    const first = await lookAt({ ...given, record: { baseline: undefined as never } });
    expect(first.one.release()).toMatchObject({ reason: 'withdrawn-too-late' });
    expect(first.one.release().because).toMatch(
      /^churn serves 1\.1\.0, and there is no configuration to go back to: .*is Rejected/,
    );
  });

  test.each(['convicted', 'safety-net', 'shared-outage', 'worse-than-before', 'metrics-blind'] as const)(
    'is taken back when its judge stopped it too late for SageMaker: %s',
    async (why) => {
      const given: Update = {
        shows: arrived,
        now,
        record: { witnessed: { ...seen, abort: { ...stopping, why, because: 'errors: 9 of 60' } } },
      };
      const back = await lookAt(given);
      expect(back.because).toBe('taking 1.1.0 back: errors: 9 of 60');
      expect(back.one.release()).toMatchObject({
        phase: 'preparing',
        takenBack: { because: 'errors: 9 of 60', reason: why },
        witnessed: {},
      });
      expect(back.one.release()).not.toHaveProperty('reason');
      const first = await lookAt({ ...given, record: { ...given.record, baseline: undefined as never } });
      expect(first.one.release()).toMatchObject({
        reason: 'convicted-too-late',
        because: 'churn serves 1.1.0, and there is no configuration to go back to: errors: 9 of 60',
      });
    },
  );

  test.each(['insufficient-traffic', 'aborted-by-hand', 'approval-withdrawn'] as const)(
    'is judged by what it shows when it was stopped too late for another reason: %s',
    async (why) => {
      const submission = { bakeSeconds: 0, finalBakeSeconds: 0 };
      const record = { witnessed: { ...seen, abort: { ...stopping, why } } };
      expect((await lookAt({ shows: arrived, now, submission, record })).one.release().reason).toBe('delivered');
    },
  );

  test('knows on the way back which stages the release wrote to the registry, and that it was refused', async () => {
    const ofStage = { stagesWritten: ['7 InProgress'], stageRefused: true } as const;
    const { one } = await lookAt({
      shows: arrived,
      now,
      registry: { approval: 'Rejected' },
      record: { witnessed: { submittedAt: nine, alarms: ['team'], ...ofStage } },
    });
    expect(one.release()).toMatchObject({ phase: 'preparing', takenBack: {} });
    expect(one.release().witnessed).toEqual(ofStage);
  });

  test('does not give a rejected dark candidate any traffic, even where a rollout may finish', async () => {
    const beside = { candidate: 'churn-1-1-0-alone', baseline: oldConfig };
    const { one } = await lookAt({
      shows: arrived,
      now,
      submission: secondSwap,
      record: { candidate: { ...configuration('1.1.0'), packageVersion: 7, beside } },
      registry: { approval: 'Rejected' },
      onRejection: 'finish',
    });
    expect(one.release()).toMatchObject({ reason: 'not-approved' });
    expect(one.release().because).toMatch(/^1\.1\.0 is up on churn without traffic, and gets none: /);
  });

  test('of a way back or a dark candidate is told as what it is', async () => {
    const submission = { ...secondSwap, mechanism: 'replacement' } as const;
    const back = await lookAt({ shows: arrived, now, submission, record: { operation: 'rollback' } });
    expect(back.one.release()).toMatchObject({
      reason: 'restored',
      because: 'churn serves 1.1.0 again after 28m, verified',
    });
    const beside = { candidate: 'churn-1-1-0-alone', baseline: oldConfig };
    const dark = await lookAt({
      shows: arrived,
      now,
      submission: secondSwap,
      record: { candidate: { ...configuration('1.1.0'), packageVersion: 7, beside } },
    });
    expect(dark.one.release()).toMatchObject({ reason: 'candidate-dark' });
    expect(dark.one.release().because).toContain('as a dark candidate, without traffic, after 28m');
  });
});

describe('an update that came back', () => {
  const ping = 'The primary container for production variant AllTraffic did not pass the ping health check.';
  const shows = { modifiedAt: nine + minutes(7), failureReason: ping };

  test('names the version that serves, or its configuration', async () => {
    const { one } = await lookAt({ shows });
    expect(one.release().because).toMatch(/ping health check\.; 1\.0\.0 serves$/);
    const { version: _, ...foreign } = configuration('1.0.0');
    const other = await lookAt({ shows, record: { baseline: foreign } });
    expect(other.one.release().because).toMatch(/; churn-1-0-0 serves$/);
  });

  test('with a dark candidate has its own cause: no version keeps any traffic', async () => {
    const { one } = await lookAt({ shows, submission: secondSwap });
    expect(one.release()).toMatchObject({ reason: 'health-check' });
  });
});

describe('an endpoint that was never there', () => {
  test.each([
    ['Unable to provision requested ML compute capacity', 'capacity-unavailable', /^Unable to provision/],
    ["The account-level service limit 'ml.m5.large for endpoint usage' is 2", 'capacity-unavailable', /^The account/],
    ['disk', 'creation-failed', /^churn could not be created: disk/],
    [undefined, 'creation-failed', /^churn could not be created: SageMaker gives no reason/],
  ])('%s', async (failureReason, reason, words) => {
    const { one } = await lookAt({
      shows: { status: 'Failed', config: newConfig, ...(failureReason === undefined ? {} : { failureReason }) },
      submission: created,
      record: { baseline: undefined as never },
    });
    expect(one.release().reason).toBe(reason);
    expect(one.release().because).toMatch(words);
  });
});

describe('a submission', () => {
  const ready = { phase: 'preparing', witnessed: {} } as const;

  test('follows a look at the endpoint as it is, not as it was at the same instant', async () => {
    const shows = { config: oldConfig };
    const one = updating({ record: ready, shows });
    await one.world.read.sagemaker.describeEndpoint({ EndpointName: 'churn' });
    shows.config = 'churn-by-hand';
    await one.submit();
    expect(one.sent).toEqual([]);
    expect(one.release()).toMatchObject({ phase: 'settling', reason: 'changed-by-others' });
  });

  test('is reported by the names of both configurations', async () => {
    const now = nine + minutes(10);
    const update = await updating({ record: ready, now }).submit();
    expect(update).toMatchObject({
      because: `submitted: updating churn from ${oldConfig} to ${newConfig}`,
      percent: 15,
    });
    expect(update.notBefore).toBeGreaterThanOrEqual(now + seconds(30));
    const create = updating({ record: { ...ready, baseline: undefined as never }, shows: 'none', submission: created });
    expect((await create.submit()).because).toBe(`submitted: creating churn with ${newConfig}`);
  });
});

describe('an order to stop', () => {
  test('names its author, and is given once', async () => {
    const { because, one } = await lookAt({ shows: ours, record: { commands: [abort] } });
    expect(because).toBe('stopping the update at the command of mina: lunch');
    expect(one.release().witnessed.abort).toEqual({ at: nine + minutes(10), why: 'aborted-by-hand', published: true });
    expect((await one.supervise()).because).toContain('returning to');
    expect(one.sent).toEqual(['the order to stop']);
  });

  test('for a rejection ends as one, and convicts no version', async () => {
    const rejection = { ...abort, why: 'churn_v1.1.0 is Rejected', reason: 'approval-withdrawn' } as const;
    const { because, one } = await lookAt({ shows: ours, record: { commands: [rejection] } });
    expect(because).toBe('stopping the update at the command of mina: churn_v1.1.0 is Rejected');
    expect(one.release().witnessed.abort).toMatchObject({
      why: 'approval-withdrawn',
      because: 'churn_v1.1.0 is Rejected',
      published: true,
    });
    expect(one.sent).toEqual(['the order to stop']);
  });

  test('that a run announced and did not publish is published by the next one', async () => {
    const { because, one } = await lookAt({
      shows: ours,
      record: { witnessed: { ...seen, abort: { ...stopping, why: 'convicted', published: false } } },
    });
    expect(because).toBe('stopping the update');
    expect(one.sent).toEqual(['the order to stop']);
    expect(one.release().witnessed.abort).toMatchObject({ why: 'convicted', published: true });
  });

  test.each([
    [minutes(50) - 1, []],
    [minutes(50), ['the order to stop']],
  ])('is renewed ten minutes before it expires: %d ms', async (after, sent) => {
    const { one } = await lookAt({
      shows: ours,
      now: stopping.at + after,
      record: { witnessed: { ...seen, abort: stopping } },
    });
    expect(one.sent).toEqual(sent);
  });

  test('cannot be given where no alarm can stop the update', async () => {
    const { one } = await lookAt({
      shows: ours,
      record: { commands: [abort] },
      submission: { ...secondSwap, mechanism: 'replacement' },
    });
    expect(one.sent).toEqual([]);
  });

  test('that the registry gave keeps its sentence for the end', async () => {
    const { because, one } = await lookAt({ shows: ours, registry: { approval: 'Rejected' } });
    expect(because).toMatch(/^stopping the update: .*is Rejected/);
    expect(one.release().witnessed.abort).toMatchObject({
      why: 'approval-withdrawn',
      because: expect.stringContaining('is Rejected'),
    });
  });

  test('is given for a bake that ends without enough requests', async () => {
    const starved = await lookAt({
      shows: ours,
      submission: { minimumRequests: 100 },
      record: { witnessed: { ...seen, bakes: [{ ...bake, stage: 'canary', requests: 99 }] } },
    });
    expect(starved.because).toBe('stopping the update: the candidate saw 99 of the 100 requests its canary bake needs');
    expect(starved.one.release().witnessed.abort).toEqual({
      at: nine + minutes(10),
      why: 'insufficient-traffic',
      published: true,
    });
    const projected = await lookAt({
      shows: baking(nine + minutes(2)),
      submission: { minimumRequests: 100 },
    });
    expect(projected.because).toBe(
      'stopping the update: the candidate will see about 0 of the 100 requests its full bake needs',
    );
  });
});
