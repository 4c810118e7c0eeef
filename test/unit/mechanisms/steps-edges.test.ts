import { describe, expect, test } from '@jest/globals';
import { AnswerLost } from '../../../src/aws/retry.ts';
import { minutes, seconds } from '../../../src/clock.ts';
import type { Rollout } from '../../../src/manifest/manifest.ts';
import { releaseAlarmsOfSteps } from '../../../src/mechanisms/variants/step-alarms.ts';
import { walk } from '../../../src/mechanisms/variants/walk.ts';
import { Refusal } from '../../../src/operation.ts';
import type { Stepping } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { release, secondSwap } from '../../support/release.ts';
import { nine, stepping } from '../../support/stepping.ts';
import { turnFrom } from '../../support/turns.ts';
import { newConfig, updating } from '../../support/updating.ts';
import { manualCommand, refusal, walking } from '../../support/walking.ts';

const rejected = { approval: 'Rejected' } as const;

describe('a rejection', () => {
  type Moves = Stepping['moves'];
  const raise = { from: nine, share: 0.1 };
  const reasonFor = async (moves: Moves, modifiedAt = nine + minutes(1)): Promise<string | undefined> => {
    const one = walking({
      far: { share: 0, modifiedAt },
      stepping: { state: { is: 'raising', index: 0, from: 0 }, moves },
      registry: rejected,
      now: nine + minutes(2),
    });
    await one.look();
    return one.release().commands[0]?.reason;
  };

  test.each<[string, Moves, string]>([
    [
      'of a candidate that had traffic is a withdrawal',
      [{ ...raise, until: nine + seconds(30) }],
      'approval-withdrawn',
    ],
    ['of one whose raise was seen to begin is a withdrawal', [{ ...raise, seen: true }], 'approval-withdrawn'],
    ['of one whose raise never showed finds it without traffic', [raise], 'not-approved'],
    [
      'of one that was only ever set to 0 finds it without traffic',
      [{ ...raise, share: 0, until: nine }],
      'not-approved',
    ],
    ['of one without any move finds it without traffic', [], 'not-approved'],
  ])('%s', async (_which, moves, reason) => {
    expect(await reasonFor(moves)).toBe(reason);
  });

  test('is a withdrawal as long as a raise that does not show may still arrive', async () => {
    expect(await reasonFor([raise], nine - minutes(1))).toBe('approval-withdrawn');
  });
});

test('a registry that cannot be read before the first traffic is waited for', async () => {
  const one = walking({
    far: { share: 0 },
    stepping: { state: { is: 'dark' }, moves: [] },
    registry: { refuses: refusal('not today', 'ServiceUnavailable') },
  });
  expect((await one.look()).because).toContain('the approval of 1.1.0 cannot be read');
  expect(one.sent).toEqual([]);
  expect(one.release().commands).toEqual([]);
});

describe('the end of a walk', () => {
  test.each([
    [{ pending: 'churn-theirs' }, /at churn-theirs, which is not this release$/],
    [{ config: 'churn-other' }, /at churn-other, which is not this release$/],
  ])('names the configuration that others published: %j', async (far, words) => {
    const one = walking({ far });
    await one.look();
    expect(one.release().because).toMatch(words);
  });

  test('names nothing where the endpoint is gone', async () => {
    const ended: string[] = [];
    const gone = Object.assign(new Error('Could not find endpoint "churn".'), { name: 'ValidationException' });
    const turn = turnFrom({
      world: {
        clock: { now: () => nine },
        read: { sagemaker: { describeEndpoint: () => Promise.reject(gone) } },
      } as unknown as World,
      endpoint: 'churn',
      release: release({ stepping: stepping() }),
      conclude: async (reason, because) => {
        ended.push(`${reason}: ${because}`);
        return { because, percent: 92 };
      },
    });
    await walk(turn);
    expect(ended).toEqual(['changed-by-others: the endpoint churn was deleted during the release']);
  });

  test('is no walk for a release without steps', async () => {
    const turn = turnFrom({ world: {} as World, endpoint: 'churn', release: release() });
    await expect(walk(turn)).rejects.toThrow(/takes no steps$/);
  });
});

