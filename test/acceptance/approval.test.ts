import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { contentDigest } from '../../src/registry/content.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { ReleaseRecord } from '../../src/release/record.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { atRest } from '../support/at-rest.ts';

/** Most rows deliver several times. */

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

type Package = { readonly ModelPackageArn: string };

const newestPackage = async (): Promise<string> => {
  const { ModelPackageSummaryList } = await account.simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: team.model,
    SortOrder: 'Descending',
  });
  return (ModelPackageSummaryList as Package[])[0]?.ModelPackageArn ?? '';
};

const decide = async (ModelApprovalStatus: 'Approved' | 'Rejected'): Promise<void> => {
  await account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: await newestPackage(),
    ModelApprovalStatus,
    ApprovalDescription: 'recall fell',
  });
};

/** Whoever may edit a package but not approve one: another container under the same approval, and metadata to match. */
const forge = async (): Promise<void> => {
  const ModelPackageArn = await newestPackage();
  const { InferenceSpecification, CustomerMetadataProperties } = await account.simulator.call(
    'sagemaker',
    'DescribeModelPackage',
    {
      ModelPackageName: ModelPackageArn,
    },
  );
  const { Containers, ...called } = InferenceSpecification as { Containers: readonly Record<string, unknown>[] };
  const [{ ImageDigest: _filledIn, ...container } = {}] = Containers;
  await account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn,
    InferenceSpecification: { ...called, Containers: [{ ...container, Environment: { THRESHOLD: '0' } }] },
    CustomerMetadataProperties: {
      'content-digest': contentDigest({
        containers: [{ ...container, Environment: { THRESHOLD: '0' } }],
        artifactSha256: (CustomerMetadataProperties as Record<string, string>)['artifact-sha256'] ?? '',
        inferenceSpecification: { contentTypes: ['text/csv'], responseTypes: ['text/csv'], realtimeInstanceTypes: [] },
      }),
    },
  });
};

/** As an older version of this suite, or somebody else, registered it: nothing of the content is in the description. */
const unseal = async (): Promise<void> => {
  const ModelPackageName = await newestPackage();
  const { InferenceSpecification, CustomerMetadataProperties } = await account.simulator.call(
    'sagemaker',
    'DescribeModelPackage',
    { ModelPackageName },
  );
  await account.simulator.call('sagemaker', 'DeleteModelPackage', { ModelPackageName });
  await account.simulator.call('sagemaker', 'CreateModelPackage', {
    ModelPackageGroupName: team.model,
    ModelPackageDescription: 'iris_v1.1.0: as it was',
    ModelApprovalStatus: 'Approved',
    InferenceSpecification,
    CustomerMetadataProperties,
  });
};

/** Something that happens so long after now, whatever runs. */
const later = (after: number, happens: () => Promise<unknown>): void => {
  account.simulator.clock.at(account.simulator.clock.now() + after, 'meanwhile', () => void happens());
};

const sent = (seen: ReturnType<ReturnType<TestAccount['watch']>>, operation: string): number =>
  seen.filter((request) => request.operation === operation && request.mutation).length;

const share = async (): Promise<readonly number[]> => {
  const { ProductionVariants } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: team.endpoint,
  });
  return (ProductionVariants as { readonly CurrentWeight: number }[]).map(({ CurrentWeight }) => CurrentWeight);
};

const serving = async (): Promise<Record<string, unknown>> => {
  const { endpoint, alarms, scaling, live } = await atRest(account);
  return { endpoint, alarms, scaling, live };
};

const last = (): ReleaseRecord['ended'][number] | undefined => account.record()?.ended[0];

const withdrawn = { outcome: 'rolled-back', reason: 'approval-withdrawn' };
const changed = { outcome: 'rejected', reason: 'content-changed' };
const refused = { outcome: 'rejected', reason: 'not-approved' };
const tooLate = { outcome: 'inconclusive', reason: 'withdrawn-too-late' };

