import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import {
  approved,
  goldenRows,
  putGoldenSet,
  regress,
  regressionText,
  temporaries,
  testRecords,
  withRegression,
} from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

describe('a change while a test runs', () => {
  /** Runs the action once, at the n-th request to a model. */
  const at = (request: number, action: () => void | Promise<void>): void =>
    account.simulator.faults.add({
      service: 'sagemaker-runtime',
      operation: 'InvokeEndpoint',
      times: 1,
      after: request,
      kind: 'call',
      action,
    });

  /** Others publish 1.3.0 on the endpoint of the environment. */
  const publish = async (): Promise<void> => {
    const { simulator } = account;
    const call = (name: string, input: object) => simulator.call('sagemaker', name, input);
    const { EndpointConfigName } = await call('DescribeEndpoint', { EndpointName: team.endpoint });
    const { ProductionVariants } = await call('DescribeEndpointConfig', { EndpointConfigName });
    const [variant] = ProductionVariants as readonly object[];
    await call('CreateModel', {
      ModelName: 'theirs',
      ExecutionRoleArn: `arn:aws:iam::${team.account}:role/iris-serving`,
      PrimaryContainer: { Image: team.image, ModelDataUrl: account.registration('1.3.0')['artifact'] },
    });
    await call('CreateEndpointConfig', {
      EndpointConfigName: 'theirs',
      ProductionVariants: [{ ...variant, ModelName: 'theirs' }],
    });
    await call('UpdateEndpoint', { EndpointName: team.endpoint, EndpointConfigName: 'theirs' });
  };
  const endsDisturbed = async (): Promise<void> => {
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'regression-disturbed' });
    expect(await temporaries(account)).toEqual([]);
    expect(testRecords(account)).toHaveLength(1);
    expect(testRecords(account)[0]).not.toHaveProperty('verdict');
  };

  test('an update of the endpoint that serves disturbs the test', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    at(10, publish);
    await endsDisturbed();
  });

  test('so does one that nothing but its result shows', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    // The look at the endpoint that is under way sees nothing of it, and the next one comes when it is over.
    account.simulator.faults.add({
      service: 'sagemaker',
      operation: 'CreateEndpoint',
      times: 1,
      kind: 'call',
      action: async () => {
        await publish();
        await account.pass(minutes(20));
      },
    });
    await endsDisturbed();
  });

  test('a release that begins meanwhile disturbs the test', async () => {
    await approved(account, '1.0.0');
    await account.prepare('1.3.0');
    withRegression(account);
    account.simulator.faults.add({
      service: 'sagemaker',
      operation: 'CreateEndpoint',
      times: 1,
      kind: 'call',
      action: async () => {
        // Without `regression:`, so that no verdict is needed.
        account.writeManifest();
        const version = { version: '1.3.0', wait: 'false' };
        expect((await account.run(deployEndpoint, version, { runId: '2' }))?.result.outcome).toBe('pending');
        account.writeManifest((text) => `${text}${regressionText()}`);
      },
    });
    await endsDisturbed();
  });

  test('a dark candidate that others exchange disturbs the test', async () => {
    await approved(account, '1.0.0');
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('candidate-dark');
    putGoldenSet(account);
    account.writeManifest(
      () => `${manifestText({ rollout: rollouts.steps })}${regressionText({ keys: ['candidate: dark-variant'] })}`,
    );
    at(10, async () => {
      const { simulator } = account;
      await simulator.call('sagemaker', 'UpdateEndpointWeightsAndCapacities', {
        EndpointName: team.endpoint,
        DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic-next', DesiredWeight: 0.5 }],
      });
    });
    await endsDisturbed();
  });

  test('an approval while the temporary endpoint starts changes nothing', async () => {
    await account.inProduction('1.1.0');
    await account.register('1.0.0');
    withRegression(account);
    account.simulator.faults.add({
      service: 'sagemaker',
      operation: 'CreateEndpoint',
      times: 1,
      kind: 'call',
      action: () => account.approve(),
    });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(await temporaries(account)).toEqual([]);
  });

  test('another golden set before anything was begun is planned anew', async () => {
    await approved(account, '1.0.0');
    withRegression(account);
    let isChanged = false;
    const changing: typeof regressionTest = {
      ...regressionTest,
      advance: async (given, memory, world) => {
        if (memory !== undefined && !isChanged) putGoldenSet(account, goldenRows.slice(1));
        isChanged ||= memory !== undefined;
        return regressionTest.advance(given, memory, world);
      },
    };
    const report = await account.run(changing, { version: '1.0.0' });
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { rows: '149' } });
    expect(testRecords(account)).toHaveLength(1);
  });
});
