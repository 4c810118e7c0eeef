import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import type { Death } from '../support/death.ts';
import { asSchema1 } from '../support/older-record.ts';

/** The run of an older version died over a live release; this version finds the record that it wrote. */
let team: TestAccount;
beforeEach(async () => {
  team = await openAccount();
  await team.inProduction('1.0.0');
  await team.prepare('1.1.0');
}, 60_000);
afterEach(() => team.close());

const died = (atCall: string): Death => ({ atCall, heard: true });
const older = () => {
  const record = team.record();
  if (record?.live === undefined) throw new Error('nothing is live');
  team.forge(asSchema1(record));
};

test.each(['sagemaker.createModel', 'sagemaker.updateEndpoint'])(
  'a delivery that died over %s goes on',
  async (call) => {
    await team.run(deployEndpoint, { version: '1.1.0' }, { death: died(call) });
    older();
    expect((await team.run(deployEndpoint, { version: '1.1.0' }))?.result).toMatchObject({ reason: 'delivered' });
    expect(team.record()).toMatchObject({ schemaVersion: 2, ended: [{ submission: { mechanism: 'guardrail' } }, {}] });
  },
  60_000,
);

test('steps that an older version began dark, walked and left are walked on, and gone back from', async () => {
  team.writeManifest(() => manifestText({ rollout: rollouts.steps }));
  await team.run(deployEndpoint, { version: '1.1.0' }, { death: died('sagemaker.updateEndpoint') });
  older();
  expect((await team.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
  await team.run(shiftTraffic, { version: '1.1.0' }, { death: died('sagemaker.updateEndpointWeightsAndCapacities') });
  older();
  expect((await team.run(shiftTraffic, { version: '1.1.0' }))?.result.reason).toBe('delivered');
  await team.run(rollback, {}, { death: died('sagemaker.updateEndpoint') });
  older();
  expect((await team.run(rollback, {}))?.result.reason).toBe('restored');
}, 120_000);
