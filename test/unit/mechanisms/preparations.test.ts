import { expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import type { Rollout } from '../../../src/manifest/manifest.ts';
import { mechanismOf } from '../../../src/mechanisms/all.ts';
import type { Release, Submission } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { registryOf } from '../../support/approval.ts';
import { configuration, guarded, release, secondSwap } from '../../support/release.ts';
import { nine, stepping } from '../../support/stepping.ts';
import { turnsOf } from '../../support/turns.ts';

const rollout = { strategy: 'canary', alarms: { errors: 0.01, named: [] } } as unknown as Rollout;
const steps = { ...rollout, strategy: 'steps', steps: [0.1, 1], bakeSeconds: 600 } as unknown as Rollout;

/**
 * Turn after turn of a release that is being made ready, over an endpoint of two instances whose variant autoscaling looks after, until it
 * has left that phase.
 */
const preparing = async (overrides: Partial<Release>, requested: Rollout): Promise<readonly string[]> => {
  const sent: string[] = [];
  const alarms: string[] = [];
  const { read } = registryOf('1.1.0');
  let target: { scaleIn: boolean } | undefined = { scaleIn: false };
  let count = 2;
  const begun = release({
    lease: { holder: 'run-1', until: nine + minutes(60) },
    baseline: configuration('1.0.0'),
    candidate: { ...configuration('1.1.0'), packageVersion: 7 },
    ...overrides,
  });
  const sagemaker = {
    ...read.sagemaker,
    describeEndpointConfig: async () => ({}),
    describeEndpoint: async () => ({
      EndpointStatus: 'InService',
      EndpointConfigName: begun.baseline?.endpointConfig,
      LastModifiedTime: new Date(0),
      ProductionVariants: [
        { VariantName: 'AllTraffic', CurrentWeight: 1, CurrentInstanceCount: count, DesiredInstanceCount: count },
      ],
    }),
  };
  const world = {
    clock: { now: () => nine },
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    read: {
      ...read,
      sagemaker,
      cloudwatch: {
        describeAlarms: async () => ({ MetricAlarms: alarms.map((AlarmName) => ({ AlarmName, StateValue: 'OK' })) }),
      },
      autoscaling: {
        describeScalableTargets: async () => ({
          ScalableTargets: target ? [{ SuspendedState: { DynamicScalingInSuspended: target.scaleIn } }] : [],
        }),
        describeScalingPolicies: async () => ({}),
        describeScheduledActions: async () => ({}),
      },
    },
    write: {
      cloudwatch: { putMetricAlarm: async ({ AlarmName = '' }) => void alarms.push(AlarmName) },
      autoscaling: {
        registerScalableTarget: async ({
          SuspendedState,
        }: {
          SuspendedState: { DynamicScalingInSuspended: boolean };
        }) => {
          target = { scaleIn: SuspendedState.DynamicScalingInSuspended };
          sent.push('scaling held');
        },
        deregisterScalableTarget: async () => {
          target = undefined;
          sent.push('scaling removed');
        },
      },
      sagemaker: {
        updateEndpoint: async () => void sent.push(`update, ${alarms.length} alarms`),
        updateEndpointWeightsAndCapacities: async ({
          DesiredWeightsAndCapacities: [one],
        }: {
          DesiredWeightsAndCapacities: readonly { DesiredInstanceCount: number }[];
        }) => {
          count = one?.DesiredInstanceCount ?? 0;
          sent.push(`${count} instances`);
        },
      },
    },
  } as unknown as World;
  const { turn, release: now } = turnsOf(begun, { world });
  for (let turns = 0; now().phase === 'preparing' && turns < 9; turns += 1)
    await mechanismOf(now()).submit(turn(), { rollout: requested });
  return [...sent, now().reason ?? now().phase];
};

const otherHardware = { candidate: { ...configuration('1.1.0'), packageVersion: 7, instanceType: 'ml.c5.large' } };
const plain: Submission = { ...secondSwap, mechanism: 'replacement' };
const unchanged: Submission = {
  mechanism: 'replacement',
  kind: 'none',
  variant: 'AllTraffic',
  exclude: ['DesiredInstanceCount'],
};
const serves = { ...configuration('1.1.0'), packageVersion: 7, instanceCount: 4 };

test.each<[string, Partial<Release>, Rollout, readonly string[]]>([
  [
    'an update under guardrails has its alarms first',
    { submission: guarded },
    rollout,
    ['update, 2 alarms', 'supervising'],
  ],
  [
    'another instance type takes autoscaling away, which it could not be changed under',
    { submission: guarded, ...otherHardware },
    rollout,
    ['scaling removed', 'update, 2 alarms', 'supervising'],
  ],
  ['a replacement makes no alarms', { submission: plain }, rollout, ['update, 0 alarms', 'supervising']],
  [
    'and takes autoscaling away, too',
    { submission: plain, ...otherHardware },
    rollout,
    ['scaling removed', 'update, 0 alarms', 'supervising'],
  ],
  [
    'what serves with another count is brought to it',
    { submission: unchanged, baseline: serves, candidate: serves },
    rollout,
    ['4 instances', 'delivered'],
  ],
  [
    'steps hold scale-in, and begin without any update',
    { operation: 'shift-traffic', submission: secondSwap, stepping: stepping({ state: { is: 'dark' }, moves: [] }) },
    steps,
    ['scaling held', 'stepping'],
  ],
  [
    'a dark candidate comes up without alarms and leaves autoscaling alone',
    { submission: { ...secondSwap, canonical: 'AllTraffic', variant: 'AllTraffic-next' }, ...otherHardware },
    steps,
    ['update, 0 alarms', 'supervising'],
  ],
])('%s', async (_what, overrides, requested, expected) => {
  expect(await preparing(overrides, requested)).toEqual(expected);
});