describe('rejected before anything was submitted', () => {
  test('killed before UpdateEndpoint, rejected, run again: refused, with everything put back; approved again, it is delivered', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const before = await serving();
    const death = { atCall: 'sagemaker.updateEndpoint', received: false };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { death })).toBeUndefined();
    await decide('Rejected');

    const seen = account.watch();
    const again = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(again?.result).toMatchObject(refused);
    expect(again?.result.because).toMatch(/iris_v1\.1\.0 \(package version 2\) is Rejected, .*: recall fell/);
    expect(sent(seen(), 'UpdateEndpoint')).toBe(0);
    expect(await serving()).toEqual(before);

    const still = account.watch();
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result).toMatchObject(refused);
    expect(still().filter(({ mutation }) => mutation)).toEqual([]);

    await decide('Approved');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    expect(last()?.attempt).toBe(2);
  });

  test('killed early, rejected, run again: nothing of the delivery is made any more', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const death = { atCall: 'sagemaker.createModel', received: false };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { death })).toBeUndefined();
    await decide('Rejected');
    const seen = account.watch();
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result).toMatchObject(refused);
    expect(sent(seen(), 'CreateModel')).toBe(0);
  });

  test('while the run waits for the endpoint to settle', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const death = { atCall: 'cloudwatch.putMetricAlarm', received: true };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { death })).toBeUndefined();
    await account.simulator.call('sagemaker', 'UpdateEndpointWeightsAndCapacities', {
      EndpointName: team.endpoint,
      DesiredWeightsAndCapacities: [{ VariantName: team.variant, DesiredInstanceCount: 5 }],
    });
    later(minutes(1), () => decide('Rejected'));
    const seen = account.watch();
    const again = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(again?.result).toMatchObject(refused);
    expect(sent(seen(), 'UpdateEndpoint')).toBe(0);
    expect((await serving())['alarms']).toEqual([]);
  });

  test('a package that was deleted meanwhile ends the release, too', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: false };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { death })).toBeUndefined();
    await account.simulator.call('sagemaker', 'DeleteModelPackage', { ModelPackageName: await newestPackage() });
    const again = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(again?.result).toMatchObject({ ...refused, because: expect.stringContaining('was deleted') });
    expect(account.record()?.live).toBeUndefined();
  });

  test('without the permission to look nothing is submitted, and the permission is named', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: false };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { death })).toBeUndefined();
    account.simulator.permit('model-deployer', [...everythingBut('sagemaker:DescribeModelPackage')]);
    const seen = account.watch();
    const again = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(again?.result).toMatchObject({ outcome: 'failed', reason: 'access-denied' });
    expect(again?.result.because).toContain('sagemaker:DescribeModelPackage');
    expect(sent(seen(), 'UpdateEndpoint')).toBe(0);
    expect(account.record()?.live).toBeUndefined();
  });
});

const everythingBut = (denied: string): readonly string[] =>
  [
    's3:*',
    'iam:PassRole',
    'ecr:*',
    'application-autoscaling:*',
    'cloudwatch:*',
    'sagemaker:DescribeEndpoint*',
    'sagemaker:DescribeModel',
    'sagemaker:DescribeModelPackage',
    'sagemaker:List*',
    'sagemaker:Create*',
    'sagemaker:Update*',
    'sagemaker:AddTags',
  ].filter((action) => action !== denied);

