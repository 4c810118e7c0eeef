import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { scalingByHand } from '../../src/rehearsal/scaling-by-hand.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

// Turns that follow each other at once share their answers. Others write in between.

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

/** Runs the action once, at the n-th call of this operation from now on. */
const at = (service: string, operation: string, action: () => void | Promise<void>, after = 0): void =>
  account.simulator.faults.add({ service, operation, times: 1, after, kind: 'call', action });

const sagemaker = (name: string, input: object) => account.simulator.call('sagemaker', name, input);

test('an update of others in the middle of a smoke test is no delivery', async () => {
  const smoke =
    'smoke:\n  content-type: text/csv\n  accept: text/csv\n  times: 60\n  requests:\n    - { body: "5.1,3.5,1.4,0.2", expect: { value: setosa } }\n';
  account.writeManifest(() => `${manifestText({ rollout: rollouts.unguarded, unwatched: true })}${smoke}`);
  await account.prepare('1.1.0');
  at(
    'sagemaker-runtime',
    'InvokeEndpoint',
    async () => {
      const { EndpointConfigName } = await sagemaker('DescribeEndpoint', { EndpointName: team.endpoint });
      const { ProductionVariants } = await sagemaker('DescribeEndpointConfig', { EndpointConfigName });
      await sagemaker('CreateEndpointConfig', { EndpointConfigName: 'theirs', ProductionVariants });
      await sagemaker('UpdateEndpoint', { EndpointName: team.endpoint, EndpointConfigName: 'theirs' });
    },
    30,
  );
  const report = await account.run(deployEndpoint, { version: '1.1.0' });
  expect(report?.result).toMatchObject({ reason: 'changed-by-others' });
});

/** Others delete a model, and give its name to another one. */
const replaceModel = async (ModelName: string): Promise<void> => {
  const { ExecutionRoleArn } = await sagemaker('DescribeModel', { ModelName });
  await sagemaker('DeleteModel', { ModelName });
  await sagemaker('CreateModel', {
    ModelName,
    ExecutionRoleArn,
    PrimaryContainer: { Image: team.image, ModelDataUrl: account.registration('1.3.0')['artifact'] },
  });
};

describe('a model that others put in the place of the one that was looked at', () => {
  beforeEach(() => account.inProduction('1.0.0'));

  const newest = async (): Promise<string> => {
    const { Models } = await sagemaker('ListModels', { SortBy: 'CreationTime', SortOrder: 'Descending' });
    return (Models as readonly { readonly ModelName: string }[])[0]?.ModelName ?? '';
  };

  test('is not delivered', async () => {
    await account.prepare('1.1.0');
    at('cloudwatch', 'PutMetricAlarm', async () => replaceModel(await newest()));
    const report = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ reason: 'name-taken' });
  });

  test('gets no dark variant', async () => {
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await account.prepare('1.1.0');
    // The config of both variants is the second one.
    at('sagemaker', 'CreateEndpointConfig', async () => replaceModel(await newest()), 1);
    const report = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ reason: 'name-taken' });
  });

  test('is not gone back to', async () => {
    const before = await newest();
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    at('s3', 'PutObject', () => replaceModel(before));
    const report = await account.run(rollback, {});
    expect(report?.result).toMatchObject({ reason: 'foreign-config' });
  });
});

describe('autoscaling that others change while a release begins', () => {
  const scaling = (): ReturnType<typeof scalingByHand> => scalingByHand(account.simulator);
  const limits = async (): Promise<unknown> => {
    const { ScalableTargets } = await scaling()('DescribeScalableTargets');
    return (ScalableTargets as readonly Readonly<Record<string, unknown>>[]).map(({ MinCapacity, MaxCapacity }) => [
      MinCapacity,
      MaxCapacity,
    ]);
  };
  const change = async (): Promise<void> => {
    await scaling()('RegisterScalableTarget', { MinCapacity: 3, MaxCapacity: 20 });
  };
  beforeEach(async () => {
    await account.inProduction('1.0.0');
    await scaling()('RegisterScalableTarget', { MinCapacity: 2, MaxCapacity: 8 });
    await account.prepare('1.1.0');
  });

  test('is put back as they changed it, where the instance type changes', async () => {
    account.writeManifest(() => manifestText({ endpoint: ['instance: { type: ml.c5.large, count: 4 }'] }));
    at('cloudwatch', 'PutMetricAlarm', change);
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    expect(await limits()).toEqual([[3, 20]]);
  });

  test('is put back as they changed it, after the steps', async () => {
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
    at('s3', 'PutObject', change);
    expect((await account.run(shiftTraffic, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    expect(await limits()).toEqual([[3, 20]]);
  });
});
