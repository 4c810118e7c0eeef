import {
  ApplicationAutoScalingClient,
  type ApplicationAutoScalingClientConfig,
  DeregisterScalableTargetCommand,
  type DeregisterScalableTargetRequest,
  DescribeScalableTargetsCommand,
  type DescribeScalableTargetsRequest,
  DescribeScalingPoliciesCommand,
  type DescribeScalingPoliciesRequest,
  DescribeScheduledActionsCommand,
  type DescribeScheduledActionsRequest,
  PutScalingPolicyCommand,
  type PutScalingPolicyRequest,
  PutScheduledActionCommand,
  type PutScheduledActionRequest,
  RegisterScalableTargetCommand,
  type RegisterScalableTargetRequest,
} from '@aws-sdk/client-application-auto-scaling';
import type { Sender } from './sender.ts';

export type {
  PutScalingPolicyRequest,
  PutScheduledActionRequest,
  RegisterScalableTargetRequest,
  ScalableTarget,
  ScalingPolicy,
  ScheduledAction,
} from '@aws-sdk/client-application-auto-scaling';

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const autoscalingClient = (settings: ApplicationAutoScalingClientConfig): ApplicationAutoScalingClient =>
  new ApplicationAutoScalingClient(settings);

/** Application Auto Scaling, one method per call. */
export const autoscaling = (send: Sender<ApplicationAutoScalingClient>) => ({
  reads: {
    describeScalableTargets: (input: DescribeScalableTargetsRequest) => send(new DescribeScalableTargetsCommand(input)),
    describeScalingPolicies: (input: DescribeScalingPoliciesRequest) => send(new DescribeScalingPoliciesCommand(input)),
    describeScheduledActions: (input: DescribeScheduledActionsRequest) =>
      send(new DescribeScheduledActionsCommand(input)),
  },
  writes: {
    registerScalableTarget: (input: RegisterScalableTargetRequest) => send(new RegisterScalableTargetCommand(input)),
    deregisterScalableTarget: (input: DeregisterScalableTargetRequest) =>
      send(new DeregisterScalableTargetCommand(input)),
    putScalingPolicy: (input: PutScalingPolicyRequest) => send(new PutScalingPolicyCommand(input)),
    putScheduledAction: (input: PutScheduledActionRequest) => send(new PutScheduledActionCommand(input)),
  },
});
export type Autoscaling = ReturnType<typeof autoscaling>;