describe('more instances', () => {
  test.each([
    refusal('slow down', 'ThrottlingException'),
    refusal('not today', 'ServiceUnavailable'),
    refusal('over', 'ExpiredTokenException'),
    refusal('none', 'UnrecognizedClientException'),
    refusal('ended', 'AbortError'),
    new AnswerLost('sagemaker:UpdateEndpointWeightsAndCapacities', new Error('socket hang up')),
  ])('are the host’s to repeat after %s: the rollout goes on', async (counts) => {
    const one = walking({ far: { counts: [6, 4] }, refuses: { counts } });
    await expect(one.look()).rejects.toBe(counts);
    expect(one.release().commands).toEqual([]);
  });

  test.each([
    [minutes(10) - 1, []],
    [minutes(10), ['6 instances']],
  ])('are requested again after ten minutes, not before: %d ms', async (after, sent) => {
    const now = nine + minutes(20);
    const one = walking({ far: { counts: [6, 4] }, now, stepping: { grownAt: now - after } });
    const { because } = await one.look();
    expect(one.sent).toEqual(sent);
    expect(because).toContain(
      sent.length === 0 ? 'waits for as many instances as serve, 6' : 'raising the candidate to as many instances',
    );
  });

  test('are announced in the record before they are requested', async () => {
    const one = walking({ far: { counts: [6, 4] } });
    await one.look();
    expect(one.release().stepping?.grownAt).toBe(nine + minutes(12));
  });
});

test('a share that others raised goes down before the candidate grows', async () => {
  const one = walking({
    far: { counts: [6, 4], share: 0.5 },
    stepping: { state: { is: 'baking', index: 0, since: nine }, moves: [{ from: nine, share: 0.1, until: nine }] },
  });
  await one.look();
  expect(one.sent).toEqual([0.1]);
  await one.look({ counts: [6, 4], share: 0.1, modifiedAt: nine + minutes(13) }, minutes(2));
  expect(one.sent).toEqual([0.1, '6 instances']);
});

describe('a weight that SageMaker does not change', () => {
  test.each([
    refusal('slow down', 'ThrottlingException'),
    new AnswerLost('sagemaker:UpdateEndpointWeightsAndCapacities', new Error('socket hang up')),
  ])('is the host’s to repeat after %s', async (weights) => {
    const one = walking({ refuses: { weights } });
    await expect(one.look()).rejects.toBe(weights);
    expect(one.release().commands).toEqual([]);
  });

  test('on the way back is tried again for as long as it takes', async () => {
    const odd = refusal('This variant cannot be changed.');
    const one = walking({
      stepping: { state: { is: 'returning', why: 'convicted', because: 'worse' } },
      refuses: { weights: odd },
    });
    expect((await one.look()).because).toMatch(/^SageMaker refuses the way back, which is retried: /);
    expect(one.release().phase).toBe('stepping');
    expect(one.release().stepping?.moves).toHaveLength(1);
  });
});

describe('the report of a step', () => {
  test('has the share in percent and the proof', async () => {
    const one = walking({});
    expect(await one.look()).toMatchObject({ because: expect.stringMatching(/^candidate to 50 %: /), percent: 50 });
    const waits = await walking({ now: nine + minutes(5) }).look();
    expect(waits).toMatchObject({ because: expect.stringMatching(/^baking at 10 %: \S/), percent: 22 });
    const paused = walking({
      far: { status: 'SystemUpdating' },
      stepping: { state: { is: 'paused', index: 0, since: nine + 30_000 } },
    });
    expect((await paused.look()).because).toMatch(/^paused at 10 % \(SystemUpdating\)/);
  });

  test('of an update that brings the candidate up counts from its beginning', async () => {
    const shows = { status: 'Updating', pending: newConfig };
    const dark = await updating({ shows, submission: secondSwap, now: nine }).supervise();
    expect(dark.percent).toBe(15);
    const last = await updating({
      shows,
      submission: secondSwap,
      now: nine,
      record: { stepping: stepping() },
    }).supervise();
    expect(last.percent).toBe(86);
  });
});

