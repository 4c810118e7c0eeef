import { describe, expect, test } from '@jest/globals';
import { type Instant, minutes, seconds } from '../../../src/clock.ts';
import type { LiveEndpoint } from '../../../src/endpoint/observe.ts';
import { bakesOf, isLaunching, unbaked } from '../../../src/mechanisms/guardrail/no-bake.ts';
import type { Turn } from '../../../src/mechanisms/turn.ts';
import type { GuardedUpdate, Release, Submission, Witnessed } from '../../../src/release/record.ts';
import { type Did, fakeMetrics } from '../../support/metrics.ts';
import { configuration, guarded, release, secondSwap } from '../../support/release.ts';
import { nine } from '../../support/stepping.ts';

const canary = {
  BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'CANARY', WaitIntervalInSeconds: 600 } },
};
const linear = (step: number) => ({
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: { Type: 'LINEAR', LinearStepSize: { Type: 'INSTANCE_COUNT', Value: step } },
  },
});
const rolling = (batch: number) => ({
  RollingUpdatePolicy: { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: batch } },
});
const submission = (given: Partial<GuardedUpdate>): GuardedUpdate => ({ ...guarded, deployment: canary, ...given });

/** How a settled update is concluded; undefined when its bakes can have passed. */
const concluded = async (options: {
  /** From AWS's StartTime, else from the submission, to the end. */
  readonly took: number;
  readonly submission?: Submission;
  readonly witnessed?: Witnessed;
  readonly instances?: readonly [planned: number, now: number];
  /** AWS's time of the configuration's creation. */
  readonly createdAt?: Instant | 'gone';
  readonly launchingAt?: Instant;
  /** Requests by fleet and minute; none by default. */
  readonly did?: (fleet: string, at: Instant) => Did | undefined;
}): Promise<Pick<Release, 'reason' | 'because'> | undefined> => {
  const { took, instances = [4, 4], createdAt = nine - seconds(20) } = options;
  let end: Pick<Release, 'reason' | 'because'> | undefined;
  const turn = {
    ...(options.launchingAt === undefined ? {} : { launchingAt: options.launchingAt }),
    endpoint: 'churn',
    release: release({
      candidate: { ...configuration('1.1.0'), instanceCount: instances[0] },
      submission: options.submission ?? submission({}),
      witnessed: options.witnessed ?? { submittedAt: nine, startedAt: nine },
    }),
    world: {
      clock: { now: () => nine + minutes(60) },
      read: {
        cloudwatch: fakeMetrics(options.did ?? (() => undefined)),
        sagemaker: {
          describeEndpointConfig: async () => {
            if (createdAt === 'gone')
              throw Object.assign(new Error('Could not find endpoint configuration "x".'), {
                name: 'ValidationException',
              });
            return { CreationTime: new Date(createdAt) };
          },
        },
      },
    },
    conclude: async (reason: Release['reason'], because: string) => {
      end = { ...(reason ? { reason } : {}), because };
      return { because, percent: 92 };
    },
  } as unknown as Turn;
  await unbaked(turn, {
    modifiedAt: nine + took,
    variants: [{ name: 'AllTraffic', desired: instances[1] }],
  } as unknown as LiveEndpoint);
  return end;
};

