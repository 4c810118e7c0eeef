import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Memory, Operation } from '../../src/operation.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { keepVerdict, putGolden, regression } from '../support/regression-verdicts.ts';

// A turn that looks at the endpoint twice never ends where SageMaker takes two requests a second: each look begins anew.

let account: TestAccount;
beforeAll(async () => {
  account = await openAccount();
  putGolden(account);
  await account.inProduction('1.0.0');
  await account.prepare('1.1.0');
});
afterAll(() => account.close());

const looks = async <I, M extends Memory, O>(operation: Operation<I, M, O>): Promise<readonly number[]> => {
  const requested: string[] = [];
  const inputs = { version: '1.1.0', 'dry-run': 'true' };
  const planned = await account.run(operation, inputs, { requested });
  expect(planned?.result.reason).toBe('planned');
  return ['Endpoint', 'EndpointConfig', 'Model'].map(
    (kind) => requested.filter((name) => name === `sagemaker.describe${kind}`).length,
  );
};

/** With and without `regression:`. */
const expectAsMany = async <I, M extends Memory, O>(
  operation: Operation<I, M, O>,
  rollout: string,
  ...keys: readonly string[]
): Promise<void> => {
  account.writeManifest(() => manifestText({ rollout }));
  const without = await looks(operation);
  account.writeManifest(() => `${manifestText({ rollout })}${regression(...keys)}`);
  await keepVerdict(account, '1.1.0');
  expect(await looks(operation)).toEqual(without);
};

test('the verdict costs deploy-endpoint no second look at the endpoint', async () => {
  await expectAsMany(deployEndpoint, rollouts.canary);
  await expectAsMany(deployEndpoint, rollouts.steps);
});

test('nor shift-traffic', async () => {
  account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
  expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
  await expectAsMany(shiftTraffic, rollouts.steps, 'candidate: dark-variant');
});

test('nor deploy-endpoint by another strategy, which first removes the dark candidate', async () => {
  await expectAsMany(deployEndpoint, rollouts.canary);
});
