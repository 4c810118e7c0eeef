import { expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { policyFor } from '../../src/permissions.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { place } from '../support/policy-place.ts';

const arn = (resource: string): string => `arn:aws:sagemaker:${team.region}:${team.account}:${resource}`;
const byHand = 'made-at-the-console';

const adopted = async (
  { prepare, simulator, pass, writeManifest }: TestAccount,
  VariantName: string = team.variant,
): Promise<void> => {
  writeManifest((text) => text.replace('minimum-requests: 300', 'minimum-requests: 0'));
  await prepare('1.0.0');
  const sagemaker = (operation: string, input: object) => simulator.call('sagemaker', operation, input);
  await sagemaker('CreateModel', {
    ModelName: byHand,
    PrimaryContainer: { ModelPackageName: arn(`model-package/${team.model}/1`) },
    ExecutionRoleArn: `arn:aws:iam::${team.account}:role/iris-serving`,
  });
  await sagemaker('CreateEndpointConfig', {
    EndpointConfigName: byHand,
    ProductionVariants: [{ VariantName, ModelName: byHand, InstanceType: 'ml.m5.large', InitialInstanceCount: 4 }],
  });
  await sagemaker('CreateEndpoint', { EndpointName: team.endpoint, EndpointConfigName: byHand });
  await pass(minutes(20));
  await prepare('1.1.0');
};

test('a config with a name of its own is gone back to only by who is allowed it by name, and the plan says so before', async () => {
  const account = await openAccount();
  try {
    await adopted(account);
    const planned = await account.run(deployEndpoint, { version: '1.1.0', 'dry-run': 'true' });
    expect(planned?.result.plan?.notes).toContain(
      `${byHand} is not named for iris: a rollback to it needs sagemaker:UpdateEndpoint on endpoint-config/${byHand} by name`,
    );
    account.simulator.attachPolicy('model-deployer', policyFor('deploy-endpoint', place));
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    const later = await account.run(deployEndpoint, { version: '1.1.0', 'dry-run': 'true' });
    expect(later?.result.plan?.notes.join('\n')).not.toContain('is not named for');

    account.simulator.attachPolicy('model-restorer', policyFor('rollback', place));
    const refused = await account.run(rollback, {});
    expect(refused?.result).toMatchObject({ reason: 'access-denied' });
    expect(refused?.result.because).toContain(`grant sagemaker:UpdateEndpoint on endpoint-config/${byHand}`);

    account.simulator.attachPolicy('model-restorer', {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sagemaker:UpdateEndpoint', Resource: arn(`endpoint-config/${byHand}`) }],
    });
    expect((await account.run(rollback, {}, { runId: '2' }))?.result).toMatchObject({ reason: 'restored' });
  } finally {
    await account.close();
  }
});

test('an endpoint that was deleted with its config gets the name of its variant again, which alarms and scaling name', async () => {
  const account = await openAccount();
  try {
    await adopted(account, 'primary');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    const sagemaker = (operation: string, input: object) => account.simulator.call('sagemaker', operation, input);
    const { EndpointConfigName } = await sagemaker('DescribeEndpoint', { EndpointName: team.endpoint });
    await sagemaker('DeleteEndpoint', { EndpointName: team.endpoint });
    await account.pass(minutes(20));
    await sagemaker('DeleteEndpointConfig', { EndpointConfigName });
    account.stopTraffic();

    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    const { ProductionVariants } = await sagemaker('DescribeEndpoint', { EndpointName: team.endpoint });
    expect(ProductionVariants).toMatchObject([{ VariantName: 'primary' }]);
  } finally {
    await account.close();
  }
});