describe('rejected while SageMaker moves the traffic', () => {
  const outOfIt = async (after: number, change = (text: string) => text) => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    account.writeManifest(change);
    const before = await serving();
    later(after, () => decide('Rejected'));
    const seen = account.watch();
    const report = await account.run(deployEndpoint, { version: '1.1.0' });
    return { report, before, updates: sent(seen(), 'UpdateEndpoint') };
  };

  test.each([
    ['in the canary', minutes(8)],
    ['in the last bake', minutes(16)],
  ])('%s: the traffic goes back, and the version is a new attempt once it is approved again', async (_when, after) => {
    const { report, before, updates } = await outOfIt(after);
    expect(report?.result).toMatchObject(withdrawn);
    // By its alarm, while it bakes: not by another update when all is over.
    expect(updates).toBe(1);
    expect(report?.result.because).toMatch(/package version 2\) is Rejected.*recall fell/);
    expect(await serving()).toEqual(before);
    expect(account.record()?.history.find(({ version }) => version === '1.1.0')).toMatchObject({ ended: 'rejected' });
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result).toMatchObject(refused);
    await decide('Approved');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
  });

  test('with on-rejection: finish the rollout goes on, and the report says so', async () => {
    const { report } = await outOfIt(minutes(8), finishing);
    expect(report?.result.reason).toBe('delivered');
    expect(report?.remarks.join()).toMatch(/is Rejected.*on-rejection: finish/);
  });

  test('an edit of the package is no rejection: it ends the rollout with on-rejection: finish, too', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    account.writeManifest(finishing);
    later(minutes(8), () => forge());
    const report = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ ...withdrawn, because: expect.stringContaining('edited') });
  });

  describe('when the update is over before anybody looks', () => {
    const unseen = async (): Promise<Record<string, unknown>> => {
      await account.inProduction('1.0.0');
      await account.prepare('1.1.0');
      const before = await serving();
      const death = { atCall: 'sagemaker.updateEndpoint', received: true };
      expect(await account.run(deployEndpoint, { version: '1.1.0' }, { death })).toBeUndefined();
      await decide('Rejected');
      await account.pass(minutes(60));
      return before;
    };

    test('it is taken back by another update', async () => {
      const before = await unseen();
      const report = await account.run(deployEndpoint, { version: '1.1.0' });
      expect(report?.result).toMatchObject({ ...withdrawn, outputs: { 'serving-version': '1.0.0' } });
      expect(report?.result.because).toMatch(/is Rejected.*1\.0\.0 serves again/);
      expect(await serving()).toEqual(before);
      expect(account.record()?.history.find(({ version }) => version === '1.1.0')).toMatchObject({ ended: 'rejected' });
      expect(account.record()?.history[0]).toMatchObject({ version: '1.0.0', good: true });
      await decide('Approved');
      expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    });

    test.each([
      ['sagemaker.updateEndpoint', false],
      ['sagemaker.updateEndpoint', true],
    ])('and the run that does so may die, too: %s, heard: %s', async (atCall, received) => {
      const before = await unseen();
      expect(await account.run(deployEndpoint, { version: '1.1.0' }, { death: { atCall, received } })).toBeUndefined();
      const seen = account.watch();
      const report = await account.run(deployEndpoint, { version: '1.1.0' });
      expect(report?.result).toMatchObject(withdrawn);
      expect(sent(seen(), 'UpdateEndpoint')).toBe(received ? 0 : 1);
      expect(await serving()).toEqual(before);
    });

    describe('and the configuration that served before was deleted', () => {
      beforeEach(async () => {
        await unseen();
        const EndpointConfigName = account.record()?.live?.baseline?.endpointConfig;
        await account.simulator.call('sagemaker', 'DeleteEndpointConfig', { EndpointConfigName });
      });

      test('the run says that the version serves without its approval', async () => {
        const report = await account.run(deployEndpoint, { version: '1.1.0' });
        expect(report?.result).toMatchObject({ ...tooLate, outputs: { 'serving-version': '1.1.0' } });
        expect(report?.result.because).toMatch(/is Rejected.*1\.1\.0 still serves.*was deleted/);
      });

      test('the watchdog ends the release, and the endpoint is free for others', async () => {
        const report = await account.run(rollback, { 'only-expired': 'true' }, { runId: '9' });
        expect(report?.result).toMatchObject({ reason: 'brought-to-rest' });
        expect(last()).toMatchObject(tooLate);
        expect(account.record()?.live).toBeUndefined();
      });
    });

    test('the watchdog sees to it as well', async () => {
      const before = await unseen();
      const report = await account.run(rollback, { 'only-expired': 'true' }, { runId: '9' });
      expect(report?.result.reason).toBe('brought-to-rest');
      expect(report?.result.because).toContain('rolled-back/approval-withdrawn');
      expect(await serving()).toEqual(before);
    });
  });

  test('a first deployment has nothing to go back to, and that is said', async () => {
    await account.prepare('1.0.0');
    later(minutes(1), () => decide('Rejected'));
    const report = await account.run(deployEndpoint, { version: '1.0.0' });
    expect(report?.result).toMatchObject(tooLate);
    expect(report?.result.because).toContain('no configuration to go back to');
    expect(account.record()?.history[0]).toMatchObject({ version: '1.0.0', good: false });
  });

  test('a registry that cannot be read is neither: the rollout goes on and says so', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    later(minutes(8), async () =>
      account.simulator.permit('model-deployer', [...everythingBut('sagemaker:DescribeModelPackage')]),
    );
    const report = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(report?.result.reason).toBe('delivered');
    expect(report?.remarks.join()).toContain('grant sagemaker:DescribeModelPackage');
  });

  test('a rollback of it does not wait for the registry', async () => {
    await account.inProduction('1.0.0');
    await account.inProduction('1.1.0');
    await decide('Rejected');
    expect((await account.run(rollback, {}))?.result).toMatchObject({ reason: 'restored' });
    expect((await account.run(rollback, { to: '1.1.0' }))?.result).toMatchObject({ reason: 'restored' });
  });
});

const finishing = (text: string): string => `${text}    on-rejection: finish\n`;

