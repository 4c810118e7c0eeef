import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import type { Death } from '../support/death.ts';
import { asSchema1 } from '../support/older-record.ts';

/** The run of an older version died over a live release; this version finds the record that it wrote. */
let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
  await account.prepare('1.1.0');
}, 60_000);
afterEach(() => account.close());

const died = (atCall: string): Death => ({ atCall, received: true });
const older = () => {
  const record = account.record();
  if (record?.live === undefined) throw new Error('nothing is live');
  account.forge(asSchema1(record));
};

test.each(['sagemaker.createModel', 'sagemaker.updateEndpoint'])(
  'a delivery that died over %s goes on',
  async (call) => {
    await account.run(deployEndpoint, { version: '1.1.0' }, { death: died(call) });
    older();
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result).toMatchObject({ reason: 'delivered' });
    expect(account.record()).toMatchObject({
      schemaVersion: 2,
      ended: [{ submission: { mechanism: 'guardrail' } }, {}],
    });
  },
  60_000,
);

test('steps that an older version began dark, walked and left are walked on, and gone back from', async () => {
  account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
  await account.run(deployEndpoint, { version: '1.1.0' }, { death: died('sagemaker.updateEndpoint') });
  older();
  expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
  await account.run(
    shiftTraffic,
    { version: '1.1.0' },
    { death: died('sagemaker.updateEndpointWeightsAndCapacities') },
  );
  older();
  expect((await account.run(shiftTraffic, { version: '1.1.0' }))?.result.reason).toBe('delivered');
  await account.run(rollback, {}, { death: died('sagemaker.updateEndpoint') });
  older();
  expect((await account.run(rollback, {}))?.result.reason).toBe('restored');
}, 120_000);
