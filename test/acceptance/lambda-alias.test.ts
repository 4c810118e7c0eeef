import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { rehearsedTeam } from '../../src/rehearsal/manifest.ts';
import type { Release } from '../../src/release/record.ts';
import { type AliasAccount, aliasManifest, openAliasAccount } from '../support/alias.ts';
import { allAtOnce, canary } from '../support/codedeploy.ts';

// `target: lambda-alias`: CodeDeploy moves the alias of a function, and the suite supervises it.

let account: AliasAccount;
beforeEach(async () => {
  account = await openAliasAccount();
});
afterEach(() => account.close());

const back = (more: Readonly<Record<string, string>> = {}, runId = '9') => account.run(rollback, more, { runId });
const failing = (version: string, rate = 0.5) => account.simulator.functions.fail('iris', version, rate);

describe('a delivery', () => {
  test('by canary: the alias is on the version that the approved package names, verified', async () => {
    expect(await account.ready('1.0.0')).toBe('2');
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    expect(report?.result.because).toBe('iris:live is on version 2 (1.0.0), verified');
    expect(report?.result.outputs).toMatchObject({
      endpoint: 'iris:live',
      version: '1.0.0',
      'endpoint-config': 'version-2',
      'previous-endpoint-config': 'version-1',
      'serving-version': '1.0.0',
    });
    expect(await account.alias()).toEqual(['2', undefined]);
    const [deployment] = await account.deployments();
    expect(deployment).toMatchObject({
      status: 'Succeeded',
      deploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
      description: account.aliasRecord()?.ended[0]?.id,
    });
    expect(deployment).not.toHaveProperty('overrideAlarmConfiguration');
    expect((await account.deploy('1.0.0', {}, { runId: '2' }))?.result).toMatchObject({ reason: 'already-delivered' });
    expect(await account.deployments()).toHaveLength(1);
  });

  test('that comes after staging waits for its content to serve there', async () => {
    const staging = `  staging:
    account: "${rehearsedTeam.account}"
    region: ${rehearsedTeam.region}
    role: model-deployer
    endpoint: { name: iris-staging, execution-role: iris-serving, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
`;
    account.writeManifest(() =>
      aliasManifest(canary, staging).replace('    target:', '    after: staging\n    target:'),
    );
    await account.ready('1.0.0');
    const { reason, because } = (await account.deploy('1.0.0'))?.result ?? {};
    expect({ reason, because }).toEqual({
      reason: 'promotion-missing',
      because: expect.stringMatching(
        /^the content of iris_v1\.0\.0 has not served in staging, and production comes after it/,
      ),
    });
    expect(await account.deployments()).toEqual([]);
  });

  test('with other numbers gets a configuration of its own, once', async () => {
    account.writeManifest(() =>
      aliasManifest('{ strategy: linear, step: 25%, bake: 7m, final-bake: 0s, minimum-requests: 0 }'),
    );
    await account.ready('1.0.0');
    await account.ready('1.1.0');
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    expect((await account.deploy('1.1.0', {}, { runId: '2' }))?.result.reason).toBe('delivered');
    const made = account.simulator.requests.filter(({ operation }) => operation === 'CreateDeploymentConfig');
    expect(made.map(({ input, error }) => [input, error])).toEqual([
      [
        {
          deploymentConfigName: 'model-delivery.LambdaLinear25PercentEvery7Minutes',
          computePlatform: 'Lambda',
          trafficRoutingConfig: {
            type: 'TimeBasedLinear',
            timeBasedLinear: { linearPercentage: 25, linearInterval: 7 },
          },
        },
        undefined,
      ],
    ]);
  });

  test('whose version fails is taken back by the alarm of the group, and not tried again', async () => {
    await account.ready('1.0.0');
    await account.deploy('1.0.0');
    failing(await account.ready('1.1.0'));
    const report = await account.deploy('1.1.0', {}, { runId: '2' });
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'alarm' });
    expect(report?.result.because).toContain('ALARM_ACTIVE');
    expect(report?.result.because).toContain('version 2 serves again, verified');
    expect(await account.alias()).toEqual(['2', undefined]);
    expect((await account.deploy('1.1.0', {}, { runId: '3' }))?.result).toMatchObject({ reason: 'already-convicted' });
    // The alarm already took it back: a rollback must not go back one version further.
    expect((await back())?.result).toMatchObject({ reason: 'already-restored' });
    expect(await account.alias()).toEqual(['2', undefined]);
  });

  test('that loses its approval while it has traffic is stopped and taken back', async () => {
    await account.ready('1.0.0');
    account.simulator.clock.at(account.simulator.clock.now() + minutes(3), 'reject', () => {
      void account.simulator.call('sagemaker', 'UpdateModelPackage', {
        ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/iris/1',
        ModelApprovalStatus: 'Rejected',
      });
    });
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({
      outcome: 'rolled-back',
      reason: 'approval-withdrawn',
    });
    expect(await account.alias()).toEqual(['1', undefined]);
  });

  test('that takes longer than its timeout is stopped and taken back', async () => {
    account.close();
    account = await openAliasAccount({ settings: { codeDeployStartMs: minutes(7) } });
    account.writeManifest(() => aliasManifest(canary.replace('5m', '5m, timeout: 10m')));
    await account.ready('1.0.0');
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({
      outcome: 'rolled-back',
      reason: 'deployment-timeout',
    });
    expect(await account.alias()).toEqual(['1', undefined]);
  });

  test('plans first, and a dry run writes nothing', async () => {
    await account.ready('1.0.0');
    const seen = account.watch();
    const report = await account.deploy('1.0.0', { 'dry-run': 'true' });
    expect(report?.result).toMatchObject({ reason: 'planned' });
    expect(report?.result.plan).toMatchObject({
      title: 'deploy iris_v1.0.0 to iris:live by canary',
      changes: [
        {
          verb: 'update',
          object: 'alias iris:live',
          details: ['version: 1 → 2', `image: sha256:${'f'.repeat(64)} → sha256:${'0'.repeat(64)}`],
        },
      ],
    });
    expect(report?.result.plan?.notes).toContain('stopped and rolled back by iris-live-errors');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });
});

