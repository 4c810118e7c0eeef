import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import type { AnyOperation } from '../../src/operations/all.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { type PublishedName, policyFor } from '../../src/permissions.ts';
import { sharingPolicies } from '../../src/policy-sharing.ts';
import { rehearsedTeam, rollouts, rolloutText } from '../../src/rehearsal/manifest.ts';
import {
  accounts,
  byPolicy,
  byRole,
  groupArn,
  share,
  sharedManifest,
  sharing,
} from '../../src/rehearsal/two-accounts.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { place } from '../support/policy-place.ts';
import { openSharedAccount, registerInTooling } from '../support/shared-registry.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const { model, account: id, region } = rehearsedTeam;

/** Staging beside production, in one account and with one registry. */
const manifest = (production: string = unwatched, stages: readonly [string?, string?] = ['Staging', 'Production']) => {
  const environment = (name: string, endpoint: string, rollout: string, stage: string | undefined) => `\
  ${name}:
    account: "${id}"
    region: ${region}
    role: model-deployer
    rollback-role: model-restorer${stage === undefined ? '' : `\n    stage: ${stage}`}
    endpoint: { name: ${endpoint}, execution-role: iris-serving, instance: { type: ml.m5.large, count: 4 } }
    rollout: { ${rollout} }
`;
  return `version: 1\nmodel: ${model}\nenvironments:\n${environment('staging', 'iris-staging', unwatched, stages[0])}${environment('production', 'iris', production, stages[1])}`;
};
const unwatched = rolloutText({ rollout: rollouts.unguarded, unwatched: true });

const packageOf = (packageVersion: number): string =>
  `arn:aws:sagemaker:${region}:${id}:model-package/${model}/${packageVersion}`;

/** `Production/Approved`, as the registry shows it. */
const shown = async (packageVersion: number): Promise<string | undefined> => {
  const { ModelLifeCycle: found } = (await account.simulator.call('sagemaker', 'DescribeModelPackage', {
    ModelPackageName: packageOf(packageVersion),
  })) as { readonly ModelLifeCycle?: { readonly Stage: string; readonly StageStatus: string } };
  return found && `${found.Stage}/${found.StageStatus}`;
};

const run = async (operation: AnyOperation, inputs: Readonly<Record<string, string>>, reason: string) => {
  const report = await account.run(operation as typeof deployEndpoint, inputs);
  expect(report?.result.reason).toBe(reason);
  return report;
};

/** Every stage that was sent to the registry, in order. */
const stagesIn = (seen: ReturnType<TestAccount['watch']>): readonly string[] =>
  seen()
    .filter(({ operation }) => operation === 'UpdateModelPackage')
    .map(({ input }) => {
      const { ModelPackageArn, ModelLifeCycle, ...rest } = input as {
        readonly ModelPackageArn: string;
        readonly ModelLifeCycle: { readonly Stage: string; readonly StageStatus: string };
      };
      // Above all no approval.
      expect(rest).toEqual({});
      return `${ModelPackageArn.split('/').at(-1)} ${ModelLifeCycle.Stage}/${ModelLifeCycle.StageStatus}`;
    });

const withStages = (production?: string): void => account.writeManifest(() => manifest(production));

