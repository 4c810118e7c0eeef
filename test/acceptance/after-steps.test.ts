import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { IrisVersion } from '../../simulator/fixtures/fixtures.ts';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rehearsedTeam, rollouts } from '../../src/rehearsal/manifest.ts';
import { readServing } from '../../src/rehearsal/serving.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

/** What the next command does after a stepped release ended, well or badly. */
let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
  account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
});
afterEach(() => account.close());

const dark = async (version: IrisVersion) => (await account.run(deployEndpoint, { version }))?.result;
const shift = async (version: IrisVersion) => (await account.run(shiftTraffic, { version }))?.result;
const back = async () => (await account.run(rollback, { because: 'wrong prices' }))?.result;
const shown = async () => {
  const serving = await readServing(account.simulator, 'iris');
  return {
    config: serving?.endpointConfig,
    variants: serving?.variants.map(({ name, version, share }) => `${name} ${version} ${share}`),
  };
};
const writesOf = async (action: () => Promise<unknown>): Promise<number> => {
  const seen = account.watch();
  await action();
  return seen().filter(({ mutation }) => mutation).length;
};

describe('after a good one', () => {
  let before: Awaited<ReturnType<typeof shown>>;
  beforeEach(async () => {
    before = await shown();
    await account.prepare('1.1.0');
    await dark('1.1.0');
    expect((await shift('1.1.0'))?.reason).toBe('delivered');
  });

  test('rollback goes to what served before, alone, as it was', async () => {
    expect(await back()).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(await shown()).toEqual(before);
    expect(await writesOf(async () => expect((await back())?.reason).toBe('already-restored'))).toBe(0);
  });

  test('the same workflow again changes nothing', async () => {
    const delivered = await shown();
    expect(
      await writesOf(async () => {
        expect((await dark('1.1.0'))?.reason).toBe('already-delivered');
        expect((await shift('1.1.0'))?.reason).toBe('already-delivered');
      }),
    ).toBe(0);
    expect(await shown()).toEqual(delivered);
  });
});

describe('after a bad one', () => {
  beforeEach(async () => {
    await account.prepare('1.4.0');
    await dark('1.4.0');
    expect((await shift('1.4.0'))?.reason).toBe('convicted');
  });

  test('neither half tries it again by itself', async () => {
    expect(
      await writesOf(async () => {
        expect((await shift('1.4.0'))?.reason).toBe('already-convicted');
        expect((await dark('1.4.0'))?.reason).toBe('already-convicted');
      }),
    ).toBe(0);
    const insisted = await account.run(deployEndpoint, { version: '1.4.0', retry: 'true' });
    expect(insisted?.result).toMatchObject({ outcome: 'succeeded', reason: 'candidate-dark' });
    expect((await shift('1.4.0'))?.reason).toBe('already-convicted');
    expect((await account.run(shiftTraffic, { version: '1.4.0', retry: 'true' }))?.result.reason).toBe('convicted');
  });

  test('rollback finds the old version serving', async () => {
    expect((await back())?.reason).toBe('already-restored');
    expect((await account.run(rollback, { to: '1.0.0' }))?.result.reason).toBe('already-restored');
    expect((await shown()).variants).toEqual(['AllTraffic 1.0.0 1', 'AllTraffic-next 1.4.0 0']);
  });

  test('a deployment under guardrails, which need one variant, first removes the candidate that was left', async () => {
    account.writeManifest(() => manifestText({ rollout: rollouts.canary }));
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    expect((await shown()).variants).toEqual(['AllTraffic 1.1.0 1']);
    expect(
      account
        .record()
        ?.ended.map(({ operation, reason }) => `${operation} ${reason}`)
        .slice(0, 3),
    ).toEqual(['deploy-endpoint delivered', 'rollback candidate-withdrawn', 'shift-traffic convicted']);
  });
});

test('a candidate that is up dark already is said to be dark, not delivered', async () => {
  await account.prepare('1.1.0');
  await dark('1.1.0');
  expect(await writesOf(async () => expect((await dark('1.1.0'))?.reason).toBe('candidate-dark'))).toBe(0);
});