describe('rejected while the traffic is shifted in steps', () => {
  const bySteps = manifestText({ rollout: `${rollouts.steps}, max-step: 6h` });

  const dark = async (change = (text: string) => text): Promise<void> => {
    await account.inProduction('1.0.0');
    account.writeManifest(() => change(bySteps));
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
  };

  test('on the first step: all traffic goes back, and the walk is a new attempt once it is approved again', async () => {
    await dark();
    later(minutes(6), () => decide('Rejected'));
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(report?.result).toMatchObject(withdrawn);
    expect(report?.result.because).toMatch(/is Rejected.*recall fell/);
    expect(await share()).toEqual([1, 0]);
    expect((await serving())['live']).toBeUndefined();
    const seen = account.watch();
    expect((await account.run(shiftTraffic, { version: '1.1.0' }))?.result).toMatchObject(refused);
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result).toMatchObject(refused);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    await decide('Approved');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
    expect((await account.run(shiftTraffic, { version: '1.1.0' }))?.result.reason).toBe('delivered');
  });

  test('before the first raise: no traffic is shifted', async () => {
    await dark();
    const death = { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', received: false };
    expect(await account.run(shiftTraffic, { version: '1.1.0' }, { death })).toBeUndefined();
    await decide('Rejected');
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    // Whether the call of the dead run had arrived was not known to it.
    expect(['not-approved', 'approval-withdrawn']).toContain(report?.result.reason);
    expect(await share()).toEqual([1, 0]);
  });

  test('on the last step: the old variant is not retired', async () => {
    await dark();
    const seen = account.watch();
    const walking = account.run(shiftTraffic, { version: '1.1.0' });
    whenAt(1, () => decide('Rejected'));
    expect((await walking)?.result).toMatchObject(withdrawn);
    expect(sent(seen(), 'UpdateEndpoint')).toBe(0);
    expect(await share()).toEqual([1, 0]);
  });

  test('while the old variant is retired: it is published, and taken back at once', async () => {
    await dark();
    const death = { atCall: 'sagemaker.updateEndpoint', received: true };
    expect(await account.run(shiftTraffic, { version: '1.1.0' }, { death })).toBeUndefined();
    await decide('Rejected');
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ ...withdrawn, outputs: { 'serving-version': '1.0.0' } });
    expect(await share()).toEqual([1]);
    expect(account.record()?.history[0]).toMatchObject({ version: '1.0.0', good: true });
    await decide('Approved');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
  });

  test('with on-rejection: finish the steps go on to the end', async () => {
    await dark(finishing);
    later(minutes(6), () => decide('Rejected'));
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(report?.result.reason).toBe('delivered');
  });

  test('while the candidate comes up: it is up, without traffic, and the run says that it gets none', async () => {
    await account.inProduction('1.0.0');
    account.writeManifest(() => bySteps);
    await account.prepare('1.1.0');
    later(minutes(1), () => decide('Rejected'));
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result).toMatchObject(refused);
    expect(await share()).toEqual([1, 0]);
    // The version that serves did nothing wrong.
    expect(account.record()?.history[0]).toMatchObject({ version: '1.0.0', good: true });
  });

  test('a registry that cannot be read holds the share', async () => {
    await dark();
    later(minutes(6), async () =>
      account.simulator.permit('model-deployer', [...everythingBut('sagemaker:DescribeModelPackage')]),
    );
    later(minutes(26), async () => account.simulator.permit('model-deployer', [...everythingBut('')]));
    let held: readonly number[] = [];
    later(minutes(25), async () => {
      held = await share();
    });
    const report = await account.run(shiftTraffic, { version: '1.1.0' });
    expect(held[1]).toBeCloseTo(0.1);
    expect(report?.result.reason).toBe('delivered');
  });

  /** As soon as the candidate has that share. */
  const whenAt = (wanted: number, happens: () => Promise<unknown>): void => {
    const timer = account.simulator.clock.every(minutes(1), 'watching the shares', () => {
      void share().then(async (shares) => {
        if (Math.abs((shares[1] ?? 0) - wanted) > 0.001) return;
        timer.cancel();
        await happens();
      });
    });
  };
});

describe('a package that was edited after its approval', () => {
  test('is refused, also with metadata to match', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    await forge();
    const seen = account.watch();
    const report = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(report?.result).toMatchObject(changed);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    const gate = await account.run(approveGate, { version: '1.1.0' });
    expect(gate?.result).toMatchObject(changed);
  });

  test('and after its plan was made is not submitted', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: false };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { death })).toBeUndefined();
    await forge();
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result).toMatchObject(changed);
    expect(account.record()?.live).toBeUndefined();
  });

  test('whose artifact was overwritten after its plan was made is not submitted', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: false };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { death })).toBeUndefined();
    const { InferenceSpecification } = await account.simulator.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: await newestPackage(),
    });
    const [container] = (InferenceSpecification as { Containers: readonly { ModelDataUrl: string }[] }).Containers;
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(container?.ModelDataUrl ?? '') ?? [];
    account.simulator.objects.put(bucket, key, Buffer.from('another model'));
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result).toMatchObject(changed);
  });

  test('whose description does not name its content is delivered, with a note; an edit after the plan shows all the same', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    await unseal();
    const planned = await account.run(deployEndpoint, { version: '1.1.0', 'dry-run': 'true' });
    expect(planned?.result.reason).toBe('planned');
    expect(planned?.result.plan?.notes.join()).toContain(
      'the description of the package of iris_v1.1.0 does not name its content',
    );
    const death = { atCall: 'sagemaker.updateEndpoint', received: false };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { death })).toBeUndefined();
    await forge();
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result).toMatchObject(changed);
    // What lies between an approval and a plan has left no trace.
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
  });
});