describe('the stage in the registry', () => {
  test('follows a version through staging and production, and back', async () => {
    withStages();
    await account.prepare('1.0.0');
    await run(deployEndpoint, { environment: 'staging', version: '1.0.0' }, 'delivered');
    expect(await shown(1)).toBe('Staging/Approved');
    const before = await account.simulator.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: packageOf(1),
    });
    await run(deployEndpoint, { version: '1.0.0' }, 'delivered');
    expect(await shown(1)).toBe('Production/Approved');
    const after = await account.simulator.call('sagemaker', 'DescribeModelPackage', { ModelPackageName: packageOf(1) });
    const known = ({ ModelLifeCycle: _1, LastModifiedTime: _2, LastModifiedBy: _3, ...rest }: typeof after) => rest;
    expect(known(after)).toEqual(known(before));

    await account.prepare('1.1.0');
    await run(deployEndpoint, { environment: 'staging', version: '1.1.0' }, 'delivered');
    // Staging replaced it, and production still has it.
    expect([await shown(1), await shown(2)]).toEqual(['Production/Approved', 'Staging/Approved']);

    const seen = account.watch();
    await run(deployEndpoint, { version: '1.1.0' }, 'delivered');
    expect(stagesIn(seen)).toEqual(['2 Production/InProgress', '2 Production/Approved', '1 Production/Retired']);
    expect([await shown(1), await shown(2)]).toEqual(['Production/Retired', 'Production/Approved']);

    // 1.1.0 goes on serving production.
    const back = account.watch();
    await run(rollback, { environment: 'staging' }, 'restored');
    expect(stagesIn(back)).toEqual([]);

    await run(rollback, { because: 'wrong species since noon' }, 'restored');
    expect([await shown(1), await shown(2)]).toEqual(['Production/Approved', 'Production/Rejected']);
    const again = account.watch();
    await run(rollback, {}, 'already-restored');
    expect(stagesIn(again)).toEqual([]);
  });

  test('shows a candidate without traffic, its way to all traffic, and one that is convicted', async () => {
    withStages();
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const steps = rolloutText({ rollout: rollouts.steps });
    withStages(steps);
    const seen = account.watch();
    await run(deployEndpoint, { version: '1.1.0' }, 'candidate-dark');
    expect([await shown(1), await shown(2)]).toEqual(['Production/Approved', 'Production/PendingApproval']);
    await run(shiftTraffic, { version: '1.1.0' }, 'delivered');
    expect(stagesIn(seen)).toEqual([
      '2 Production/InProgress',
      '2 Production/PendingApproval',
      '2 Production/InProgress',
      '2 Production/Approved',
      '1 Production/Retired',
    ]);

    await account.prepare('1.4.0');
    await run(deployEndpoint, { version: '1.4.0' }, 'candidate-dark');
    await run(shiftTraffic, { version: '1.4.0' }, 'convicted');
    expect([await shown(2), await shown(3)]).toEqual(['Production/Approved', 'Production/Rejected']);
  });

  test('shows a candidate that is removed as held, and the version beside it as before', async () => {
    withStages();
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    withStages(rolloutText({ rollout: rollouts.steps }));
    await run(deployEndpoint, { version: '1.1.0' }, 'candidate-dark');
    await run(rollback, {}, 'candidate-withdrawn');
    expect([await shown(1), await shown(2)]).toEqual(['Production/Approved', 'Production/OnHold']);
  });

  test('shows a version that its alarm took back as rejected', async () => {
    withStages();
    await account.inProduction('1.0.0');
    withStages(rolloutText());
    await account.prepare('1.4.0');
    await run(deployEndpoint, { version: '1.4.0' }, 'alarm');
    expect([await shown(1), await shown(2)]).toEqual(['Production/Approved', 'Production/Rejected']);
  });

  test('is written by the next run when a run died between the delivery and the write', async () => {
    withStages();
    await account.prepare('1.0.0');
    const requested: string[] = [];
    await account.run(deployEndpoint, { version: '1.0.0' }, { requested });
    const calls = requested.flatMap((name, index) => (name === 'sagemaker.updateModelPackage' ? [index + 1] : []));
    expect(calls).toHaveLength(2);
    await account.close();
    account = await openAccount();
    withStages();
    await account.prepare('1.0.0');
    const death = { atCall: calls[1] ?? 0, received: false };
    expect(await account.run(deployEndpoint, { version: '1.0.0' }, { death })).toBeUndefined();
    expect(await shown(1)).toBe('Production/InProgress');
    await run(deployEndpoint, { version: '1.0.0' }, 'delivered');
    expect(await shown(1)).toBe('Production/Approved');
  });

  test('is of no concern to a manifest without the key: nothing is sent to the registry', async () => {
    account.writeManifest(() => manifest(unwatched, []));
    await account.prepare('1.0.0');
    await account.prepare('1.1.0');
    const seen = account.watch();
    await run(deployEndpoint, { version: '1.0.0' }, 'delivered');
    await run(deployEndpoint, { version: '1.1.0' }, 'delivered');
    await run(rollback, {}, 'restored');
    expect(seen().filter(({ operation }) => operation === 'UpdateModelPackage')).toEqual([]);
  });

  test('is in the plan, which writes nothing', async () => {
    withStages();
    await account.prepare('1.0.0');
    const seen = account.watch();
    const report = await run(deployEndpoint, { version: '1.0.0', 'dry-run': 'true' }, 'planned');
    expect(report?.result.plan?.permissions).toContain('sagemaker:UpdateModelPackage');
    expect(report?.result.plan?.notes).toContain('the registry shows the version in the stage Production from now on');
    expect(seen().filter(({ mutation, operation }) => mutation && operation !== 'AssumeRole')).toEqual([]);
  });
});