describe('the version that gets the traffic is the approved package', () => {
  const refused = async (reason: string, because: string) => {
    const seen = account.watch();
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ reason });
    expect(report?.result.because).toContain(because);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    expect(await account.alias()).toEqual(['1', undefined]);
  };

  test('a package that names no version is refused', async () => {
    await account.publish('1.0.0');
    await account.approved('1.0.0', undefined);
    await refused('config-missing', 'metadata: lambda-version=7');
  });

  test('a package that names a version that does not exist is refused', async () => {
    await account.approved('1.0.0', '12');
    await refused('config-missing', 'version 12 of iris, which does not exist');
  });

  test('a version that runs another image is refused', async () => {
    const other = await account.publish('1.1.0');
    await account.approved('1.0.0', other);
    await refused('content-changed', `it runs the image sha256:${'1'.repeat(64)}`);
  });

  test('metadata that is rewritten during the release changes nothing', async () => {
    await account.ready('1.0.0');
    const other = await account.publish('1.1.0');
    account.simulator.faults.add({
      service: 'codedeploy',
      operation: 'CreateDeployment',
      times: 1,
      kind: 'call',
      action: async () =>
        void (await account.simulator.call('sagemaker', 'UpdateModelPackage', {
          ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/iris/1',
          CustomerMetadataProperties: { 'lambda-version': other },
        })),
    });
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    expect(await account.alias()).toEqual(['2', undefined]);
  });
});

describe('a run that dies, or gets no answer', () => {
  test.each([true, false])(
    'at CreateDeployment, carried out: %s: one deployment, delivered by the next run',
    async (received) => {
      await account.ready('1.0.0');
      const death = { atCall: 'codedeploy.createDeployment', received };
      expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
      expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
      expect(await account.deployments()).toHaveLength(1);
      expect(await account.alias()).toEqual(['2', undefined]);
    },
  );

  test.each(['answer-lost', 'never-arrived'] as const)('%s: one deployment', async (kind) => {
    await account.ready('1.0.0');
    account.simulator.faults.add({ service: 'codedeploy', operation: 'CreateDeployment', times: 1, kind });
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    expect(await account.deployments()).toHaveLength(1);
  });
});

