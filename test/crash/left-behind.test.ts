import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { atRest } from '../support/at-rest.ts';

/** A run that dies, and another workflow run that wants the endpoint. */
let team: TestAccount;
beforeEach(async () => {
  team = await openAccount();
  await team.inProduction('1.0.0');
  await team.prepare('1.1.0');
  await team.prepare('1.3.0');
});
afterEach(() => team.close());

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
      const death = { atCall: call, heard: when.endsWith('answered') };
      expect(await team.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
      await team.pass(minutes(1));
      const seen = team.watch();
      const early = await team.run(deployEndpoint, { version }, { runId: '8' });
      expect(early?.result).toMatchObject({ reason: 'held-by-another-release' });
      expect(early?.result.because).toContain('github/acme/iris/7/deliver');
      expect(seen().filter(({ mutation }) => mutation)).toEqual([]);

      await team.pass(minutes(11));
      const late = await team.run(deployEndpoint, { version }, { runId: '8' });
      expect(late?.result).toMatchObject({ outcome: 'succeeded' });
      const end = await atRest(team);
      expect(end).toMatchObject({ alarms: [], live: undefined });
      expect(team.record()?.history[0]).toMatchObject({ version, good: true });
      expect(end['endpoint']).toMatchObject({
        EndpointConfigName: team.record()?.history[0]?.endpointConfig,
        EndpointStatus: 'InService',
      });
    },
  );
});

describe('a candidate that was coming up dark when its run died', () => {
  test.each(['1.1.0', '1.2.0'])('is brought to rest, and then %s comes up dark', async (version) => {
    team.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await team.prepare('1.2.0');
    const death = { atCall: 'sagemaker.updateEndpoint', heard: true };
    expect(await team.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
    await team.pass(minutes(11));
    const next = await team.run(deployEndpoint, { version }, { runId: '8' });
    expect(next?.result).toMatchObject({ reason: 'candidate-dark', because: expect.stringContaining(version) });
    expect(team.record()?.live).toBeUndefined();
  });
});
