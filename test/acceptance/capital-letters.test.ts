import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { endOf, madeByHand } from '../support/adopted.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

test('the name of a live endpoint in other letters ends the run at once, and not at its deadline', async () => {
  await account.prepare('1.1.0');
  await madeByHand(account, {});
  account.writeManifest(() => manifestText({ name: 'Iris', rollout: rollouts.unguarded, unwatched: true }));
  const before = account.simulator.clock.now();
  const report = await account.run(deployEndpoint, { version: '1.1.0' });
  expect(endOf(report)).toBe('failed/endpoint-unusable');
  expect(report?.result.because).toContain(
    'none that is spelled Iris: write its name in the manifest as SageMaker shows it',
  );
  expect(account.simulator.clock.now() - before).toBeLessThan(minutes(5));
});
