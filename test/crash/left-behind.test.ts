import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { atRest } from '../support/at-rest.ts';

/** A run that dies, and another workflow run that wants the endpoint. */
let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
  await account.prepare('1.1.0');
  await account.prepare('1.3.0');
});
afterEach(() => account.close());

/** Where the first run dies, by the call that is its last. */
const deaths = {
  'before anything was made': 'sagemaker.createModel',
  'before the alarms were made': 'cloudwatch.putMetricAlarm',
  'when the update was announced and not sent': 'sagemaker.updateEndpoint',
  'when the update was sent and not answered': 'sagemaker.updateEndpoint',
} as const;

describe.each(Object.entries(deaths))('left behind %s', (when, call) => {
  test.each(['1.1.0', '1.3.0'])(
    'its lease is respected, and then %s is delivered by another run with nothing left behind',
    async (version) => {
      const death = { atCall: call, received: when.endsWith('answered') };
      expect(await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
      await account.pass(minutes(1));
      const seen = account.watch();
      const early = await account.run(deployEndpoint, { version }, { runId: '8' });
      expect(early?.result).toMatchObject({ reason: 'held-by-another-release' });
      expect(early?.result.because).toContain('github/acme/iris/7/deliver');
      expect(seen().filter(({ mutation }) => mutation)).toEqual([]);

      await account.pass(minutes(11));
      const late = await account.run(deployEndpoint, { version }, { runId: '8' });
      expect(late?.result).toMatchObject({ outcome: 'succeeded' });
      const end = await atRest(account);
      expect(end).toMatchObject({ alarms: [], live: undefined });
      expect(account.record()?.history[0]).toMatchObject({ version, good: true });
      expect(end['endpoint']).toMatchObject({
        EndpointConfigName: account.record()?.history[0]?.endpointConfig,
        EndpointStatus: 'InService',
      });
    },
  );
});

describe('a candidate that was coming up dark when its run died', () => {
  test.each(['1.1.0', '1.2.0'])('is brought to rest, and then %s comes up dark', async (version) => {
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await account.prepare('1.2.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: true };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
    await account.pass(minutes(11));
    const next = await account.run(deployEndpoint, { version }, { runId: '8' });
    expect(next?.result).toMatchObject({ reason: 'candidate-dark', because: expect.stringContaining(version) });
    expect(account.record()?.live).toBeUndefined();
  });
});
