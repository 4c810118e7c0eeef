import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { defaultRoles } from '../../simulator/simulator.ts';
import { minutes, seconds } from '../../src/clock.ts';
import { answerHook } from '../../src/hosts/codedeploy/hook.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount } from '../support/account.ts';
import { type AliasAccount, withAlias } from '../support/alias.ts';
import { putGoldenSet } from '../support/golden-set.ts';
import { hookedManifest } from '../support/hooked.ts';

// Turns that follow each other at once share their answers. The world changes in between.

const hook = 'CodeDeployHook_iris';

let account: AliasAccount;
const open = async (): Promise<void> => {
  account = await withAlias(await openAccount({ roles: [...defaultRoles, hook] }));
  await account.ready('1.0.0');
  expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
};
beforeEach(open);
afterEach(() => account.close());

/** Begins a delivery, and leaves it to CodeDeploy. */
const leave = async (version: '1.1.0'): Promise<void> => {
  await account.ready(version);
  expect((await account.deploy(version, { wait: 'false' }, { runId: '2' }))?.result.outcome).toBe('pending');
};

test('a version that is rejected after the plan is not submitted', async () => {
  await account.ready('1.1.0');
  account.simulator.faults.add({
    service: 's3',
    operation: 'PutObject',
    times: 1,
    kind: 'call',
    action: async () =>
      void (await account.simulator.call('sagemaker', 'UpdateModelPackage', {
        ModelPackageArn: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/2`,
        ModelApprovalStatus: 'Rejected',
      })),
  });
  const report = await account.deploy('1.1.0', {}, { runId: '2' });
  expect(report?.result).toMatchObject({ outcome: 'rejected', reason: 'not-approved' });
  expect(await account.deployments()).toHaveLength(1);
});

test('a package that others edit while the rows are answered passes no test', async () => {
  putGoldenSet(account);
  account.writeManifest(() => hookedManifest(`{ before-allow-traffic: ${hook} }`));
  const events: object[] = [];
  account.simulator.functions.define(hook, async (event) => void events.push(event));
  await leave('1.1.0');
  await account.pass(seconds(10));
  account.simulator.faults.add({
    service: 'lambda',
    operation: 'Invoke',
    times: 1,
    after: 100,
    kind: 'call',
    action: async () => {
      const ModelPackageName = `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/2`;
      const { InferenceSpecification } = await account.simulator.call('sagemaker', 'DescribeModelPackage', {
        ModelPackageName,
      });
      const { Containers, ...rest } = InferenceSpecification as { readonly Containers: readonly object[] };
      await account.simulator.call('sagemaker', 'UpdateModelPackage', {
        ModelPackageArn: ModelPackageName,
        InferenceSpecification: { ...rest, Containers: Containers.map((one) => ({ ...one, Environment: { A: 'b' } })) },
      });
    },
  });
  const said: string[] = [];
  await answerHook(
    events[0],
    { awsRequestId: 'r-1', getRemainingTimeInMillis: () => minutes(15) },
    {
      ...account.simulator.environment(),
      MODEL_DELIVERY_ENVIRONMENT: team.environment,
      MODEL_DELIVERY_MANIFEST: account.manifest,
      AWS_LAMBDA_FUNCTION_NAME: hook,
    },
    { clock: account.simulator.driver, say: (line) => void said.push(line) },
  );
  expect(said.at(-1)).toMatch(/Failed: rejected\/content-changed: /);
});

test('a deployment that ends between two looks is verified at the alias of now', async () => {
  const succeeded = async (): Promise<boolean> => (await account.deployments())[0]?.['status'] === 'Succeeded';
  await leave('1.1.0');
  let lasts = 0;
  for (; !(await succeeded()); lasts++) await account.pass(seconds(1));
  await account.close();

  await open();
  await leave('1.1.0');
  await account.pass(seconds(lasts - 2));
  await account.ready('1.2.0');
  // Between the plan, which looks at the alias, and the look at the deployment that was left behind.
  account.simulator.faults.add({
    service: 's3',
    operation: 'PutObject',
    times: 1,
    kind: 'call',
    action: () => account.pass(seconds(3)),
  });
  expect(await succeeded()).toBe(false);
  await account.deploy('1.2.0', {}, { runId: '3' });
  expect(account.aliasRecord()?.ended.find(({ version }) => version === '1.1.0')).toMatchObject({
    reason: 'delivered',
  });
});
