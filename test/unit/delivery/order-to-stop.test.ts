import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import { supervise } from '../../../src/mechanisms/guardrail/supervise.ts';
import type { World } from '../../../src/world.ts';
import { configuration, release } from '../../support/release.ts';
import { turnsOf } from '../../support/turns.ts';

const reported = minutes(5);

/** An update that SageMaker is still launching instances for at `now`, though it was told to stop; published abort points. */
const launchingAt = async (now: number): Promise<number> => {
  let points = 0;
  const world = {
    clock: { now: () => now },
    read: {
      sagemaker: {
        describeEndpoint: async () => ({
          EndpointStatus: 'Updating',
          EndpointConfigName: 'churn-1-0-0',
          PendingDeploymentSummary: { EndpointConfigName: 'churn-1-1-0' },
        }),
      },
    },
    write: {
      cloudwatch: {
        putMetricData: async ({ MetricData }: { readonly MetricData: readonly unknown[] }) => {
          points += MetricData.length;
        },
      },
    },
  } as unknown as World;
  const begun = release({
    phase: 'supervising',
    baseline: configuration('1.0.0'),
    lease: { holder: 'run-1', until: now + minutes(10) },
    witnessed: { submittedAt: 0, updatingAt: 0, abort: { at: reported, why: 'aborted-by-hand', published: true } },
  });
  await supervise(turnsOf(begun, { world }).turn());
  return points;
};

describe('an order to stop', () => {
  test('is not repeated while it holds', async () => {
    expect(await launchingAt(reported + minutes(30))).toBe(0);
  });

  test('is repeated before it lapses: no bake may begin without it', async () => {
    expect(await launchingAt(reported + minutes(50))).toBe(60);
  });
});
