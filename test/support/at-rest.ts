import { rehearsedTeam } from '../../src/rehearsal/manifest.ts';
import type { TestAccount } from './account.ts';

type Answer = Record<string, unknown>;

/** All possible remains of a release, without their times. */
export const atRest = async ({ simulator, record }: TestAccount): Promise<Answer> => {
  const { EndpointName, EndpointConfigName, EndpointStatus, PendingDeploymentSummary, ProductionVariants } =
    await simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName: rehearsedTeam.endpoint });
  const { MetricAlarms } = await simulator.call('cloudwatch', 'DescribeAlarms', {});
  const dimension = {
    ServiceNamespace: 'sagemaker',
    ResourceIds: [`endpoint/${rehearsedTeam.endpoint}/variant/${rehearsedTeam.variant}`],
  };
  const { ScalableTargets } = await simulator.call('application-autoscaling', 'DescribeScalableTargets', dimension);
  const { ScalingPolicies } = await simulator.call('application-autoscaling', 'DescribeScalingPolicies', {
    ServiceNamespace: 'sagemaker',
  });
  const { live, ended = [], history = [] } = record() ?? {};
  return {
    endpoint: {
      EndpointName,
      EndpointConfigName,
      EndpointStatus,
      PendingDeploymentSummary,
      variants: (ProductionVariants as Answer[]).map(
        ({ VariantName, CurrentWeight, DesiredWeight, CurrentInstanceCount, DesiredInstanceCount }) => ({
          VariantName,
          CurrentWeight,
          DesiredWeight,
          CurrentInstanceCount,
          DesiredInstanceCount,
        }),
      ),
    },
    alarms: (MetricAlarms as Answer[])
      .map(({ AlarmName }) => String(AlarmName))
      // Autoscaling's own alarms, whose names differ in each run.
      .filter((name) => !name.startsWith('TargetTracking-')),
    scaling: {
      targets: (ScalableTargets as Answer[]).map(({ ResourceId, MinCapacity, MaxCapacity }) => ({
        ResourceId,
        MinCapacity,
        MaxCapacity,
      })),
      policies: (ScalingPolicies as Answer[]).map(({ PolicyName, ResourceId }) => ({ PolicyName, ResourceId })),
    },
    live: live?.id,
    ended: ended.map(({ version, outcome, reason, alarms, scaling }) => ({
      version,
      outcome,
      reason,
      alarms,
      scaling,
    })),
    history: history.map(({ version, endpointConfig, good, ended: how, until }) => ({
      version,
      endpointConfig,
      good,
      ended: how,
      serves: until === undefined,
    })),
  };
};
