import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { atRest } from '../support/at-rest.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
  await account.simulator.call('sagemaker', 'UpdateEndpointWeightsAndCapacities', {
    EndpointName: team.endpoint,
    DesiredWeightsAndCapacities: [{ VariantName: team.variant, DesiredInstanceCount: 2 }],
  });
  await account.pass(600_000);
});
afterEach(() => account.close());

const instances = async (): Promise<unknown> =>
  ((await atRest(account))['endpoint'] as { readonly variants: readonly { readonly CurrentInstanceCount: number }[] })
    .variants[0]?.CurrentInstanceCount;

describe('a count that somebody changed by hand', () => {
  test('is no delivery of the manifest: it is brought back, and nothing else is touched', async () => {
    const planned = await account.run(deployEndpoint, { version: '1.0.0', 'dry-run': 'true' });
    expect(planned?.result.plan?.changes).toEqual([
      { verb: 'update', object: 'instances of iris', details: ['2 → 4'] },
    ]);
    expect(planned?.result.plan?.permissions).toContain('sagemaker:UpdateEndpointWeightsAndCapacities');
    const seen = account.watch();
    const report = await account.run(deployEndpoint, { version: '1.0.0' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    expect(await instances()).toBe(4);
    expect(
      seen()
        .filter(({ mutation, service }) => mutation && service !== 's3')
        .map(({ operation }) => operation),
    ).toEqual(['UpdateEndpointWeightsAndCapacities']);
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('already-delivered');
    expect((await account.run(rollback, {}))?.result.reason).toBe('nothing-to-roll-back-to');
  });

  test.each([
    ['refused', 'quota-exceeded', { kind: 'error', code: 'ResourceLimitExceeded', message: 'no more', times: 1 }],
    ['never carried out', 'verification-mismatch', { kind: 'throttle', times: 200 }],
  ] as const)('%s: told, and the endpoint is free', async (_what, reason, fault) => {
    account.simulator.faults.add({ service: 'sagemaker', operation: 'UpdateEndpointWeightsAndCapacities', ...fault });
    const report = await account.run(deployEndpoint, { version: '1.0.0' });
    expect(report?.result).toMatchObject({ reason });
    expect(await instances()).toBe(2);
    expect(account.record()?.live).toBeUndefined();
  });
});
