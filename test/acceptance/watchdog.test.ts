import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { atRest } from '../support/at-rest.ts';

/** `rollback` with `only-expired: true`, as a schedule runs it. */
let team: TestAccount;
beforeEach(async () => {
  team = await openAccount();
  await team.inProduction('1.0.0');
});
afterEach(() => team.close());

const watchdog = { runId: '99' };
const look = () => team.run(rollback, { 'only-expired': 'true' }, watchdog);

const weights = async (): Promise<readonly (readonly [string, number])[]> => {
  const { ProductionVariants } = await team.simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName: 'iris' });
  return (ProductionVariants as { VariantName: string; CurrentWeight: number }[]).map(
    ({ VariantName, CurrentWeight }) => [VariantName, CurrentWeight],
  );
};

const findsNothing = async (): Promise<void> => {
  const seen = team.watch();
  expect((await look())?.result).toMatchObject({ outcome: 'succeeded', reason: 'nothing-expired' });
  expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
};

describe('the watchdog', () => {
  test('takes the traffic back from steps that nobody supervises, once their lease has run out', async () => {
    team.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await team.prepare('1.1.0');
    await team.run(deployEndpoint, { version: '1.1.0' });
    const death = { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', heard: true };
    expect(await team.run(shiftTraffic, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
    await team.pass(minutes(1));
    expect(await weights()).toEqual([
      ['AllTraffic', expect.closeTo(0.9)],
      ['AllTraffic-next', expect.closeTo(0.1)],
    ]);
    await findsNothing();

    await team.pass(minutes(11));
    expect((await look())?.result).toMatchObject({ outcome: 'succeeded', reason: 'brought-to-rest' });
    expect(await weights()).toEqual([
      ['AllTraffic', 1],
      ['AllTraffic-next', 0],
    ]);
    expect(team.record()?.live).toBeUndefined();
    expect(team.record()?.ended[0]).toMatchObject({ reason: 'abandoned', serving: 'baseline' });
    await findsNothing();

    const again = await team.run(shiftTraffic, { version: '1.1.0' }, { runId: '8' });
    expect(again?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
  });

  test('a rollback that goes on with one of somebody else’s says that it restored, for it was the one that did', async () => {
    team.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await team.prepare('1.1.0');
    await team.run(deployEndpoint, { version: '1.1.0' });
    const death = { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', heard: true };
    await team.run(shiftTraffic, { version: '1.1.0' }, { runId: '7', death });
    await team.pass(minutes(11));
    const other = { command: 'abort', by: 'kai', why: 'wrong prices', at: team.simulator.clock.now() } as const;
    await team.run(rollback, {}, { runId: '8', death: { atCall: 's3.putObject', heard: true } });
    const record = team.record();
    if (record?.live === undefined) throw new Error('no release is live');
    team.forge({ ...record, live: { ...record.live, commands: [other] } });
    expect((await team.run(rollback, {}, { runId: '9' }))?.result).toMatchObject({ reason: 'restored' });
    expect(await weights()).toEqual([
      ['AllTraffic', 1],
      ['AllTraffic-next', 0],
    ]);
  });

  test('follows an update under alarms to its own end, and takes nothing back that went well', async () => {
    await team.prepare('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpoint', heard: true };
    expect(await team.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
    await findsNothing();
    await team.pass(minutes(11));
    expect((await look())?.result).toMatchObject({ outcome: 'succeeded', reason: 'brought-to-rest' });
    expect(team.record()?.history[0]).toMatchObject({ version: '1.1.0', good: true });
    expect(await atRest(team)).toMatchObject({ alarms: [], live: undefined });
    await findsNothing();
  });

  test('finds nothing where nothing was ever left behind', findsNothing);
});