describe('the last look before a candidate is published', () => {
  const full: Partial<Stepping> = {
    state: { is: 'baking', index: 2, since: nine + minutes(1) },
    moves: [{ from: nine, until: nine + minutes(1), share: 1 }],
  };
  const changed = async () => {
    throw new Refusal('content-changed', 'the model was replaced');
  };

  test('sends the traffic back with the reason of the refusal', async () => {
    const one = walking({ far: { share: 1 }, stepping: full });
    await one.lastLook(changed);
    expect(one.sent).toEqual([0]);
    expect(one.release().commands).toEqual([
      expect.objectContaining({ command: 'abort', reason: 'content-changed', why: 'the model was replaced' }),
    ]);
  });

  test('takes place in the last step only', async () => {
    for (const state of [{ is: 'baking', index: 1, since: nine } as const, { is: 'dark' } as const]) {
      const one = walking({ stepping: { ...full, state } });
      expect(await one.lastLook(changed)).toBeUndefined();
      expect(one.saved).toEqual([]);
    }
  });

  test('is left out once the steps are stopped; another command does not stop them', async () => {
    const stopped = walking({ far: { share: 1 }, stepping: full, commands: [manualCommand('abort')] });
    expect(await stopped.lastLook(changed)).toBeUndefined();
    expect(stopped.sent).toEqual([]);
    const paused = walking({ far: { share: 1 }, stepping: full, commands: [manualCommand('pause')] });
    await paused.lastLook(changed);
    expect(paused.sent).toEqual([0]);
  });

  test('lets an unchanged candidate go on, and does not take an error for a change', async () => {
    const one = walking({ far: { share: 1 }, stepping: full });
    expect(await one.lastLook(async () => undefined)).toBeUndefined();
    expect(await one.lastLook()).toBeUndefined();
    await expect(one.lastLook(() => Promise.reject(new Error('socket hang up')))).rejects.toThrow('socket hang up');
    expect(one.saved).toEqual([]);
  });
});

describe('alarms of steps', () => {
  const rollout = { strategy: 'steps', steps: [0.1, 1], bakeSeconds: 600, alarms: { errors: 0.01, named: [] } };
  const of = (wanted: object | undefined, live = release({ stepping: stepping() })) =>
    releaseAlarmsOfSteps({ endpoint: 'churn', release: live }, wanted as Rollout | undefined);

  test('are the candidate’s, and only a manifest with steps has any', () => {
    expect(of(rollout)).toEqual([
      expect.objectContaining({ AlarmName: expect.stringMatching(/^churn-1-1-0-errors-/) }),
    ]);
    expect(of(undefined)).toEqual([]);
    expect(of({ ...rollout, strategy: 'canary' })).toEqual([]);
    expect(of(rollout, release())).toEqual([]);
  });

  test('that may not be read are a remark of the run; a passing error is none', async () => {
    const under = (alarms: Error) => walking({ alarms, stepping: { alarms: ['ours'] } });
    const denied = under(refusal('not today', 'AccessDeniedException'));
    await denied.look();
    expect(denied.remarks).toEqual([expect.stringMatching(/^no share rises while the alarms cannot be read: /)]);
    const down = under(refusal('not today', 'ServiceUnavailable'));
    await down.look();
    expect(down.remarks).toEqual([]);
  });

  test('are not read on the way back: nothing depends on them any more', async () => {
    const back: Partial<Stepping> = {
      state: { is: 'returning', why: 'convicted', because: 'worse' },
      alarms: ['ours'],
    };
    const red = walking({ alarms: { ours: 'ALARM' }, stepping: back });
    await red.look();
    expect(red.sent).toEqual([0]);
    expect(red.release().witnessed).not.toHaveProperty('alarms');
    const denied = walking({ alarms: refusal('not today', 'AccessDeniedException'), stepping: back });
    await denied.look();
    expect(denied.remarks).toEqual([]);
  });

  test('that were deleted are named when they are created again', async () => {
    const ours = [
      { AlarmName: 'ours', AlarmDescription: 'errors' },
      { AlarmName: 'slow', AlarmDescription: 'latency' },
    ];
    const one = walking({ alarms: {}, armed: ours, stepping: { alarms: ['ours', 'slow'] } });
    expect(await one.look()).toMatchObject({
      because: 'created deleted alarms of this release again: ours, slow',
      percent: 15,
    });
  });

  test('add to those that went off before', async () => {
    const one = walking({ alarms: { a: 'OK', b: 'ALARM' }, stepping: { alarms: ['a', 'b'] } });
    await one.look();
    expect(one.release().witnessed.alarms).toEqual(['b']);
  });
});
