import { expect, test } from '@jest/globals';
import { applyScaling } from '../../src/delivery/scaling-tasks.ts';
import { scalingOf } from '../../src/endpoint/scaling.ts';
import { planOfScaling } from '../../src/endpoint/scaling-plan.ts';
import type { Autoscaling, EndpointSpec } from '../../src/manifest/manifest.ts';
import { fc } from '../support/properties.ts';
import { release } from '../support/release.ts';
import { scalingWorld } from '../support/scaling-world.ts';
import { turnFrom } from '../support/turns.ts';

const about = {
  ServiceNamespace: 'sagemaker',
  ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
  ResourceId: 'endpoint/churn/variant/AllTraffic',
};
type Input = Readonly<Record<string, unknown>>;
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const defined = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value));

const names = fc.constantFrom('a', 'b', 'c', 'd', 'model-delivery-AllTraffic');
const cooldown = maybe(fc.integer({ min: 0, max: 900 }));
const dimensions = [
  { Name: 'EndpointName', Value: 'churn' },
  { Name: 'VariantName', Value: 'AllTraffic' },
];
const metric = fc.oneof(
  fc.constant({ PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' } }),
  fc.record({
    CustomizedMetricSpecification: fc.record({
      Namespace: fc.constant('AWS/SageMaker'),
      MetricName: fc.constantFrom('InvocationsPerInstance', 'CPUUtilization'),
      Statistic: fc.constantFrom('Sum', 'Average'),
      Dimensions: fc.constantFrom(dimensions, dimensions.toReversed(), dimensions.slice(0, 1)),
      Unit: maybe(fc.constant('None')),
    }),
  }),
);
const tracking = fc
  .record({
    PolicyName: names,
    metric,
    TargetValue: fc.integer({ min: 1, max: 900 }),
    in: cooldown,
    out: cooldown,
    off: maybe(fc.boolean()),
  })
  .map(
    ({
      PolicyName,
      metric: tracked,
      TargetValue,
      in: ScaleInCooldown,
      out: ScaleOutCooldown,
      off: DisableScaleIn,
    }) => ({
      ...about,
      PolicyName,
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue,
        ...tracked,
        ScaleInCooldown,
        ScaleOutCooldown,
        DisableScaleIn,
      },
    }),
  );
const band = fc.record({
  MetricIntervalLowerBound: fc.integer({ min: 0, max: 9 }),
  ScalingAdjustment: fc.integer({ min: -3, max: 3 }),
});
const stepping = fc
  .record({
    PolicyName: names,
    bands: fc.array(band, { minLength: 1, maxLength: 3 }),
    MinAdjustmentMagnitude: maybe(fc.constant(2)),
    Cooldown: cooldown,
  })
  .map(({ PolicyName, bands, ...rest }) => ({
    ...about,
    PolicyName,
    PolicyType: 'StepScaling',
    StepScalingPolicyConfiguration: { AdjustmentType: 'ChangeInCapacity', StepAdjustments: bands, ...rest },
  }));
const limit = maybe(fc.integer({ min: 1, max: 9 }));
const action = fc
  .record({
    ScheduledActionName: names,
    Schedule: fc.constantFrom('rate(1 day)', 'rate(2 days)'),
    Timezone: maybe(fc.constant('UTC')),
    EndTime: maybe(fc.constant('2027-01-01T00:00:00.000Z')),
    MinCapacity: limit,
    MaxCapacity: limit,
  })
  .map(({ MinCapacity, MaxCapacity, ...rest }) => ({
    ...about,
    ...rest,
    ScalableTargetAction: { MinCapacity, MaxCapacity },
  }));
const live = fc
  .record({
    target: fc.record({
      MinCapacity: fc.integer({ min: 1, max: 4 }),
      MaxCapacity: fc.integer({ min: 4, max: 9 }),
      SuspendedState: fc.record({
        DynamicScalingInSuspended: fc.boolean(),
        DynamicScalingOutSuspended: fc.boolean(),
        ScheduledScalingSuspended: fc.boolean(),
      }),
    }),
    policies: fc.uniqueArray(fc.oneof(tracking, stepping), { maxLength: 4, selector: ({ PolicyName }) => PolicyName }),
    actions: fc.uniqueArray(action, { maxLength: 3, selector: ({ ScheduledActionName }) => ScheduledActionName }),
  })
  .map(({ target, ...rest }) => defined({ target: { ...about, ...target }, ...rest }));
const wanted: fc.Arbitrary<Autoscaling> = fc
  .record({
    min: fc.integer({ min: 1, max: 4 }),
    max: fc.integer({ min: 4, max: 9 }),
    invocationsPerInstance: fc.integer({ min: 1, max: 900 }),
    scaleInCooldownSeconds: cooldown,
    scaleOutCooldownSeconds: cooldown,
    step: maybe(
      fc.uniqueArray(
        fc.record({
          name: names,
          alarm: fc.constant('queue'),
          steps: fc.array(fc.record({ from: fc.integer({ min: 0, max: 9 }), by: fc.integer({ min: -3, max: 3 }) }), {
            minLength: 1,
            maxLength: 2,
          }),
          cooldownSeconds: cooldown,
        }),
        { minLength: 1, maxLength: 2, selector: ({ name }) => name },
      ),
    ),
    schedule: maybe(
      fc.uniqueArray(
        fc.record({
          name: names,
          at: fc.constantFrom('rate(1 day)', 'rate(3 days)'),
          min: fc.integer({ min: 1, max: 5 }),
        }),
        {
          minLength: 1,
          maxLength: 2,
          selector: ({ name }) => name,
        },
      ),
    ),
  })
  .map((value) => defined(value) as Autoscaling);

const byName = (key: string, list: readonly Input[]): ReadonlyMap<unknown, Input> =>
  new Map(list.map(({ PolicyARN: _arn, ...item }) => [item[key], defined(item)]));

/** Every leaf of a nested object, as `path=value`. */
const leaves = (value: unknown, path = ''): readonly string[] =>
  value !== null && typeof value === 'object'
    ? Object.entries(value).flatMap(([key, one]) => leaves(one, `${path}.${key}`))
    : [`${path}=${String(value)}`];

test('a delivery loses no setting of live autoscaling that the manifest does not have, and its plan lists what changes', async () => {
  let [put, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(live, wanted, async (before, autoscaling) => {
      const spec = { name: 'churn', autoscaling } as EndpointSpec;
      const { world, aws } = scalingWorld({
        ...structuredClone(before),
        alarms: [{ AlarmName: 'queue', AlarmActions: [] }],
      });
      const existing = await scalingOf(world, 'churn', 'AllTraffic');
      const plan = planOfScaling(spec, autoscaling, 'AllTraffic', existing);
      const remarks: string[] = [];
      const turn = turnFrom({
        world,
        endpoint: 'churn',
        release: release({ outcome: 'succeeded', phase: 'settling' }),
        remark: (sentence) => void remarks.push(sentence),
        save: async () => turn,
      });
      await applyScaling(spec)(turn);
      const policies = [byName('PolicyName', before.policies), byName('PolicyName', aws.policies)] as const;
      const actions = [
        byName('ScheduledActionName', before.actions),
        byName('ScheduledActionName', aws.actions),
      ] as const;

      expect(aws.target?.['SuspendedState']).toEqual(before.target['SuspendedState']);
      if (plan.inTheWay.length > 0) {
        refused++;
        expect(remarks).toHaveLength(1);
        expect(policies[1]).toEqual(policies[0]);
        expect(actions[1]).toEqual(actions[0]);
        return;
      }
      put++;
      // The plan lists exactly the objects that changed.
      const changed = ([old, now]: readonly [
        ReadonlyMap<unknown, Input>,
        ReadonlyMap<unknown, Input>,
      ]): readonly unknown[] =>
        [...now]
          .filter(
            ([name, item]) =>
              JSON.stringify(leaves(item).toSorted()) !== JSON.stringify(leaves(old.get(name)).toSorted()),
          )
          .map(([name]) => name);
      const named = (kind: string): readonly string[] => [
        ...new Set(
          plan.lines.flatMap((line) =>
            line.startsWith(`${kind} `) ? [line.slice(kind.length + 1).split(':')[0] ?? ''] : [],
          ),
        ),
      ];
      expect(named('policy').toSorted()).toEqual(changed(policies).toSorted());
      expect(named('scheduled action').toSorted()).toEqual(changed(actions).toSorted());
      for (const limits of ['min', 'max'] as const) {
        const key = limits === 'min' ? 'MinCapacity' : 'MaxCapacity';
        expect(plan.lines.some((line) => line.startsWith(`${limits}: `))).toBe(
          aws.target?.[key] !== before.target[key],
        );
      }
      // Others: all of it. Ours: what the manifest cannot say.
      const mine = new Set([...named('policy'), ...(autoscaling.step ?? []).map(({ name }) => name)]);
      for (const [name, item] of policies[0]) if (!mine.has(String(name))) expect(policies[1].get(name)).toEqual(item);
      const scheduled = new Set((autoscaling.schedule ?? []).map(({ name }) => name));
      for (const [name, item] of actions[0])
        if (!scheduled.has(String(name))) expect(actions[1].get(name)).toEqual(item);
        else expect(actions[1].get(name)?.['EndTime']).toEqual(item['EndTime']);
      for (const [name, item] of policies[0]) {
        const kept = ({ DisableScaleIn, MinAdjustmentMagnitude }: Input): unknown => [
          DisableScaleIn,
          MinAdjustmentMagnitude,
        ];
        const configuration = (policy: Input | undefined): Input =>
          (policy?.['TargetTrackingScalingPolicyConfiguration'] ??
            policy?.['StepScalingPolicyConfiguration'] ??
            {}) as Input;
        expect(kept(configuration(policies[1].get(name)))).toEqual(kept(configuration(item)));
      }
      // The next delivery finds nothing to do.
      const after = planOfScaling(spec, autoscaling, 'AllTraffic', await scalingOf(world, 'churn', 'AllTraffic'));
      expect(after.lines).toEqual([]);
      expect(await applyScaling(spec)(turn)).toBeUndefined();
    }),
    { numRuns: 400 },
  );
  expect(put).toBeGreaterThan(40);
  expect(refused).toBeGreaterThan(40);
});
