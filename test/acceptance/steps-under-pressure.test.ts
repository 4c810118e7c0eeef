import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { IrisVersion } from '../../simulator/fixtures/fixtures.ts';
import { minutes, seconds } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { readServing } from '../../src/rehearsal/serving.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

/** Steps while others change the endpoint, while instances lack, and after their run died. */
let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
  account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
});
afterEach(() => account.close());

const dark = async (version: IrisVersion): Promise<void> => {
  await account.prepare(version);
  expect((await account.run(deployEndpoint, { version }))?.result.reason).toBe('candidate-dark');
};
const shown = async () =>
  (await readServing(account.simulator, 'iris'))?.variants.map(
    ({ name, version, share }) => `${name} ${version} ${share}`,
  );
const weightCall = { service: 'sagemaker', operation: 'UpdateEndpointWeightsAndCapacities' } as const;

/** From the first step on. */
const onceWalking = (action: () => void): void =>
  account.simulator.faults.add({
    ...weightCall,
    times: 1,
    kind: 'call',
    action: () =>
      void account.simulator.clock.at(account.simulator.clock.now() + seconds(31), 'the first step', action),
  });
const grow = (count: number): boolean => account.simulator.hosting.scale('iris', 'AllTraffic', count);

describe('while the autoscaler changes the endpoint', () => {
  test('evidence counts: a bad version is convicted though the endpoint is never seen at rest', async () => {
    await dark('1.4.0');
    onceWalking(() => {
      let count = 4;
      const busy = account.simulator.clock.every(seconds(1), 'busy', () => {
        if (grow(count + 1)) count += 1;
        if (count === 10) busy.cancel();
      });
    });
    const report = await account.run(shiftTraffic, { version: '1.4.0' });
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(await shown()).toEqual(['AllTraffic 1.0.0 1', 'AllTraffic-next 1.4.0 0']);
  });

  test('a candidate that cannot grow with it keeps its share under the judge, and rises when it can', async () => {
    await dark('1.1.0');
    const seen = account.watch();
    onceWalking(() => {
      expect(grow(6)).toBe(true);
      account.simulator.faults.add({
        ...weightCall,
        times: 1,
        kind: 'error',
        code: 'ResourceLimitExceeded',
        message: "The account-level service limit 'ml.m5.large for endpoint usage' is 10 Instances.",
      });
    });
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    const carriedOut = seen().filter(({ operation, mutation }) => operation === weightCall.operation && mutation);
    expect(carriedOut.map(({ input }) => JSON.stringify(input).includes('DesiredInstanceCount'))).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  test('a bad candidate that cannot grow is convicted all the same', async () => {
    await dark('1.4.0');
    onceWalking(() => {
      expect(grow(6)).toBe(true);
      account.simulator.clock.at(account.simulator.clock.now() + minutes(4), 'no more instances', () =>
        account.simulator.harm.failCapacity(1000),
      );
    });
    const report = await account.run(shiftTraffic, { version: '1.4.0' });
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
  });
});

test('a way back that SageMaker refuses is tried again until it is taken', async () => {
  await dark('1.4.0');
  const odd = { code: 'InvalidRequest', message: 'One or more endpoint features are not supported today.' };
  account.simulator.faults.add({ ...weightCall, ...odd, kind: 'error', times: 3, after: 1 });
  const report = await account.run(shiftTraffic, { version: '1.4.0' });
  expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
  expect(await shown()).toEqual(['AllTraffic 1.0.0 1', 'AllTraffic-next 1.4.0 0']);
});

describe('after the run that walked has died', () => {
  const left = ['AllTraffic 1.0.0 0.9', 'AllTraffic-next 1.1.0 0.1'];
  beforeEach(async () => {
    await account.prepare('1.3.0');
    await dark('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', received: true };
    expect(await account.run(shiftTraffic, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
    await account.pass(minutes(11));
    expect((await shown())?.map((variant) => variant.replace(/(\d\.\d)\d+$/, '$1'))).toEqual(left);
  });

  test('another version is brought up dark once the traffic is back', async () => {
    const next = await account.run(deployEndpoint, { version: '1.3.0' }, { runId: '8' });
    expect(next?.result).toMatchObject({ outcome: 'succeeded', reason: 'candidate-dark' });
    expect(await shown()).toEqual(['AllTraffic 1.0.0 1', 'AllTraffic-next 1.3.0 0']);
  });

  test('another version goes out by canary once the traffic is back', async () => {
    account.writeManifest(() => manifestText());
    const next = await account.run(deployEndpoint, { version: '1.3.0' }, { runId: '8' });
    expect(next?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    expect(await shown()).toEqual(['AllTraffic 1.3.0 1']);
  });

  test('the same version walks other steps once the traffic is back', async () => {
    account.writeManifest(() => manifestText({ rollout: rollouts.steps.replace('[10, 50, 100]', '[20, 100]') }));
    const again = await account.run(shiftTraffic, { version: '1.1.0' }, { runId: '7' });
    expect(again?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    expect(account.record()?.ended[1]).toMatchObject({ reason: 'abandoned', serving: 'baseline' });
  });
});
