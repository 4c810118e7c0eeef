import { expect, test } from '@jest/globals';
import { compareMetrics } from '../../../src/approval/evidence-metrics.ts';
import type { World } from '../../../src/world.ts';
import { registeredVersion } from '../../support/registered.ts';

test.each([
  ['validation:au_prc', 'higher'],
  ['validation:logloss', 'lower'],
  ['validation:f1.macro', undefined],
])('the evidence has the arrow of the policy: %s, %s', async (name, better) => {
  const registered = { ...registeredVersion({ version: '1.0.0' }), metadata: { [`metric.${name}`]: '0.5' } };
  const { metrics } = await compareMetrics({} as World, registered, undefined);
  expect(metrics).toEqual([
    { name: `training job: ${name}`, candidate: 0.5, ...(better === undefined ? {} : { better }) },
  ]);
});
