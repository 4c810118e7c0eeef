import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { manifestText, rehearsedTeam, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { endOf, madeByHand } from '../support/adopted.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

test('an endpoint whose name has the id of the account is delivered to, and no output has the id', async () => {
  const name = `iris-${rehearsedTeam.account}`;
  account.writeManifest(() => manifestText({ name, rollout: rollouts.unguarded, unwatched: true }));
  await account.prepare('1.0.0');
  const first = await account.run(deployEndpoint, { version: '1.0.0', wait: 'false' });
  expect(first?.token).toContain('iris-<account>-1.0.0');
  // The next run goes on with the token of the first.
  const report = await account.run(deployEndpoint, { version: '1.0.0', 'resume-token': first?.token ?? '' });
  expect(report?.result.reason).toBe('delivered');
  const { EndpointStatus } = await account.simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName: name });
  expect(EndpointStatus).toBe('InService');
  expect(report?.endpointKey).toMatch(/^iris--[0-9a-f]{8}$/);
  expect(report?.subject?.endpointPage).toBeUndefined();
  expect(JSON.stringify([report?.result.outputs, report?.endpointKey, first?.token])).not.toContain(
    rehearsedTeam.account,
  );
});

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
