import { describe, expect, test } from '@jest/globals';
import { deploymentConfig } from '../../../src/mechanisms/guardrail/deployment-config.ts';
import type { Guardrail } from '../../../src/rollout/compile.ts';

const path: Guardrail = {
  mechanism: 'guardrail',
  routing: 'ALL_AT_ONCE',
  waitSeconds: 600,
  terminationWaitSeconds: 300,
  timeoutSeconds: 3600,
  stages: [],
  expectedSeconds: 1200,
};
const count = (Value: number) => ({ Type: 'INSTANCE_COUNT', Value });

describe('SageMaker’s form of a rollout', () => {
  test('all at once moves all requests, then keeps the old fleet for the final bake', () => {
    expect(deploymentConfig(path, [])).toEqual({
      BlueGreenUpdatePolicy: {
        // Required although nothing waits between steps.
        TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 600 },
        TerminationWaitInSeconds: 300,
        MaximumExecutionTimeoutInSeconds: 3600,
      },
    });
  });

  test.each([
    ['CANARY', { CanarySize: count(3) }],
    ['LINEAR', { LinearStepSize: count(3) }],
  ] as const)('%s has its own size, in instances, and no other', (routing, size) => {
    expect(
      deploymentConfig({ ...path, routing, stepInstances: 3 }, []).BlueGreenUpdatePolicy?.TrafficRoutingConfiguration,
    ).toEqual({ Type: routing, WaitIntervalInSeconds: 600, ...size });
  });

  test('rolling replaces batches, and goes back all at once unless it has a batch for that', () => {
    const rolling = { ...path, routing: 'ROLLING', stepInstances: 2 } as const;
    const RollingUpdatePolicy = {
      MaximumBatchSize: count(2),
      WaitIntervalInSeconds: 600,
      MaximumExecutionTimeoutInSeconds: 3600,
    };
    expect(deploymentConfig(rolling, [])).toEqual({ RollingUpdatePolicy });
    expect(deploymentConfig({ ...rolling, rollbackInstances: 4 }, [])).toEqual({
      RollingUpdatePolicy: { ...RollingUpdatePolicy, RollbackMaximumBatchSize: count(4) },
    });
  });

  test('the alarms take it back, in the given order', () => {
    expect(deploymentConfig(path, ['errors', 'team']).AutoRollbackConfiguration).toEqual({
      Alarms: [{ AlarmName: 'errors' }, { AlarmName: 'team' }],
    });
  });
});
