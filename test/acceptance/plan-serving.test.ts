import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { commands } from '../../src/commands/all.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { policyFor } from '../../src/permissions.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { Result } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { madeByHand } from '../support/adopted.ts';
import { place } from '../support/policy-place.ts';
import { putGolden, regression } from '../support/regression-verdicts.ts';
import { runCommand } from '../support/run-command.ts';

/** A changed manifest is planned with the version that serves: a pull request has no version of its own yet. */

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

/** A dry run, which wrote nothing. */
const planned = async (inputs: Readonly<Record<string, string>> = {}): Promise<Result> => {
  const seen = account.watch();
  const report = await account.run(deployEndpoint, { version: 'serving', 'dry-run': 'true', ...inputs });
  expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  if (report === undefined) throw new Error('the run died');
  // For `on-change: fail`: only a plan with changes is one.
  expect(report.wouldChange ?? false).toBe((report.result.plan?.changes ?? []).length > 0);
  return report.result;
};
const ends = ({ outcome, reason }: Result): string => `${outcome}/${reason}`;
const details = ({ plan }: Result): readonly string[] => (plan?.changes ?? []).flatMap((change) => change.details);

describe('where a version serves', () => {
  beforeEach(() => account.inProduction('1.0.0'));

  test('the same manifest changes nothing', async () => {
    const result = await planned();
    expect(ends(result)).toBe('succeeded/already-delivered');
    expect(result.because).toBe('the manifest changes nothing at endpoint iris, which serves 1.0.0 with it');
    expect(result.plan?.changes).toEqual([]);
  });

  test('another instance type and count are named before the merge', async () => {
    account.writeManifest((text) => text.replace('ml.m5.large, count: 4', 'ml.m5.xlarge, count: 6'));
    const result = await planned();
    expect(ends(result)).toBe('succeeded/manifest-planned');
    expect(result.because).toBe(
      'the manifest changes endpoint iris: instances at the start: 4 → 6; instance type: ml.m5.large → ml.m5.xlarge',
    );
    expect(result.plan?.title).toBe('the next delivery to iris by this manifest, planned with 1.0.0, which serves');
  });

  test('a role with the policy of the plan is enough', async () => {
    account.simulator.attachPolicy('model-deployer', policyFor('plan', place));
    account.writeManifest((text) => text.replace('count: 4', 'count: 6'));
    expect(ends(await planned())).toBe('succeeded/manifest-planned');
  });

  test('so is autoscaling that the endpoint does not have', async () => {
    account.writeManifest((text) =>
      text.replace(
        /( +)instance: .*\n/,
        (line, indent: string) => `${line}${indent}autoscaling: { min: 2, max: 8, invocations-per-instance: 600 }\n`,
      ),
    );
    const result = await planned();
    expect(ends(result)).toBe('succeeded/manifest-planned');
    expect(details(result).join('\n')).toContain('2 to 8');
  });

  test.each(['linear', 'rolling', 'steps'] as const)(
    'another rollout (%s) is planned whole, although no setting differs',
    async (name) => {
      account.writeManifest(() => manifestText({ rollout: rollouts[name] }));
      const result = await planned();
      expect(ends(result)).toBe('succeeded/manifest-planned');
      expect(result.because).toBe(
        'the manifest changes no setting of endpoint iris, but the way there: 1.0.0, which serves, was delivered by another rollout or under other alarms',
      );
      expect(result.plan?.changes.map(({ object }) => object)).toContain('endpoint iris');
    },
  );

  test('other alarms are, and one that cannot fire is refused before the merge', async () => {
    account.writeManifest((text) => text.replace('errors: 1%', 'errors: 2%'));
    expect((await planned()).because).toMatch(/under other alarms$/);
    account.writeManifest((text) => text.replace('errors: 1%', 'errors: 1%, named: [no-such-alarm]'));
    expect(ends(await planned())).toBe('failed/alarm-not-ready');
  });

  test('a version whose delivery the record does not know is planned whole', async () => {
    const record = account.record();
    if (record !== undefined) account.forge({ ...record, ended: [] });
    expect((await planned()).because).toBe(
      'the manifest changes no setting of endpoint iris; how 1.0.0, which serves, was delivered is not known, so the next delivery is planned whole',
    );
  });

  test('neither its own approval nor its test counts: those of the next version do, when that is delivered', async () => {
    putGolden(account);
    account.writeManifest((text) => `${text.replace('count: 4', 'count: 6')}${regression()}`);
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/1`,
      ModelApprovalStatus: 'PendingManualApproval',
    });
    const result = await planned();
    expect(ends(result)).toBe('succeeded/manifest-planned');
    expect(result.plan?.notes.join('\n')).not.toContain('would refuse');
    expect(result.plan?.notes).toContain(
      'approval, promotion and regression test of the next version are looked at when it is delivered',
    );
  });

  test('a version that was taken back by hand and brought back is planned like any other', async () => {
    await account.inProduction('1.1.0');
    for (const to of ['1.0.0', '1.1.0'])
      expect((await account.run(rollback, { to }, { runId: to }))?.result).toMatchObject({ reason: 'restored' });
    for (const once of ['false', 'true']) {
      const result = await planned({ once });
      expect(ends(result)).toBe('succeeded/already-delivered');
      expect(result.because).toContain('which serves 1.1.0 with it');
    }
    account.writeManifest((text) => text.replace('count: 4', 'count: 6'));
    expect((await planned({ once: 'true' })).because).toBe(
      'the manifest changes endpoint iris: instances at the start: 4 → 6',
    );
  });

  test('a release that is under way is a sentence', async () => {
    await account.prepare('1.1.0');
    await account.run(deployEndpoint, { version: '1.1.0', wait: 'false' }, { runId: '2' });
    await account.pass(minutes(1));
    const result = await planned();
    expect(ends(result)).toBe('succeeded/manifest-planned');
    expect(result.because).toMatch(
      /^release \S+ is under way on endpoint iris: the changes are known when it has ended$/,
    );
  });

  test('a deleted package of the version is a sentence', async () => {
    await account.simulator.call('sagemaker', 'DeleteModelPackage', {
      ModelPackageName: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/1`,
    });
    expect(await planned()).toMatchObject({
      reason: 'manifest-planned',
      because:
        'endpoint iris serves package iris/1, which is no version of iris in this registry: there is no version to plan by',
    });
  });

  test('the word is refused by a run that would write', async () => {
    const report = await account.run(deployEndpoint, { version: 'serving' });
    expect(report?.result).toMatchObject({
      reason: 'invalid-input',
      because:
        'version: "serving" stands for the version that serves, and only a dry run plans it again; name the version to deploy',
    });
  });

  test('the command line plans it too', async () => {
    const args = ['--manifest', account.manifest, '--environment', team.environment, '--version', 'serving'];
    const at = { env: account.environment, seams: { clock: account.simulator.driver } };
    const { code, out, err } = await runCommand(await commands.plan(), args, at);
    expect(code).toBe(0);
    expect([...out, ...err].join('\n')).toContain('the manifest changes nothing at endpoint iris');
  });
});

describe('where none serves that can be planned, one sentence says so, and nothing fails', () => {
  test('no endpoint', async () => {
    expect(await planned()).toMatchObject({
      outcome: 'succeeded',
      because: 'endpoint iris does not exist yet: the first delivery to production creates it',
    });
  });

  test('a model of no package', async () => {
    await madeByHand(account, {});
    expect(await planned()).toMatchObject({
      outcome: 'succeeded',
      because: 'the model that endpoint iris serves is of no model package, so there is no version to plan by',
    });
  });

  test('an alias', async () => {
    account.writeManifest(() => manifestText({ lambda: true, rollout: rollouts.judgedAlias, unwatched: true }));
    expect(await planned()).toMatchObject({
      outcome: 'succeeded',
      because: expect.stringContaining('delivered by CodeDeploy, where only a registered version can be planned'),
    });
  });
});
