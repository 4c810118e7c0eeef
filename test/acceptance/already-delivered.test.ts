import { expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { openAccount } from '../support/account.ts';

test('a version that serves is delivered already, also when its rollout could not be carried out again', async () => {
  const house = await openAccount();
  try {
    // One instance: creating it shifts nothing, and a canary on it would be refused.
    house.writeManifest((text) => text.replace('count: 4', 'count: 1'));
    await house.prepare('1.0.0');
    expect((await house.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    const seen = house.watch();
    expect((await house.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('already-delivered');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    await house.prepare('1.1.0');
    expect((await house.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('infeasible-rollout');
  } finally {
    await house.close();
  }
});