describe('an update that ended before its bakes can have passed', () => {
  test('had none: the message gives both times', async () => {
    expect(await concluded({ took: minutes(4.5) })).toEqual({
      reason: 'no-bake',
      because:
        'churn serves 1.1.0, but no bake took place, so no alarm watched it: its update left them at most 4m 30s, and they take 20m',
    });
  });

  test('had a part of them, where one was seen', async () => {
    const bakes = [{ stage: 'canary', startedAt: nine + minutes(4), endsAt: nine + minutes(14) }] as const;
    const end = await concluded({ took: minutes(16), witnessed: { submittedAt: nine, startedAt: nine, bakes } });
    expect(end?.reason).toBe('no-bake');
    expect(end?.because).toContain('the bakes were cut short');
  });

  test.each([
    ['as long as the bakes', minutes(20), false],
    ['SageMaker’s timers may be ten seconds short, for each bake', minutes(20) - seconds(20), false],
    ['shorter than that', minutes(20) - seconds(21), true],
    ['as long as bakes and launch', minutes(25), false],
    ['a clock that goes back', -minutes(1), true],
  ])('%s', async (_, took, missing) => {
    expect((await concluded({ took }))?.reason).toBe(missing ? 'no-bake' : undefined);
  });

  test.each([
    [
      'all at once with a final bake',
      submission({ deployment: {}, bakeSeconds: 0, finalBakeSeconds: 300 }),
      minutes(4.8),
      true,
    ],
    [
      'and as long as that bake',
      submission({ deployment: {}, bakeSeconds: 0, finalBakeSeconds: 300 }),
      minutes(5),
      false,
    ],
    ['bakes of no length ask for nothing', submission({ bakeSeconds: 0, finalBakeSeconds: 0 }), 0, false],
    ['neither do updates without guardrails', secondSwap, 0, false],
    ['linear: a bake for each step', submission({ deployment: linear(1), bakeSeconds: 300 }), minutes(24), true],
    ['linear, all of them', submission({ deployment: linear(1), bakeSeconds: 300 }), minutes(25), false],
    ['rolling: a bake for each batch', submission({ deployment: rolling(2), bakeSeconds: 600 }), minutes(19), true],
    ['rolling, all of them', submission({ deployment: rolling(2), bakeSeconds: 600 }), minutes(20), false],
  ])('%s', async (_, given, took, missing) => {
    expect((await concluded({ took, submission: given }))?.reason).toBe(missing ? 'no-bake' : undefined);
  });

  test('a fleet that was scaled meanwhile has the fewer steps', async () => {
    const given = submission({ deployment: linear(1), bakeSeconds: 300 });
    expect(await concluded({ took: minutes(15), submission: given, instances: [6, 2] })).toBeUndefined();
    expect(await concluded({ took: minutes(15), submission: given, instances: [2, 6] })).toBeUndefined();
  });
});

describe('a run that saw nothing of the update', () => {
  const blind = { submittedAt: nine };

  test('takes the creation of the configuration for its begin, by AWS’s clock', async () => {
    const end = await concluded({ took: minutes(4.5), witnessed: blind, createdAt: nine - seconds(20) });
    expect(end?.because).toContain('at most 4m 50s,');
  });

  test('else its own clock, which AWS accepts within five minutes', async () => {
    const old = nine - minutes(600);
    const at = (took: number) => concluded({ took, witnessed: blind, createdAt: old });
    expect((await at(minutes(14)))?.because).toContain('at most 19m,');
    expect(await at(minutes(15))).toBeUndefined();
    expect((await concluded({ took: minutes(14), witnessed: blind, createdAt: 'gone' }))?.reason).toBe('no-bake');
  });

  test('a clock that is ahead by minutes makes no true delivery inconclusive', async () => {
    const ahead = { submittedAt: nine + minutes(5) };
    expect(await concluded({ took: minutes(20), witnessed: ahead, createdAt: nine - seconds(20) })).toBeUndefined();
  });
});

