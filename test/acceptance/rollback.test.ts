import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const serving = async (): Promise<string> => {
  const { EndpointConfigName } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: 'iris',
  });
  return String(EndpointConfigName);
};

const deliver = async (version: '1.0.0' | '1.1.0'): Promise<string> => {
  await account.prepare(version);
  const report = await account.run(deployEndpoint, { version });
  expect(report?.result.reason).toBe('delivered');
  return serving();
};

describe('rollback', () => {
  test('goes to the last version that served well; pressed again, it changes nothing', async () => {
    await account.inProduction('1.0.0');
    const first = await serving();
    await deliver('1.1.0');

    const back = await account.run(rollback, { because: 'wrong species since noon' });
    expect(back?.result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(await serving()).toBe(first);

    const seen = account.watch();
    const again = await account.run(rollback, {});
    expect(again?.result).toMatchObject({ outcome: 'succeeded', reason: 'already-restored' });
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    expect(await serving()).toBe(first);
  });

  test('pressed again days later it asks which version is meant, and does nothing', async () => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
    await account.run(rollback, {});
    account.stopTraffic();
    await account.pass(minutes(25 * 60));
    const seen = account.watch();
    const late = await account.run(rollback, {});
    expect(late?.result).toMatchObject({ outcome: 'failed', reason: 'nothing-to-roll-back-to' });
    expect(late?.result.because).toMatch(/name the version to go back to with to; the history has 1\.0\.0, 1\.1\.0/);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    expect((await account.run(rollback, { to: '1.1.0' }))?.result.reason).toBe('restored');
  });

  test('an endpoint that is being made has nothing to be taken back to yet', async () => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
    const EndpointConfigName = await serving();
    await account.simulator.call('sagemaker', 'DeleteEndpoint', { EndpointName: 'iris' });
    await account.pass(minutes(5));
    await account.simulator.call('sagemaker', 'CreateEndpoint', { EndpointName: 'iris', EndpointConfigName });
    const early = await account.run(rollback, {});
    expect(early?.result).toMatchObject({ reason: 'endpoint-unusable' });
    expect(early?.result.because).toContain('wait until it is InService');
  });

  test('after an alarm was faster it leaves the good version alone and says how to go further', async () => {
    await account.inProduction('1.0.0');
    const good = await deliver('1.1.0');
    await account.prepare('1.4.0');
    expect((await account.run(deployEndpoint, { version: '1.4.0' }))?.result.reason).toBe('alarm');

    const report = await account.run(rollback, {});
    expect(report?.result.reason).toBe('already-restored');
    expect(report?.result.because).toContain('name a version with to to go further back');
    expect(await serving()).toBe(good);

    const further = await account.run(rollback, { to: '1.0.0' });
    expect(further?.result.reason).toBe('restored');
    expect(further?.result.outputs['serving-version']).toBe('1.0.0');
  });

  test('needs neither CreateModel nor an alarm, and keeps what a rollback of the rollback needs', async () => {
    await account.inProduction('1.0.0');
    const second = await deliver('1.1.0');
    const seen = account.watch();
    await account.run(rollback, {});
    const writes = seen().filter(({ mutation, service }) => mutation && service !== 's3');
    expect(writes.map(({ operation }) => operation)).toEqual(['UpdateEndpoint']);

    const forth = await account.run(rollback, { to: '1.1.0' });
    expect(forth?.result.reason).toBe('restored');
    expect(await serving()).toBe(second);
  });

  test('refuses what never served, and what was deleted, before it writes', async () => {
    await account.inProduction('1.0.0');
    const first = await serving();
    await deliver('1.1.0');
    const seen = account.watch();

    const never = await account.run(rollback, { to: '9.9.9' });
    expect(never?.result.reason).toBe('nothing-to-roll-back-to');
    expect(never?.result.because).toContain('the history has 1.1.0, 1.0.0');
    expect((await account.run(rollback, { to: 'config-of-others' }))?.result).toMatchObject({
      reason: 'nothing-to-roll-back-to',
      because: 'config-of-others never served iris: the history has 1.1.0, 1.0.0',
    });
    expect((await account.run(rollback, { to: '1.4' }))?.result.because).toMatch(
      /^to: "1\.4" is not a semantic version/,
    );

    await account.simulator.call('sagemaker', 'DeleteEndpointConfig', { EndpointConfigName: first });
    const deleted = await account.run(rollback, {});
    expect(deleted?.result.reason).toBe('config-missing');
    expect(deleted?.result.because).toContain(first);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });

  test('a version that was rolled back by hand is not delivered again by itself', async () => {
    await account.inProduction('1.0.0');
    await deliver('1.1.0');
    await account.run(rollback, {});
    expect((await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '9' }))?.result.reason).toBe(
      'already-convicted',
    );
    const retried = await account.run(deployEndpoint, { version: '1.1.0', retry: 'true' }, { runId: '9' });
    expect(retried?.result.reason).toBe('delivered');
  });
});
