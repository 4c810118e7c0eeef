import type { DeploymentConfig } from '../../aws/sagemaker.ts';
import type { Guardrail } from '../../rollout/compile.ts';

/**
 * A compiled guardrail rollout as SageMaker's DeploymentConfig. The service model requires WaitIntervalInSeconds even for
 * ALL_AT_ONCE, though AWS's own sample omits it (reference/sagemaker.md §3.1).
 */
export const deploymentConfig = (path: Guardrail, alarmNames: readonly string[]): DeploymentConfig => ({
  ...(path.routing === 'ROLLING' ? { RollingUpdatePolicy: rolling(path) } : { BlueGreenUpdatePolicy: blueGreen(path) }),
  ...(alarmNames.length > 0
    ? { AutoRollbackConfiguration: { Alarms: alarmNames.map((AlarmName) => ({ AlarmName })) } }
    : {}),
});

const instances = (value: number) => ({ Type: 'INSTANCE_COUNT' as const, Value: value });

const rolling = (path: Guardrail) => ({
  MaximumBatchSize: instances(path.stepInstances ?? 1),
  WaitIntervalInSeconds: path.waitSeconds,
  MaximumExecutionTimeoutInSeconds: path.timeoutSeconds,
  ...(path.rollbackInstances === undefined ? {} : { RollbackMaximumBatchSize: instances(path.rollbackInstances) }),
});

const blueGreen = (path: Guardrail) => ({
  TrafficRoutingConfiguration: {
    Type: path.routing === 'ROLLING' ? ('ALL_AT_ONCE' as const) : path.routing,
    WaitIntervalInSeconds: path.waitSeconds,
    ...(path.routing === 'CANARY' ? { CanarySize: instances(path.stepInstances ?? 1) } : {}),
    ...(path.routing === 'LINEAR' ? { LinearStepSize: instances(path.stepInstances ?? 1) } : {}),
  },
  TerminationWaitInSeconds: path.terminationWaitSeconds,
  MaximumExecutionTimeoutInSeconds: path.timeoutSeconds,
});