describe('a launch that takes longer than the bakes, and no run saw it', () => {
  const ten = {
    ...canary.BlueGreenUpdatePolicy.TrafficRoutingConfiguration,
    CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 },
  };
  const unseen = {
    took: minutes(24),
    submission: submission({ deployment: { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: ten } } }),
  };
  /** So many calls a minute; the new fleet gets requests from that minute on. */
  const traffic =
    (calls: number, since: number) =>
    (fleet: string, at: Instant): Did | undefined =>
      fleet === 'AllTraffic' || at >= nine + minutes(since) ? { requests: calls } : undefined;

  test('leaves the bakes the time after the first request, when callers called all the while', async () => {
    expect((await concluded({ ...unseen, did: traffic(60, 20) }))?.because).toContain(
      'left them at most 4m, and they take 20m',
    );
    expect(await concluded({ ...unseen, did: traffic(60, 4) })).toBeUndefined();
  });

  test('tells nothing with too few calls for the canary’s share of them, or without any', async () => {
    // Fifteen minutes and forty seconds without a request to one of four instances, at eight calls a minute: 32 in all.
    expect((await concluded({ ...unseen, did: traffic(8, 20) }))?.reason).toBe('no-bake');
    expect(await concluded({ ...unseen, did: traffic(7, 20) })).toBeUndefined();
    expect(
      await concluded({ ...unseen, did: (fleet) => (fleet === 'AllTraffic' ? { requests: 60 } : undefined) }),
    ).toBeUndefined();
  });

  test('is not looked for where a bake was seen', async () => {
    const bakes = [{ stage: 'canary', startedAt: nine + minutes(3), endsAt: nine + minutes(13) }] as const;
    const witnessed = { submittedAt: nine, startedAt: nine, bakes };
    expect(await concluded({ ...unseen, witnessed, did: traffic(60, 20) })).toBeUndefined();
  });
});

describe('a launch that takes longer than the bakes', () => {
  const slow = { took: minutes(24), submission: submission({ bakeSeconds: 0, finalBakeSeconds: 300 }) };

  test('leaves the bakes the time after the last look at it', async () => {
    expect(await concluded(slow)).toBeUndefined();
    expect((await concluded({ ...slow, launchingAt: nine + minutes(21) }))?.because).toContain(
      'left them at most 3m 30s, and they take 5m',
    );
    expect(await concluded({ ...slow, launchingAt: nine + minutes(18) })).toBeUndefined();
  });

  test('was seen by this machine’s clock, which differs from AWS’s', async () => {
    const ahead = { submittedAt: nine + minutes(10), startedAt: nine };
    const late = { ...slow, witnessed: ahead, launchingAt: nine + minutes(28) };
    expect(await concluded(late)).toBeUndefined();
    expect((await concluded({ ...late, launchingAt: nine + minutes(31) }))?.reason).toBe('no-bake');
  });

  test('tells nothing without AWS’s own begin, or from the future', async () => {
    const unseen = { ...slow, witnessed: { submittedAt: nine }, launchingAt: nine + minutes(21) };
    expect(await concluded({ ...unseen, createdAt: nine - minutes(600) })).toBeUndefined();
    expect(await concluded({ ...slow, launchingAt: nine + minutes(61) })).toBeUndefined();
  });

  const launching = (phases: readonly string[], current: number, witnessed: Witnessed = {}) =>
    isLaunching({ release: release({ submission: guarded, witnessed }) } as unknown as Turn, {
      name: 'AllTraffic',
      current,
      desired: 4,
      phases: phases.map((phase) => ({ phase, message: '', since: nine })),
    });

  test('is a launch before any traffic, and not that of a later batch', () => {
    const bakes = [{ stage: 'canary', startedAt: nine, endsAt: nine + minutes(5) }] as const;
    expect(launching(['Creating'], 0)).toBe(true);
    expect(launching(['Creating'], 2)).toBe(false);
    expect(launching(['Creating'], 0, { bakes })).toBe(false);
    expect(launching(['Creating', 'Baking'], 0)).toBe(false);
    expect(launching([], 0)).toBe(false);
  });
});

test.each([
  [linear(2), 5, [600, 600, 300]],
  [linear(9), 4, [600, 300]],
  [rolling(2), 5, [600, 600, 600]],
  [canary, 5, [600, 300]],
  [{}, 5, [600, 300]],
])('the bakes of %j on %d instances', (deployment, instances, bakes) => {
  expect(bakesOf(submission({ deployment, finalBakeSeconds: 300 }), instances)).toEqual(bakes);
});
