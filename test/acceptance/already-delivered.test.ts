import { expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { openAccount } from '../support/account.ts';

test('a version that serves is delivered already, also when its rollout could not be carried out again', async () => {
  const account = await openAccount();
  try {
    // One instance: creating it shifts nothing, and a canary on it would be refused.
    account.writeManifest((text) => text.replace('count: 4', 'count: 1'));
    await account.prepare('1.0.0');
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    const seen = account.watch();
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('already-delivered');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('infeasible-rollout');
  } finally {
    await account.close();
  }
});
