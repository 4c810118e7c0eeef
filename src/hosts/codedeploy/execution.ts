import * as z from 'zod/mini';
import type { CodedeployHook, LambdaTarget } from '../../aws/codedeploy-hook.ts';
import { type Clock, type Instant, seconds } from '../../clock.ts';
import { Refusal } from '../../operation.ts';
import { InputError } from '../../schema.ts';

/** What a hook reports. */
export type Status = 'Succeeded' | 'Failed';

/** One run of a hook, as CodeDeploy names it. */
export interface Execution {
  readonly deployment: string;
  readonly id: string;
}

/** CodeDeploy user guide, "AppSpec 'hooks' section for an AWS Lambda deployment": the event of a hook function. */
const event = z.looseObject({
  DeploymentId: z.string().check(z.regex(/^d-[A-Z0-9]+$/)),
  LifecycleEventHookExecutionId: z.string().check(z.minLength(1), z.maxLength(1024)),
});

/** @throws {InputError} for an event that names no run of a hook: there is nothing to report to */
export const executionIn = (given: unknown): Execution => {
  const result = event.safeParse(given);
  if (result.success) return { deployment: result.data.DeploymentId, id: result.data.LifecycleEventHookExecutionId };
  throw new InputError(
    'the event has no DeploymentId and LifecycleEventHookExecutionId: this function is a lifecycle hook, which CodeDeploy invokes during a deployment of a Lambda function',
  );
};

/** The event of CodeDeploy that the hook runs for. */
export interface HookEvent {
  readonly name: 'BeforeAllowTraffic' | 'AfterAllowTraffic';
  readonly startedAt: Instant;
}

/** A deployment that waits for a hook. */
export interface Waiting {
  /** The release's id, if the suite created it. */
  readonly description: string | undefined;
  readonly versions: NonNullable<LambdaTarget['lambdaFunctionInfo']>;
  readonly event: HookEvent;
}

/**
 * The deployment, and the event that it waits in. The event of the function names neither.
 * @returns undefined when it waits for no hook any more
 */
export const lookAtDeployment = async (
  calls: Pick<CodedeployHook, 'getDeployment' | 'listDeploymentTargets' | 'getDeploymentTarget'>,
  { deployment: deploymentId }: Execution,
  clock: Clock,
): Promise<Waiting | undefined> => {
  const { deploymentInfo } = await calls.getDeployment({ deploymentId });
  const { status, description } = deploymentInfo ?? {};
  if (status === 'Succeeded' || status === 'Failed' || status === 'Stopped') return undefined;
  const { targetIds: [targetId] = [] } = await calls.listDeploymentTargets({ deploymentId });
  const target =
    targetId === undefined
      ? undefined
      : (await calls.getDeploymentTarget({ deploymentId, targetId })).deploymentTarget?.lambdaTarget;
  if (target?.lambdaFunctionInfo === undefined)
    throw new Refusal('endpoint-unusable', `deployment ${deploymentId} has no Lambda function as its target`);
  // The event that runs; where CodeDeploy does not show it yet, the first that has not ended. [unconfirmed]
  const { lifecycleEvents = [] } = target;
  const ended = ['Succeeded', 'Failed', 'Skipped'];
  const hooks = lifecycleEvents.filter(({ lifecycleEventName: name }) => name !== 'AllowTraffic');
  const found =
    hooks.find((one) => one.status === 'InProgress') ?? hooks.find((one) => !ended.includes(one.status ?? ''));
  if (found === undefined) return undefined;
  return {
    description,
    versions: target.lambdaFunctionInfo,
    event: {
      name: found.lifecycleEventName === 'AfterAllowTraffic' ? 'AfterAllowTraffic' : 'BeforeAllowTraffic',
      startedAt: found.startTime === undefined ? clock.now() : seconds(found.startTime),
    },
  };
};
