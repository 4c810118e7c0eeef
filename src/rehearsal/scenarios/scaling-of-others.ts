import { rollouts, rehearsedTeam as team } from '../manifest.ts';
import { scalingByHand, trackingInvocations } from '../scaling-by-hand.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import { delivered, firstDeployment, isEnd, prepared, type Scenario } from './scenario.ts';

interface Policy {
  readonly PolicyName: string;
  readonly PolicyARN: string;
  readonly TargetTrackingScalingPolicyConfiguration?: { readonly TargetValue: number };
}

const scaling = (stage: Stage, operation: string, input: object = {}): Promise<Record<string, unknown>> =>
  scalingByHand(stage.simulator)(operation, input);
const policiesOf = async (stage: Stage): Promise<readonly Policy[]> =>
  (await scaling(stage, 'DescribeScalingPolicies'))['ScalingPolicies'] as readonly Policy[];
const targetOf = async (stage: Stage): Promise<number | undefined> =>
  (await policiesOf(stage)).find(({ PolicyName }) => PolicyName === 'visitors')
    ?.TargetTrackingScalingPolicyConfiguration?.TargetValue;

/** A console's target tracking, a template's step policy with its alarm, and a schedule. */
const byHand = async (stage: Stage): Promise<void> => {
  await scaling(stage, 'RegisterScalableTarget', { MinCapacity: 4, MaxCapacity: 7 });
  await scaling(stage, 'PutScalingPolicy', {
    PolicyName: 'visitors',
    ...trackingInvocations(9000, { ScaleInCooldown: 900 }),
  });
  const { PolicyARN } = await scaling(stage, 'PutScalingPolicy', {
    PolicyName: 'crowd',
    PolicyType: 'StepScaling',
    StepScalingPolicyConfiguration: { AdjustmentType: 'ChangeInCapacity', StepAdjustments: [{ ScalingAdjustment: 1 }] },
  });
  await scaling(stage, 'PutScheduledAction', {
    ScheduledActionName: 'fair',
    Schedule: 'cron(0 6 24 12 ? *)',
    ScalableTargetAction: { MinCapacity: 6 },
  });
  await stage.simulator.call('cloudwatch', 'PutMetricAlarm', {
    AlarmName: `${team.endpoint}-crowd`,
    Namespace: 'Acme/Garden',
    MetricName: 'Visitors',
    Statistic: 'Maximum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 100,
    ComparisonOperator: 'GreaterThanThreshold',
    AlarmActions: [`arn:aws:sns:${team.region}:${team.account}:gardeners`, PolicyARN],
  });
};

const fleetOf = (type: string, autoscaling?: string): { readonly endpoint: readonly string[] } => ({
  endpoint: [`instance: { type: ${type}, count: 4 }`, ...(autoscaling ? [`autoscaling: { ${autoscaling} }`] : [])],
});

/** Nothing here is about the traffic. */
const quick = { rollout: rollouts.unguarded, unwatched: true } as const;

/** The results that a release's runs printed. */
const resultOf = ({ steps }: RehearsedRelease): string =>
  steps.map(({ outputs }) => outputs['result'] ?? '').join('\n');

export const scalingPolicyOfOthers: Scenario = {
  name: 'scaling-policy-of-others',
  about:
    'Others scale the endpoint under names of their own: their policy is brought to the manifest, all else stays, and a refusal is a remark.',
  expected: delivered,
  play: async (stage, require) => {
    stage.writeManifest({ ...fleetOf('ml.m5.large'), ...quick });
    require(isEnd(await firstDeployment(stage), delivered), 'the first deployment is delivered');
    await byHand(stage);

    stage.writeManifest({
      ...fleetOf('ml.c5.large', 'min: 4, max: 8, invocations-per-instance: 8000, scale-out-cooldown: 2m'),
      ...quick,
    });
    await prepared(stage, '1.1.0');
    const first = await stage.begin('Another instance type, and a new target', '1.1.0');
    await first.run('deploy-endpoint');
    await first.end();
    require(isEnd(first, delivered), `delivered: ${first.ending?.reason}`);
    for (const line of [
      'max: 7 → 8',
      'policy visitors: target 9000 → 8000 invocations per instance',
      "policy visitors: scale-out cooldown AWS's default → 120 s",
      'scale-in cooldown 900 s of policy visitors',
      'policy crowd (StepScaling)',
      'scheduled action fair',
    ])
      require(resultOf(first).includes(line), `the plan says: ${line}`);
    const policies = await policiesOf(stage);
    require(policies
      .map(({ PolicyName }) => PolicyName)
      .sort()
      .join() === 'crowd,visitors', 'no policy of ours');
    require((await targetOf(stage)) === 8000, 'their policy has the manifest’s target');
    const { MetricAlarms } = await stage.simulator.call('cloudwatch', 'DescribeAlarms', {
      AlarmNames: [`${team.endpoint}-crowd`],
    });
    const [alarm] = MetricAlarms as { readonly AlarmActions: readonly string[] }[];
    const present = policies.find(({ PolicyName }) => PolicyName === 'crowd')?.PolicyARN ?? '';
    require(alarm?.AlarmActions.includes(present) === true &&
      alarm.AlarmActions.length === 2, 'their alarm starts the policy that was put again');

    stage.writeManifest({
      ...fleetOf('ml.c5.large', 'min: 4, max: 8, invocations-per-instance: 7000'),
      ...quick,
    });
    await prepared(stage, '1.2.0');
    stage.simulator.faults.add({
      kind: 'error',
      service: 'application-autoscaling',
      operation: 'PutScalingPolicy',
      times: 20,
      code: 'LimitExceededException',
      message: 'The number of scaling policies is at its limit.',
    });
    const release = await stage.begin('A refusal after the version serves', '1.2.0');
    await release.run('deploy-endpoint');
    await release.end();
    require(resultOf(release).includes('is not as the manifest wants it'), 'the refusal is a remark');
    require((await targetOf(stage)) === 8000, 'and the former target stays');

    stage.writeManifest({ ...fleetOf('ml.c5.large'), ...quick });
    const again = await stage.begin('Without autoscaling in the manifest', '1.2.0');
    const { outputs } = await again.run('deploy-endpoint');
    await again.end();
    require(outputs['reason-code'] === 'already-delivered', `the next run is free: ${outputs['reason-code']}`);
    return release;
  },
};