describe('a rollback', () => {
  test('goes to the last version that served well, although an alarm is red', async () => {
    await account.ready('1.0.0');
    await account.ready('1.1.0');
    await account.deploy('1.0.0');
    await account.deploy('1.1.0', {}, { runId: '2' });
    expect(await account.alias()).toEqual(['3', undefined]);
    failing('3');
    await account.pass(minutes(5));
    const report = await back({ because: 'wrong prices' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(await account.alias()).toEqual(['2', undefined]);
    expect((await account.deployments())[0]).toMatchObject({
      deploymentConfigName: 'CodeDeployDefault.LambdaAllAtOnce',
      overrideAlarmConfiguration: { enabled: false },
    });
    expect((await back({}, '10'))?.result).toMatchObject({ reason: 'already-restored' });
    // It was rolled back, so it is not delivered again by itself.
    expect((await account.deploy('1.1.0', {}, { runId: '11' }))?.result).toMatchObject({ reason: 'already-convicted' });
  });

  const denied = () =>
    account.simulator.faults.add({
      ...{ service: 'sagemaker', operation: 'ListModelPackages', times: 100 },
      ...{ kind: 'error', code: 'AccessDeniedException', message: 'not authorized' },
    });

  test('goes without the registry to a version that a deployment with a hook brought, and invokes no hook', async () => {
    let invoked = 0;
    account.simulator.functions.define('CodeDeployHook_iris', async (event) => {
      invoked++;
      const { DeploymentId, LifecycleEventHookExecutionId } = event as Readonly<Record<string, string>>;
      await account.simulator.call('codedeploy', 'PutLifecycleEventHookExecutionStatus', {
        ...{ deploymentId: DeploymentId, lifecycleEventHookExecutionId: LifecycleEventHookExecutionId },
        status: 'Succeeded',
      });
    });
    account.writeManifest(() =>
      aliasManifest().replace('group: live }', 'group: live, hooks: { before-allow-traffic: CodeDeployHook_iris } }'),
    );
    await account.ready('1.0.0');
    await account.ready('1.1.0');
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    expect((await account.deploy('1.1.0', {}, { runId: '2' }))?.result.reason).toBe('delivered');
    denied();
    expect((await back())?.result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(await account.alias()).toEqual(['2', undefined]);
    expect(invoked).toBe(2);
  });

  describe('without the registry', () => {
    beforeEach(async () => {
      await account.ready('1.0.0');
      await account.ready('1.1.0');
      await account.deploy('1.0.0');
      await account.deploy('1.1.0', {}, { runId: '2' });
      expect(await account.alias()).toEqual(['3', undefined]);
    });

    test('goes to a version that CodeDeploy brought before', async () => {
      denied();
      const report = await back();
      expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
      expect(await account.alias()).toEqual(['2', undefined]);
    });

    test.each<[string, object | undefined]>([
      ['no deployment', undefined],
      ['the deployment of another version', { from: '2' }],
      ['a deployment that does not exist', { deployment: 'd-000000000' }],
    ])('goes nowhere when the record names %s', async (_name, forged) => {
      const death = { atCall: 'codedeploy.createDeployment', received: false };
      expect(await account.run(rollback, {}, { runId: '9', death })).toBeUndefined();
      const record = account.aliasRecord();
      if (record?.live?.submission.kind !== 'deployment') throw new Error('no release is live');
      const { broughtBefore, ...submission } = record.live.submission;
      expect(broughtBefore).toMatchObject({ from: '1' });
      const live = {
        ...record.live,
        submission:
          forged === undefined ? submission : { ...submission, broughtBefore: { ...broughtBefore, ...forged } },
      };
      account.simulator.objects.put(
        'model-delivery-111122223333-eu-west-1',
        'lambda/iris/live/record.json',
        Buffer.from(JSON.stringify({ ...record, live })),
      );
      denied();
      expect((await back())?.result).toMatchObject({ outcome: 'failed', reason: 'access-denied' });
      expect(await account.alias()).toEqual(['3', undefined]);
    });
  });

  test('stops a delivery that is under way', async () => {
    await account.ready('1.0.0');
    for (let turn = 0; turn < 8; turn++) {
      expect((await account.deploy('1.0.0', { wait: 'false' }))?.result.reason).toBe('in-progress');
      await account.pass(15_000);
    }
    expect(await account.alias()).toEqual(['1', { '2': 0.1 }]);
    expect((await back())?.result.outcome).toBe('succeeded');
    expect(await account.alias()).toEqual(['1', undefined]);
    expect(account.aliasRecord()?.ended[0]).toMatchObject({ reason: 'aborted-by-hand' });
  });

  test('to a version that this suite did not deliver is refused', async () => {
    await account.ready('1.0.0');
    await account.deploy('1.0.0');
    const report = await back();
    expect(report?.result).toMatchObject({ reason: 'nothing-to-roll-back-to' });
    expect(report?.result.because).toContain('version 1 of iris:live was not delivered by this suite');
  });
});

describe('a record that others wrote', () => {
  const forge = async (change: (release: Release) => object): Promise<void> => {
    // It dies after the announcement: the release is live, and no deployment exists.
    const death = { atCall: 'codedeploy.createDeployment', received: false };
    expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
    const record = account.aliasRecord();
    if (record?.live === undefined) throw new Error('no release is live');
    const forged = { ...record, live: { ...record.live, ...change(record.live) } };
    account.simulator.objects.put(
      'model-delivery-111122223333-eu-west-1',
      'lambda/iris/live/record.json',
      Buffer.from(JSON.stringify(forged)),
    );
  };
  test.each<[string, (release: Release) => object]>([
    ['another function', ({ submission }) => ({ submission: { ...submission, function: 'prices' } })],
    ['another group', ({ submission }) => ({ submission: { ...submission, deploymentGroup: 'other' } })],
    ['another version', ({ submission }) => ({ submission: { ...submission, to: '3' } })],
    ['no canary', ({ submission }) => ({ submission: { ...submission, config: 'CodeDeployDefault.LambdaAllAtOnce' } })],
    ['other alarms', ({ submission }) => ({ submission: { ...submission, alarms: ['iris-other'] } })],
    [
      'a shift under the name of another',
      ({ submission }) => ({
        submission: {
          ...submission,
          routing: { type: 'TimeBasedCanary', timeBasedCanary: { canaryPercentage: 99, canaryInterval: 1 } },
        },
      }),
    ],
    [
      'an endpoint',
      () => ({
        submission: { mechanism: 'replacement', kind: 'update', variant: 'live', exclude: [], expectedSeconds: 1 },
      }),
    ],
  ])('with %s changes nothing', async (_name, change) => {
    await account.ready('1.0.0');
    await account.publish('1.1.0');
    await forge(change);
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason: 'foreign-record' });
    expect(await account.deployments()).toEqual([]);
  });

  test('with another version in every place is compared with the package', async () => {
    await account.ready('1.0.0');
    await account.publish('1.1.0');
    await forge(({ submission, candidate }) => ({
      submission: { ...submission, to: '3' },
      candidate: { ...candidate, endpointConfig: 'version-3' },
    }));
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason: 'content-changed' });
    expect(await account.deployments()).toEqual([]);
  });
});

