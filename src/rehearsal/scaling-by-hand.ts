import type { Simulator } from '../../simulator/contracts.ts';
import { rehearsedTeam as team } from './manifest.ts';

/** Application Auto Scaling of one variant, as a person, a template or another tool calls it. */
export const scalingByHand =
  (
    { call }: Pick<Simulator, 'call'>,
    variant: string = team.variant,
    dimension: 'DesiredInstanceCount' | 'DesiredProvisionedConcurrency' = 'DesiredInstanceCount',
  ) =>
  (operation: string, input: object = {}): Promise<Record<string, unknown>> =>
    call('application-autoscaling', operation, {
      ServiceNamespace: 'sagemaker',
      ResourceId: `endpoint/${team.endpoint}/variant/${variant}`,
      ScalableDimension: `sagemaker:variant:${dimension}`,
      ...input,
    });

/** A policy that tracks the invocations of each instance. */
export const trackingInvocations = (TargetValue: number, more: object = {}) => ({
  PolicyType: 'TargetTrackingScaling',
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue,
    PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
    ...more,
  },
});
