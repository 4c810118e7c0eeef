import { describe, expect, test } from '@jest/globals';
import { Throttled } from '../../../src/aws/retry.ts';
import { endRelease } from '../../../src/delivery/settle.ts';
import { scalingOf } from '../../../src/endpoint/scaling.ts';
import { wentRed } from '../../../src/mechanisms/release-alarms.ts';
import type { Turn } from '../../../src/mechanisms/turn.ts';
import type { World } from '../../../src/world.ts';
import { configuration, release } from '../../support/release.ts';

const live = release({ baseline: configuration('1.0.0'), outcome: 'succeeded', reason: 'delivered' });

describe('what is seen to serve when a release ends', () => {
  test.each([
    ['churn-1-1-0', 'InService', 'candidate'],
    // Autoscaling that the release itself has just registered moves the endpoint at once.
    ['churn-1-1-0', 'Updating', 'candidate'],
    ['churn-1-1-0', 'SystemUpdating', 'candidate'],
    // An update that came afterwards rolls back.
    ['churn-1-1-0', 'RollingBack', 'candidate'],
    ['churn-1-1-0', 'Failed', 'unknown'],
    ['churn-1-0-0', 'InService', 'baseline'],
    ['churn-1-0-0', 'UpdateRollbackFailed', 'unknown'],
    ['churn-0-9-0', 'InService', 'unknown'],
    [undefined, undefined, 'unknown'],
  ])('%s, %s: %s', async (EndpointConfigName, EndpointStatus, expected) => {
    const seen: string[] = [];
    const describeEndpoint = async () => {
      if (EndpointStatus === undefined) throw Object.assign(new Error('Could not find endpoint "x".'), { name: 'E' });
      return { EndpointConfigName, EndpointStatus };
    };
    await endRelease({
      endpoint: 'churn',
      release: live,
      world: { read: { sagemaker: { describeEndpoint } } },
      end: async (serving: string) => {
        seen.push(serving);
        return live;
      },
    } as unknown as Turn);
    expect(seen).toEqual([expected]);
  });
});

test.each([
  ['has traffic', 0.1, 'unknown'],
  ['has none', 0, 'candidate'],
])('with a second variant that %s', async (_what, CurrentWeight, expected) => {
  const seen: string[] = [];
  const describeEndpoint = async () => ({
    EndpointConfigName: 'churn-1-1-0',
    EndpointStatus: 'InService',
    ProductionVariants: [
      { VariantName: 'AllTraffic', CurrentWeight: 1 },
      { VariantName: 'AllTraffic-next', CurrentWeight },
    ],
  });
  const { because } = await endRelease({
    endpoint: 'churn',
    release: live,
    world: { read: { sagemaker: { describeEndpoint } } },
    end: async (serving: string) => {
      seen.push(serving);
      return live;
    },
  } as unknown as Turn);
  expect(seen).toEqual([expected]);
  expect(because).toBe('');
});

test('an error that passes is no end: the last look is tried again', async () => {
  const seen: string[] = [];
  const describeEndpoint = async () => {
    throw new Throttled(0, new Error('busy'));
  };
  const turn = {
    endpoint: 'churn',
    release: live,
    world: { read: { sagemaker: { describeEndpoint } } },
    remark: (sentence: string) => seen.push(sentence),
    end: async (serving: string) => seen.push(serving),
  } as unknown as Turn;
  await expect(endRelease(turn)).rejects.toThrow('busy');
  expect(seen).toEqual([]);
});

test('a refusal at the last look does not keep the release from its end', async () => {
  const seen: string[] = [];
  const describeEndpoint = async () => {
    throw Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: {} });
  };
  await endRelease({
    endpoint: 'churn',
    release: live,
    world: { read: { sagemaker: { describeEndpoint } } },
    remark: (sentence: string) => seen.push(sentence),
    end: async (serving: string) => {
      seen.push(serving);
      return live;
    },
  } as unknown as Turn);
  expect(seen).toEqual([expect.stringContaining('is not known'), 'unknown']);
});

describe('what would be lost when it is not read to the end', () => {
  test('policies on later pages are part of the snapshot', async () => {
    const page = async ({ NextToken }: { readonly NextToken?: string }) =>
      NextToken === undefined
        ? { ScalingPolicies: [{ PolicyName: 'first' }], NextToken: 'more' }
        : { ScalingPolicies: [{ PolicyName: 'eleventh' }] };
    const world = {
      read: {
        autoscaling: {
          describeScalableTargets: async () => ({ ScalableTargets: [{ MinCapacity: 1, MaxCapacity: 4 }] }),
          describeScalingPolicies: page,
          describeScheduledActions: async () => ({ ScheduledActions: [] }),
        },
      },
    } as unknown as World;
    const snapshot = await scalingOf(world, 'churn', 'AllTraffic');
    expect(snapshot?.policies).toEqual([{ PolicyName: 'first' }, { PolicyName: 'eleventh' }]);
  });

  test('a composite alarm that went off and recovered is the cause: its history is returned only when it is asked for', async () => {
    const describeAlarmHistory = async ({ AlarmTypes = ['MetricAlarm'] }: { readonly AlarmTypes?: string[] }) => ({
      AlarmHistoryItems: AlarmTypes.includes('CompositeAlarm')
        ? [{ HistoryData: '{"newState":{"stateValue":"ALARM"}}' }]
        : [],
    });
    const describeAlarms = async () => ({ CompositeAlarms: [{ AlarmName: 'any-of-mine', StateValue: 'OK' }] });
    const deployment = { AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'any-of-mine' }] } };
    const turn = {
      endpoint: 'churn',
      release: { ...live, submission: { ...live.submission, deployment } },
      world: { clock: { now: () => 1000 }, read: { cloudwatch: { describeAlarms, describeAlarmHistory } } },
    } as unknown as Turn;
    expect(await wentRed(turn, 0)).toEqual(['any-of-mine']);
  });
});