describe('before anything is written', () => {
  test('a model card with a high risk refuses it: an alias has no steps', async () => {
    const named = await account.publish('1.0.0');
    const card = join(dirname(account.manifest), 'card.json');
    writeFileSync(card, JSON.stringify({ intended_uses: { risk_rating: 'High', purpose_of_model: 'name a flower' } }));
    await account.approved('1.0.0', named, { 'model-card': card });
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason: 'risk-high' });
    expect(await account.deployments()).toEqual([]);
  });

  test('an alarm that is red refuses the delivery', async () => {
    await account.ready('1.0.0');
    failing('1');
    await account.pass(minutes(5));
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason: 'alarm-not-ready' });
    expect(await account.deployments()).toEqual([]);
  });

  test('an alarm of the manifest that does not exist refuses it; one that exists joins those of the group', async () => {
    await account.ready('1.0.0');
    account.writeManifest(() => aliasManifest(canary.replace('0s,', '0s, alarms: { named: [iris-slow] },')));
    expect((await account.deploy('1.0.0'))?.result.because).toContain('iris-slow does not exist');
    await account.simulator.call('cloudwatch', 'PutMetricAlarm', {
      AlarmName: 'iris-slow',
      Namespace: 'Team',
      MetricName: 'Slow',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
    await account.pass(minutes(1));
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    expect((await account.deployments())[0]).toMatchObject({
      overrideAlarmConfiguration: { enabled: true, alarms: [{ name: 'iris-live-errors' }, { name: 'iris-slow' }] },
    });
  });

  test.each<[string, string, object, string]>([
    ['slower than the shift', canary, { Period: 300 }, 'cannot go off within the shift of 5m: it needs 8m'],
    [
      'that watches the version before',
      canary,
      {
        Namespace: 'AWS/Lambda',
        MetricName: 'Errors',
        Dimensions: [
          { Name: 'FunctionName', Value: 'iris' },
          { Name: 'Resource', Value: 'iris:live' },
          { Name: 'ExecutedVersion', Value: '1' },
        ],
      },
      'watches iris:live on version 1, and this deployment is iris:live to version 2',
    ],
    ['without a shift', allAtOnce, {}, 'all-at-once leaves iris-slow no time to go off'],
  ])('an alarm %s refuses it', async (_name, rollout, more, because) => {
    await account.ready('1.0.0');
    account.writeManifest(() => aliasManifest(rollout.replace('0s,', '0s, alarms: { named: [iris-slow] },')));
    await account.simulator.call('cloudwatch', 'PutMetricAlarm', {
      AlarmName: 'iris-slow',
      ...{ Namespace: 'Team', MetricName: 'Slow', Statistic: 'Sum', Period: 60, EvaluationPeriods: 1, Threshold: 1 },
      ...{ ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'notBreaching', ...more },
    });
    await account.pass(minutes(1));
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ reason: 'alarm-cannot-fire' });
    expect(report?.result.because).toContain(because);
    expect(await account.deployments()).toEqual([]);
  });

  test.each([
    ['shift-traffic', () => account.run(shiftTraffic, { version: '1.0.0' })],
    ['regression-test', () => account.run(regressionTest, { version: '1.0.0' })],
    ['approve-gate', () => account.run(approveGate, { version: '1.0.0' })],
  ])('%s says that it is about SageMaker endpoints', async (_name, run) => {
    const report = await run();
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toContain('production delivers to the alias of a Lambda function');
  });
});
