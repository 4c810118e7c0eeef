import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { codeDeployOf, loadManifest } from '../../src/manifest/load.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { reasonCodes } from '../../src/reason-codes.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { commandsOf } from '../support/page-commands.ts';

/** docs/codedeploy.md: its documents and commands, given to the simulator as they stand there. */

const { page, part, options } = commandsOf(readFileSync('docs/codedeploy.md', 'utf8'));

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount({ roles: ['model-deployer', 'churn-serving', 'codedeploy-lambda'] });
});
afterEach(() => account.close());

test('the page leads from a function to a verified deployment and back', async () => {
  const { simulator } = account;
  const run = (service: string, operation: string, input: object) => simulator.call(service, operation, input);
  const created = options('aws lambda create-function');
  const [, image = ''] = (created['code'] ?? '').split('=');
  const updated = options('aws lambda update-function-code');
  const repository = image.split(':')[0] ?? '';
  simulator.images.tag(image, `sha256:${'3'.repeat(64)}`);
  simulator.images.tag(updated['image-uri'] ?? '', `sha256:${'4'.repeat(64)}`);
  const version = (input: object) =>
    run('lambda', 'UpdateFunctionCode', { FunctionName: 'churn', Publish: true, ...input });

  // 1
  await run('lambda', 'CreateFunction', {
    FunctionName: created['function-name'],
    PackageType: created['package-type'],
    Role: created['role'],
    Code: { ImageUri: image },
    Publish: true,
  });
  const alias = options('aws lambda create-alias');
  await run('lambda', 'CreateAlias', {
    FunctionName: alias['function-name'],
    Name: alias['name'],
    FunctionVersion: alias['function-version'],
  });
  await run('cloudwatch', 'PutMetricAlarm', JSON.parse(part('alarm', 'json')));
  const application = options('aws deploy create-application');
  await run('codedeploy', 'CreateApplication', {
    applicationName: application['application-name'],
    computePlatform: application['compute-platform'],
  });
  await run('codedeploy', 'CreateDeploymentGroup', JSON.parse(part('group', 'json')));
  simulator.functions.traffic({ function: 'churn', alias: 'live', requestsPerSecond: 20, seed: 3 });

  // 2
  account.writeManifest(() => part('manifest', 'yaml'));

  // 3
  const register = async () => {
    const inputs = options('npx model-delivery register-model');
    const report = await account.run(registerModel, inputs);
    expect(report?.result).toMatchObject({ reason: 'registered' });
    await run('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1',
      ModelApprovalStatus: 'Approved',
    });
  };
  expect(await version({ ImageUri: updated['image-uri'] })).toMatchObject({ Version: '2' });
  await register();

  // 4
  const deployed = await account.run(deployEndpoint, options('npx model-delivery deploy-endpoint'));
  expect(deployed?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
  expect(await run('lambda', 'GetAlias', { FunctionName: 'churn', Name: 'live' })).toMatchObject({
    FunctionVersion: '2',
  });

  // 5: a second version, so that there is one to go back to.
  simulator.images.tag(`${repository}:1.5.0`, `sha256:${'5'.repeat(64)}`);
  await version({ ImageUri: `${repository}:1.5.0` });
  const next = { ...options('npx model-delivery register-model'), version: '1.5.0', image: `${repository}:1.5.0` };
  await account.run(registerModel, { ...next, metadata: 'lambda-version=3' });
  await run('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/2',
    ModelApprovalStatus: 'Approved',
  });
  const again = await account.run(deployEndpoint, { version: '1.5.0' }, { runId: '2' });
  expect(again?.result.reason).toBe('delivered');
  simulator.functions.fail('churn', '3', 0.5);
  await account.pass(minutes(5));
  const back = await account.run(rollback, options('npx model-delivery rollback'), { runId: '3' });
  expect(back?.result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
  expect(await run('lambda', 'GetAlias', { FunctionName: 'churn', Name: 'live' })).toMatchObject({
    FunctionVersion: '2',
  });
});

test('the ends that the page names exist', () => {
  const named = [...page.matchAll(/`([\w-]+)\/([\w-]+)`/g)].map(([, outcome = '', reason = '']) => [outcome, reason]);
  expect(named.length).toBeGreaterThan(5);
  for (const [outcome, reason] of named) expect(reasonCodes[reason as keyof typeof reasonCodes]?.outcome).toBe(outcome);
});

test('the rollout with a judge fits into the manifest of the page', () => {
  const judged = part('manifest', 'yaml').replace(/^ {4}rollout:.*$/m, part('judged', 'yaml').trimEnd());
  const { rollout } = codeDeployOf(loadManifest(judged, 'delivery.yml'), 'production') ?? {};
  expect(rollout).toMatchObject({ strategy: 'canary', everyMinutes: 15, judge: { convict: { worseThan: 1.2 } } });
});
