import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { reasonCodes } from '../../src/reason-codes.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { commandsOf } from '../support/page-commands.ts';

/** docs/ecs-service.md: its documents and commands, given to the simulator as they stand there. */

const { page, part, options } = commandsOf(readFileSync('docs/ecs-service.md', 'utf8'));

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount({ roles: ['model-deployer', 'churn-serving', 'codedeploy-ecs'] });
});
afterEach(() => account.close());

test('the page leads from a service to a verified deployment and back', async () => {
  const { simulator } = account;
  const run = (service: string, operation: string, input: object) => simulator.call(service, operation, input);
  const image = options('npx model-delivery register-model')['image'] ?? '';
  const repository = image.split(':')[0] ?? '';
  for (const [tag, digit] of Object.entries({ '1.3.0': '3', '1.4.0': '4', '1.5.0': '5' }))
    simulator.images.tag(`${repository}:${tag}`, `sha256:${digit.repeat(64)}`);

  // 1
  await run('ecs', 'CreateCluster', { clusterName: 'models' });
  await run('ecs', 'RegisterTaskDefinition', {
    family: 'churn',
    containerDefinitions: [
      { name: 'model', image: `${repository}:1.3.0`, portMappings: [{ containerPort: 8080, protocol: 'tcp' }] },
    ],
  });
  await run('ecs', 'CreateService', JSON.parse(part('service', 'json')));
  await run('cloudwatch', 'PutMetricAlarm', JSON.parse(part('alarm', 'json')));
  const application = options('aws deploy create-application');
  await run('codedeploy', 'CreateApplication', {
    applicationName: application['application-name'],
    computePlatform: application['compute-platform'],
  });
  await run('codedeploy', 'CreateDeploymentGroup', JSON.parse(part('group', 'json')));
  simulator.containers.traffic({
    ...{ cluster: 'models', service: 'churn', loadBalancer: 'app/churn/50dc6c495c0c9188' },
    ...{ requestsPerSecond: 20, seed: 3 },
  });
  await account.pass(minutes(3));

  // 2
  account.writeManifest(() => part('manifest', 'yaml'));
  const serving = async () =>
    (
      (await run('ecs', 'DescribeServices', { cluster: 'models', services: ['churn'] }))['services'] as readonly {
        readonly taskDefinition: string;
      }[]
    )[0]?.taskDefinition.split('/')[1];
  const approve = (version: number) =>
    run('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: `arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/${version}`,
      ModelApprovalStatus: 'Approved',
    });

  // 3
  const registered = await account.run(registerModel, options('npx model-delivery register-model'));
  expect(registered?.result).toMatchObject({ reason: 'registered' });
  await approve(1);

  // 4
  const deployed = await account.run(deployEndpoint, options('npx model-delivery deploy-endpoint'));
  expect(deployed?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
  expect(await serving()).toBe('churn:2');

  // 5: a second version, so that there is one to go back to.
  const next = { ...options('npx model-delivery register-model'), version: '1.5.0', image: `${repository}:1.5.0` };
  await account.run(registerModel, next);
  await approve(2);
  const again = await account.run(deployEndpoint, { version: '1.5.0' }, { runId: '2' });
  expect(again?.result.reason).toBe('delivered');
  simulator.containers.fail('churn:3', 0.5);
  await account.pass(minutes(5));
  const back = await account.run(rollback, options('npx model-delivery rollback'), { runId: '3' });
  expect(back?.result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
  expect(await serving()).toBe('churn:2');
});

test('the ends that the page names exist', () => {
  const named = [...page.matchAll(/`([\w-]+)\/([\w-]+)`/g)].map(([, outcome = '', reason = '']) => [outcome, reason]);
  expect(named.length).toBeGreaterThan(1);
  for (const [outcome, reason] of named) expect(reasonCodes[reason as keyof typeof reasonCodes]?.outcome).toBe(outcome);
});
