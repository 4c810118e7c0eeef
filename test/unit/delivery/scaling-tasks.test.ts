import { expect, test } from '@jest/globals';
import { applyScaling } from '../../../src/delivery/scaling-tasks.ts';
import type { EndpointSpec } from '../../../src/manifest/manifest.ts';
import type { Submission } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { guarded, release } from '../../support/release.ts';
import { turnFrom } from '../../support/turns.ts';

const spec = { autoscaling: { min: 2, max: 6, invocationsPerInstance: 70 } } as unknown as EndpointSpec;

/** Scalable targets that were registered. */
const applied = async (submission: Submission): Promise<readonly string[]> => {
  const registered: string[] = [];
  const world = {
    read: { autoscaling: { describeScalableTargets: async () => ({}) } },
    write: {
      autoscaling: {
        registerScalableTarget: async ({ ResourceId }: { readonly ResourceId: string }) => registered.push(ResourceId),
        putScalingPolicy: async () => undefined,
      },
    },
  } as unknown as World;
  await applyScaling(
    turnFrom({ world, endpoint: 'churn', release: release({ outcome: 'succeeded', submission }) }),
    spec,
  );
  return registered;
};

test('autoscaling is applied to the variant that serves, and never to a dark candidate', async () => {
  expect(await applied(guarded)).toEqual(['endpoint/churn/variant/AllTraffic']);
  const dark = { mechanism: 'variants', variant: 'AllTraffic-next', canonical: 'AllTraffic', exclude: [] } as const;
  expect(await applied({ ...dark, kind: 'update', expectedSeconds: 300 })).toEqual([]);
  expect(await applied({ ...dark, kind: 'none' })).toEqual([]);
});