describe('while a candidate waits without traffic', () => {
  const serving = ['AllTraffic 1.1.0 1'];
  beforeEach(async () => {
    account.writeManifest(() => manifestText({ rollout: rollouts.canary }));
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await account.prepare('1.4.0');
    expect((await dark('1.4.0'))?.reason).toBe('candidate-dark');
    expect((await shown()).variants).toEqual([...serving, 'AllTraffic-next 1.4.0 0']);
  });
  const to = async (version: string) => (await account.run(rollback, { to: version }))?.result;
  const ends = () => account.record()?.history.map(({ version, ended }) => `${version} ${ended ?? 'serves'}`);

  test('rollback removes the candidate alone, and reports how to go back past the version that serves', async () => {
    const result = await back();
    expect(result).toMatchObject({
      outcome: 'succeeded',
      reason: 'candidate-withdrawn',
      because: expect.stringMatching(
        /1\.4\.0.*1\.1\.0 serves as before.*to go back past 1\.1\.0, to 1\.0\.0, run rollback with to$/,
      ),
      outputs: { version: '1.1.0', 'serving-version': '1.1.0' },
    });
    expect((await shown()).variants).toEqual(serving);
    expect(ends()).toEqual(['1.1.0 serves', '1.1.0 replaced', '1.1.0 replaced', '1.0.0 replaced']);
    expect(await writesOf(async () => expect((await back())?.reason).toBe('already-restored'))).toBe(0);
    // A day later it is no second press of the same command, and the version that serves has a version before it.
    account.stopTraffic();
    await account.pass(minutes(25 * 60));
    expect((await back())?.reason).toBe('restored');
    expect((await shown()).variants).toEqual(['AllTraffic 1.0.0 1']);
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('already-convicted');
  });

  test('the plan of it names both ways', async () => {
    const plan = (await account.run(rollback, { 'dry-run': 'true' }))?.result.plan;
    expect(plan?.title).toBe(
      'remove the candidate 1.4.0, which has no traffic, from iris, which goes on serving 1.1.0: rolled back by hand',
    );
    expect(plan?.notes).toEqual(
      expect.arrayContaining([
        '1.1.0 keeps all traffic; to go back past it, to 1.0.0, name that with to',
        'this does not convict 1.4.0',
      ]),
    );
  });

  test('the candidate is not convicted: it comes up again', async () => {
    await back();
    expect(await shift('1.4.0')).toMatchObject({ reason: 'no-candidate' });
    expect((await dark('1.4.0'))?.reason).toBe('candidate-dark');
    expect((await shown()).variants).toEqual([...serving, 'AllTraffic-next 1.4.0 0']);
  });

  test('the version that serves, named, is the same command', async () => {
    expect((await to('1.1.0'))?.reason).toBe('candidate-withdrawn');
    expect((await shown()).variants).toEqual(serving);
  });

  test('an earlier version, named, takes the version that serves back and convicts it, not the candidate', async () => {
    const dry = await account.run(rollback, { to: '1.0.0', 'dry-run': 'true' });
    expect(dry?.result.plan?.notes).toEqual(
      expect.arrayContaining([
        'the candidate 1.4.0, which has no traffic, goes too; without to a rollback removes it alone',
      ]),
    );
    expect(await to('1.0.0')).toMatchObject({ reason: 'restored', outputs: { 'serving-version': '1.0.0' } });
    expect((await shown()).variants).toEqual(['AllTraffic 1.0.0 1']);
    expect((await dark('1.1.0'))?.reason).toBe('already-convicted');
    expect((await dark('1.4.0'))?.reason).toBe('candidate-dark');
  });

  test('the candidate, named, never served', async () => {
    expect(await to('1.4.0')).toMatchObject({
      reason: 'nothing-to-roll-back-to',
      because: expect.stringContaining('1.4.0 never served iris, but is up without traffic'),
    });
    expect((await shown()).variants).toEqual([...serving, 'AllTraffic-next 1.4.0 0']);
  });

  test('a deployment under guardrails of the same version first removes its candidate, and does not convict it', async () => {
    account.writeManifest(() => manifestText({ rollout: rollouts.canary }));
    // It comes as far as its alarm: 5 % of its answers are errors.
    expect((await account.run(deployEndpoint, { version: '1.4.0' }))?.result.reason).toBe('alarm');
    expect((await shown()).variants).toEqual(serving);
  });
});

describe('when there is no capacity to publish what was proven', () => {
  const before = ['AllTraffic 1.0.0 0', 'AllTraffic-next 1.1.0 1'];
  beforeEach(async () => {
    await account.prepare('1.1.0');
    await dark('1.1.0');
    account.simulator.harm.failCapacity(1);
    const result = await shift('1.1.0');
    expect(result).toMatchObject({ reason: 'retire-failed', outputs: { 'serving-version': '' } });
    expect((await shown()).variants).toEqual(before);
  });

  test('shift-traffic goes on with the publishing and takes no traffic back for it', async () => {
    const seen = account.watch();
    expect((await shift('1.1.0'))?.reason).toBe('delivered');
    expect(seen().filter(({ operation }) => operation === 'UpdateEndpointWeightsAndCapacities')).toEqual([]);
    expect((await shown()).variants).toEqual(['AllTraffic 1.1.0 1']);
  });

  const reject = async (): Promise<void> => {
    const { ModelPackageSummaryList } = await account.simulator.call('sagemaker', 'ListModelPackages', {
      ModelPackageGroupName: rehearsedTeam.model,
      SortOrder: 'Descending',
    });
    const [{ ModelPackageArn = '' } = {}] = ModelPackageSummaryList as { readonly ModelPackageArn?: string }[];
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn,
      ModelApprovalStatus: 'Rejected',
    });
  };

  test('a rejection meanwhile is refused, and the refusal says who has the traffic', async () => {
    await reject();
    expect(await shift('1.1.0')).toMatchObject({
      reason: 'not-approved',
      because: expect.stringContaining(
        '1.1.0 has all traffic of iris since an earlier run: take it back with rollback',
      ),
    });
  });

  test('a rejection after shift-traffic had begun again takes the traffic back', async () => {
    const death = { atCall: 'sagemaker.listModelPackages', received: false };
    expect(await account.run(shiftTraffic, { version: '1.1.0' }, { death })).toBeUndefined();
    expect(account.record()?.live?.phase).toBe('preparing');
    await reject();
    expect((await shift('1.1.0'))?.reason).toBe('approval-withdrawn');
    expect((await shown()).variants).toEqual(['AllTraffic 1.0.0 1', 'AllTraffic-next 1.1.0 0']);
  });

  test('rollback takes the traffic back', async () => {
    expect(await back()).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect((await shown()).variants?.[0]).toBe('AllTraffic 1.0.0 1');
    expect((await dark('1.1.0'))?.reason).toBe('already-convicted');
    // Until the last ten minutes are its own again, the endpoint has too little traffic for a bake.
    await account.pass(minutes(10));
    expect((await account.run(deployEndpoint, { version: '1.0.0', 'dry-run': 'true' }))?.result.reason).toBe('planned');
    expect((await shown()).variants?.[0]).toBe('AllTraffic 1.0.0 1');
  });
});
