import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { atRest } from '../support/at-rest.ts';

/** `rollback` with `only-expired: true`, as a schedule runs it. */
let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
});
afterEach(() => account.close());

const watchdog = { runId: '99' };
const look = () => account.run(rollback, { 'only-expired': 'true' }, watchdog);

const weights = async (): Promise<readonly (readonly [string, number])[]> => {
  const { ProductionVariants } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: 'iris',
  });
  return (ProductionVariants as { VariantName: string; CurrentWeight: number }[]).map(
    ({ VariantName, CurrentWeight }) => [VariantName, CurrentWeight],
  );
};

const findsNothing = async (): Promise<void> => {
  const seen = account.watch();
  expect((await look())?.result).toMatchObject({ outcome: 'succeeded', reason: 'nothing-expired' });
  expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
};

describe('the watchdog', () => {
  test('takes the traffic back from steps that nobody supervises, once their lease has run out', async () => {
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await account.prepare('1.1.0');
    await account.run(deployEndpoint, { version: '1.1.0' });
    const death = { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', received: true };
    expect(await account.run(shiftTraffic, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
    await account.pass(minutes(1));
    expect(await weights()).toEqual([
      ['AllTraffic', expect.closeTo(0.9)],
      ['AllTraffic-next', expect.closeTo(0.1)],
    ]);
    await findsNothing();

    await account.pass(minutes(11));
    expect((await look())?.result).toMatchObject({ outcome: 'succeeded', reason: 'brought-to-rest' });
    expect(await weights()).toEqual([
      ['AllTraffic', 1],
      ['AllTraffic-next', 0],
    ]);
    expect(account.record()?.live).toBeUndefined();
    expect(account.record()?.ended[0]).toMatchObject({ reason: 'abandoned', serving: 'baseline' });
    await findsNothing();

    const again = await account.run(shiftTraffic, { version: '1.1.0' }, { runId: '8' });
    expect(again?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
  });

  test('a rollback that goes on with one of somebody else’s says that it restored, for it was the one that did', async () => {
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await account.prepare('1.1.0');
    await account.run(deployEndpoint, { version: '1.1.0' });
    const death = { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', received: true };
    await account.run(shiftTraffic, { version: '1.1.0' }, { runId: '7', death });
    await account.pass(minutes(11));
    const other = { command: 'abort', by: 'kai', why: 'wrong prices', at: account.simulator.clock.now() } as const;
    await account.run(rollback, {}, { runId: '8', death: { atCall: 's3.putObject', received: true } });
    const record = account.record();
    if (record?.live === undefined) throw new Error('no release is live');
    account.forge({ ...record, live: { ...record.live, commands: [other] } });
    expect((await account.run(rollback, {}, { runId: '9' }))?.result).toMatchObject({ reason: 'restored' });
    expect(await weights()).toEqual([
      ['AllTraffic', 1],
      ['AllTraffic-next', 0],
    ]);
  });

  test('follows an update under alarms to its own end, and takes nothing back that went well', async () => {
    await account.prepare('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: true };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
    await findsNothing();
    await account.pass(minutes(11));
    expect((await look())?.result).toMatchObject({ outcome: 'succeeded', reason: 'brought-to-rest' });
    expect(account.record()?.history[0]).toMatchObject({ version: '1.1.0', good: true });
    expect(await atRest(account)).toMatchObject({ alarms: [], live: undefined });
    await findsNothing();
  });

  test('finds nothing where nothing was ever left behind', findsNothing);
});