describe('a role', () => {
  const role = (name: string): string => `arn:aws:iam::${id}:role/${name}`;
  const give = (...policies: readonly PublishedName[]): void => {
    for (const name of policies) account.simulator.attachPolicy(role('model-deployer'), policyFor(name, place));
  };

  test('that may not write stages delivers all the same, and warns once', async () => {
    await account.prepare('1.0.0');
    give('deploy-endpoint');
    withStages();
    const seen = account.watch();
    const report = await run(deployEndpoint, { version: '1.0.0' }, 'delivered');
    const remarks = report?.result.remarks ?? [];
    expect(remarks).toHaveLength(1);
    expect(remarks[0]).toMatch(
      /^the stage Production was not written to the registry: sagemaker:UpdateModelPackage was denied: grant sagemaker:UpdateModelPackage/,
    );
    expect(seen().filter(({ operation }) => operation === 'UpdateModelPackage')).toHaveLength(1);
    expect(await shown(1)).toBeUndefined();
    expect(account.record()?.ended[0]).toMatchObject({ outcome: 'succeeded', witnessed: { stageRefused: true } });
  });

  test('that may write stages cannot approve', async () => {
    await account.register('1.0.0');
    give('deploy-endpoint', 'life-cycle');
    withStages();
    await run(deployEndpoint, { version: '1.0.0' }, 'not-approved');
    expect(await shown(1)).toBeUndefined();
    await account.approve();
    const report = await run(deployEndpoint, { version: '1.0.0' }, 'delivered');
    expect(report?.result.remarks ?? []).toEqual([]);
    expect(await shown(1)).toBe('Production/Approved');
  });
});

test('a registry that is throttled for hours fails no delivery, and is one remark', async () => {
  withStages();
  await account.prepare('1.0.0');
  account.simulator.faults.add({
    service: 'sagemaker',
    operation: 'UpdateModelPackage',
    times: 1000,
    kind: 'throttle',
  });
  const from = account.simulator.clock.now();
  const report = await run(deployEndpoint, { version: '1.0.0' }, 'delivered');
  expect(report?.result.remarks).toEqual([
    expect.stringMatching(/^the stage Production was not written to the registry: .*Rate exceeded/),
  ]);
  expect(account.simulator.clock.now() - from).toBeLessThan(minutes(40));
});

describe.each([
  ['by a role of that account', byRole, /the policy of the registry's role registry-reader has to allow it/],
  [
    'by the resource policy of the group',
    byPolicy,
    /the resource policy of the model package group iris, .*"Action":"sagemaker:UpdateModelPackage"/,
  ],
])('a registry of another account, %s', (_way, way, remedy) => {
  test('shows the stage where it allows the write; else a remark names the policy', async () => {
    await account.close();
    account = await openSharedAccount();
    const { simulator } = account;
    await share(simulator);
    const caller = `arn:aws:iam::${accounts.staging}:role/model-deployer`;
    const Resource = [groupArn.replace('-group/', '/').concat('/*')];
    const allow = { Effect: 'Allow', Action: ['sagemaker:UpdateModelPackage'], Resource };
    const document = { Version: '2012-10-17', Statement: [allow] };
    simulator.attachPolicy(caller, document);
    await registerInTooling(account, '1.0.0', true);
    account.writeManifest(() => sharedManifest({ staging: `${way}\n    stage: Staging`, production: way }));
    const deliver = async (environment: string) =>
      (await run(deployEndpoint, { environment, version: '1.0.0' }, 'delivered'))?.result.remarks ?? [];
    const remarks = await deliver('staging');
    expect(remarks).toHaveLength(1);
    expect(remarks[0]).toMatch(remedy);
    expect(await deliver('production')).toEqual([]);

    const tooling = simulator.account(accounts.tooling);
    const { Version, Statement } = sharingPolicies(sharing)['group-policy'];
    await tooling.call('sagemaker', 'PutModelPackageGroupPolicy', {
      ModelPackageGroupName: model,
      ResourcePolicy: JSON.stringify({ Version, Statement: [...Statement, { ...allow, Principal: { AWS: caller } }] }),
    });
    simulator.attachPolicy(`arn:aws:iam::${accounts.tooling}:role/${sharing.reader}`, document);
    await registerInTooling(account, '1.1.0', true);
    account.writeManifest(() => sharedManifest({ staging: `${way}\n    stage: Staging`, production: way }));
    expect(
      (await run(deployEndpoint, { environment: 'staging', version: '1.1.0' }, 'delivered'))?.result.remarks ?? [],
    ).toEqual([]);
    const { ModelLifeCycle: found } = await tooling.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: `${model}/2`,
    });
    expect(found).toMatchObject({ Stage: 'Staging', StageStatus: 'Approved' });
  });
});
