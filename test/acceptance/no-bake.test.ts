import { afterEach, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rehearsedTeam, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

// SageMaker ignores the guardrails of what it excludes from them. Whatever the strategy, such an update is not a delivery.

let house: TestAccount;
afterEach(() => house.close());

const delivered = async (rollout: string, settings: object, guarded: boolean) => {
  house = await openAccount({ settings });
  await house.inProduction('1.0.0');
  house.writeManifest((text) =>
    text.replace(rollouts.canary, rollout).replace('minimum-requests: 300', 'minimum-requests: 0'),
  );
  await house.prepare('1.1.0');
  if (!guarded) {
    house.simulator.harm.ignoreGuardrails(rehearsedTeam.endpoint);
    // Without a request the run knows the launch only from its own looks.
    house.stopTraffic();
  }
  return (await house.run(deployEndpoint, { version: '1.1.0' }))?.result;
};

const quick = { provisionMs: 1_000, containerStartMs: 1_000, activateTrafficMs: 0, terminateMs: 0 };
/** Instances start in a quarter of an hour: longer than all bakes. */
const slow = { provisionMs: minutes(15) };

test.each([
  ['canary', rollouts.canary],
  ['linear', rollouts.linear],
  ['all at once', rollouts.allAtOnce],
  ['rolling', rollouts.rolling],
])('%s, and a launch that takes longer than its bakes', async (_, rollout) => {
  expect(await delivered(rollout, slow, false)).toMatchObject({ outcome: 'inconclusive', reason: 'no-bake' });
});

test.each([
  ['canary', rollouts.canary],
  ['linear', rollouts.linear],
  ['all at once', rollouts.allAtOnce],
  ['rolling', rollouts.rolling],
])('%s with every bake is delivered, however soon its instances start', async (_, rollout) => {
  expect(await delivered(rollout, quick, true)).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
});

test('without a bake nothing is missed', async () => {
  house = await openAccount({ settings: quick });
  await house.inProduction('1.0.0');
  house.writeManifest((text) =>
    text.replace(rollouts.canary, rollouts.unguarded).replace(/minimum-requests: .*\}/, 'minimum-requests: 0 }'),
  );
  await house.prepare('1.1.0');
  expect((await house.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
});
