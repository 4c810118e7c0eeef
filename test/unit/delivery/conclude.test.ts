import { expect, test } from '@jest/globals';
import { conclude } from '../../../src/delivery/conclude.ts';
import { release } from '../../support/release.ts';
import { scalingWorld } from '../../support/scaling-world.ts';
import { turnFrom } from '../../support/turns.ts';

test('the outcome is recorded with its time: cleanup after it is tried for a limited time', async () => {
  const saved: object[] = [];
  const turn = turnFrom({
    world: scalingWorld({}, 1234).world,
    endpoint: 'churn',
    release: release(),
    save: async (patch) => {
      saved.push(patch);
      return turn;
    },
  });
  expect(await conclude(turn, 'delivered', 'it serves')).toEqual({ because: 'succeeded: it serves', percent: 92 });
  expect(saved).toEqual([
    { phase: 'settling', outcome: 'succeeded', reason: 'delivered', because: 'it serves', concludedAt: 1234 },
  ]);
});
