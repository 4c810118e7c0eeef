import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { policyOf } from '../../src/judge/policy.ts';
import { loadJudge } from '../../src/manifest/load.ts';
import { revisionOf } from '../../src/mechanisms/codedeploy/app-spec.ts';
import { rollback } from '../../src/operations/rollback.ts';
import type { Release } from '../../src/release/record.ts';
import { type AliasAccount, aliasManifest, openAliasAccount } from '../support/alias.ts';
import { allAtOnce, canary } from '../support/codedeploy.ts';
import { hookedManifest } from '../support/hooked.ts';

// `target: lambda-alias` where others, CodeDeploy or the network interfere.

const judge =
  '{ convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 0.5%, confidence: 0.95 } }';

let account: AliasAccount;
beforeEach(async () => {
  account = await openAliasAccount();
});
afterEach(() => account.close());

const back = (more: Readonly<Record<string, string>> = {}, runId = '9') => account.run(rollback, more, { runId });
const route = (version: string, weights: Readonly<Record<string, number>> = {}) =>
  account.simulator.call('lambda', 'UpdateAlias', {
    FunctionName: 'iris',
    Name: 'live',
    FunctionVersion: version,
    RoutingConfig: { AdditionalVersionWeights: weights },
  });
const putAlarm = (name: string) =>
  account.simulator.call('cloudwatch', 'PutMetricAlarm', {
    AlarmName: name,
    Namespace: 'Team',
    MetricName: 'Slow',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
  });
const group = (name: string, more: object) =>
  account.simulator.call('codedeploy', 'CreateDeploymentGroup', {
    applicationName: 'iris',
    deploymentGroupName: name,
    serviceRoleArn: 'arn:aws:iam::111122223333:role/iris-serving',
    ...more,
  });
const toGroup = (name: string, rollout?: string) =>
  account.writeManifest(() => aliasManifest(rollout).replace('deployment-group: live', `deployment-group: ${name}`));
/** Others act once the first requests have moved. */
const meanwhile = (action: () => Promise<unknown>, after = minutes(3)) =>
  account.simulator.clock.at(account.simulator.clock.now() + after, 'others', () => void action());
const stopWithoutRollback = async (): Promise<void> => {
  const { deployments } = await account.simulator.call('codedeploy', 'ListDeployments', {
    applicationName: 'iris',
    deploymentGroupName: 'live',
    includeOnlyStatuses: ['InProgress'],
  });
  const [deploymentId] = deployments as readonly string[];
  await account.simulator.call('codedeploy', 'StopDeployment', { deploymentId, autoRollbackEnabled: false });
};
const requested = (operation: string) =>
  account.simulator.requests.filter((request) => request.operation === operation);
/** The run dies after the announcement: the release is live, and no deployment exists. */
const dieUnsubmitted = async (): Promise<void> => {
  const death = { atCall: 'codedeploy.createDeployment', received: false };
  expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
};
const forge = (change: (release: Release) => object): void => {
  const record = account.aliasRecord();
  if (record?.live === undefined) throw new Error('no release is live');
  account.simulator.objects.put(
    'model-delivery-111122223333-eu-west-1',
    'lambda/iris/live/record.json',
    Buffer.from(JSON.stringify({ ...record, live: { ...record.live, ...change(record.live) } })),
  );
};
/** 1.0.0 and 1.1.0 were delivered: the alias is on version 3. */
const twoDelivered = async (): Promise<void> => {
  await account.ready('1.0.0');
  await account.ready('1.1.0');
  account.writeManifest(() => aliasManifest(allAtOnce));
  await account.deploy('1.0.0');
  await account.deploy('1.1.0', {}, { runId: '2' });
  expect(await account.alias()).toEqual(['3', undefined]);
};

describe('before anything is written', () => {
  const refused = async (reason: string, because: string) => {
    const seen = account.watch();
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ reason });
    expect(report?.result.because).toContain(because);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  };

  test('an alias on $LATEST is refused: no published version would be the way back', async () => {
    await account.ready('1.0.0');
    await route('$LATEST');
    await refused('endpoint-unusable', 'iris:live is on $LATEST, which changes with every update of the function');
  });

  test.each([
    ['group', 'deployment-group: live', 'deployment-group: other', 'no deployment group other in an application iris'],
    ['application', 'application: iris', 'application: other', 'no deployment group live in an application other'],
  ])('a %s that does not exist is named', async (_name, from, to, because) => {
    await account.ready('1.0.0');
    account.writeManifest(() => aliasManifest().replace(from, to));
    await refused('endpoint-unusable', because);
  });
});

describe('the plan', () => {
  test('has a line for each setting that the version changes, and no value of a variable', async () => {
    await account.simulator.call('lambda', 'UpdateFunctionConfiguration', {
      FunctionName: 'iris',
      MemorySize: 3008,
      Environment: { Variables: { TOKEN: 'hush-hush' } },
    });
    await account.ready('1.0.0');
    const report = await account.deploy('1.0.0', { 'dry-run': 'true' });
    expect(report?.result.plan?.changes.at(-1)?.details).toEqual([
      'version: 1 → 2',
      `image: sha256:${'f'.repeat(64)} → sha256:${'0'.repeat(64)}`,
      'MemorySize: 128 → 3008',
      'variable TOKEN: added',
    ]);
    expect(JSON.stringify(report)).not.toContain('hush');
  });

  test('of a group that goes on without its alarms says so', async () => {
    await group('lax', {
      alarmConfiguration: { enabled: true, ignorePollAlarmFailure: true, alarms: [{ name: 'iris-live-errors' }] },
    });
    toGroup('lax');
    await account.ready('1.0.0');
    const report = await account.deploy('1.0.0', { 'dry-run': 'true' });
    expect(report?.result.plan?.notes).toContain(
      'the deployment group lets a deployment go on when CodeDeploy cannot read its alarms (ignorePollAlarmFailure)',
    );
  });
});

describe('the alarms of a deployment', () => {
  const named = canary.replace('0s,', '0s, alarms: { named: [iris-live-errors] },');

  test('of the manifest are in the record also where the group has them, since the group may lose them', async () => {
    account.writeManifest(() => aliasManifest(named));
    await account.ready('1.0.0');
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    expect(account.aliasRecord()?.ended[0]?.submission).toMatchObject({ alarms: ['iris-live-errors'] });
    expect((await account.deployments())[0]).not.toHaveProperty('overrideAlarmConfiguration');
  });

  test.each([[], undefined])('of the manifest, replaced by %j in the record, refuse the release', async (alarms) => {
    account.writeManifest(() => aliasManifest(named));
    await account.ready('1.0.0');
    await dieUnsubmitted();
    forge(({ submission }) => ({ submission: { ...submission, alarms } }));
    expect((await account.deploy('1.0.0'))?.result.outcome).toBe('failed');
    expect(await account.deployments()).toEqual([]);
  });

  test('are ten at most where the deployment brings some', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `iris-${index}`);
    for (const name of names) await putAlarm(name);
    await group('watched', { alarmConfiguration: { enabled: true, alarms: names.map((name) => ({ name })) } });
    toGroup('watched', canary.replace('0s,', '0s, alarms: { named: [iris-live-errors] },'));
    await account.ready('1.0.0');
    await account.pass(minutes(2));
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason: 'infeasible-rollout' });
    toGroup('watched');
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
  });
});

describe('the deployment configuration of the suite', () => {
  beforeEach(() => account.writeManifest(() => aliasManifest(canary.replace('10%', '20%'))));

  test.each(['answer-lost', 'never-arrived'] as const)('is there after %s', async (kind) => {
    await account.ready('1.0.0');
    account.simulator.faults.add({ service: 'codedeploy', operation: 'CreateDeploymentConfig', times: 1, kind });
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
  });

  test('of others under its name, created at the same time, is compared with it', async () => {
    await account.ready('1.0.0');
    account.simulator.faults.add({
      service: 'codedeploy',
      operation: 'CreateDeploymentConfig',
      times: 1,
      kind: 'call',
      action: async () =>
        void (await account.simulator.call('codedeploy', 'CreateDeploymentConfig', {
          deploymentConfigName: 'model-delivery.LambdaCanary20Percent5Minutes',
          computePlatform: 'Lambda',
          trafficRoutingConfig: {
            type: 'TimeBasedCanary',
            timeBasedCanary: { canaryPercentage: 99, canaryInterval: 1 },
          },
        })),
    });
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason: 'name-taken' });
    expect(await account.deployments()).toEqual([]);
  });
});

describe('the deployment of the release', () => {
  test('that arrives after it was given up is still its own', async () => {
    await account.ready('1.0.0');
    const { simulator } = account;
    simulator.faults.add({ service: 'codedeploy', operation: 'CreateDeployment', times: 1, kind: 'never-arrived' });
    // Directly before the second try the first one arrives.
    simulator.faults.add({
      service: 'codedeploy',
      operation: 'CreateDeployment',
      times: 1,
      after: 1,
      kind: 'call',
      action: async () => {
        const release = account.aliasRecord()?.live;
        if (release === undefined) throw new Error('no release is live');
        await simulator.call('codedeploy', 'CreateDeployment', {
          applicationName: 'iris',
          deploymentGroupName: 'live',
          deploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
          description: release.id,
          revision: revisionOf(release.submission as Parameters<typeof revisionOf>[0]),
        });
      },
    });
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason: 'delivered' });
    expect(await account.deployments()).toHaveLength(1);
  });

  test('whose creation the record could not take is still its own, and goes on', async () => {
    await account.ready('1.0.0');
    const { simulator } = account;
    // One write of the record is refused, directly after CodeDeploy has taken the deployment.
    simulator.faults.add({
      service: 'codedeploy',
      operation: 'CreateDeployment',
      times: 1,
      kind: 'call',
      action: () =>
        simulator.faults.add({
          service: 's3',
          operation: 'PutObject',
          times: 1,
          kind: 'error',
          code: 'AccessDenied',
          message: 'Access Denied',
          status: 403,
        }),
    });
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('access-denied');
    expect(account.aliasRecord()?.live).toMatchObject({ phase: 'submitting' });
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    expect(await account.deployments()).toHaveLength(1);
  });

  test('that arrives after it was given up is stopped by a command to stop, and not left alone', async () => {
    await account.ready('1.0.0');
    const death = { atCall: 'codedeploy.getDeployment', received: true };
    expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
    // As after a grace period that was too short.
    forge(({ witnessed: { submittedAt: _at, deployment: _id, ...witnessed } }) => ({
      phase: 'preparing',
      witnessed,
      commands: [{ command: 'abort', by: 'mina', why: 'lunch', at: 0 }],
    }));
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'aborted-by-hand' });
    expect(report?.result.because).toContain('mina stopped it: lunch; version 1 serves again, verified');
    expect(await account.alias()).toEqual(['1', undefined]);
    expect((await account.deployments())[0]).toMatchObject({ status: 'Stopped' });
  });

  test('is found by its description when the record has the id of none', async () => {
    await account.ready('1.0.0');
    const death = { atCall: 'codedeploy.getDeployment', received: true };
    expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
    forge(({ witnessed }) => ({ witnessed: { ...witnessed, deployment: '../d-1' } }));
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
  });

  test('is looked at every 30 seconds after it was stopped, too', async () => {
    account.close();
    account = await openAliasAccount({ settings: { codeDeployStartMs: minutes(7) } });
    account.writeManifest(() => aliasManifest(canary.replace('5m', '5m, timeout: 10m')));
    await account.ready('1.0.0');
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('deployment-timeout');
    const stopped = requested('StopDeployment')[0]?.at ?? 0;
    const looks = requested('GetDeployment').flatMap(({ at }) => (at > stopped ? [at] : []));
    expect((looks[0] ?? 0) - stopped).toBeGreaterThanOrEqual(25_000);
  });
});

describe('the end', () => {
  test('of a delivery whose alias others moved while it was taken back is theirs', async () => {
    await account.ready('1.0.0');
    await account.ready('1.1.0');
    meanwhile(async () => {
      await stopWithoutRollback();
      await route('3');
    });
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'changed-by-others' });
    expect(report?.result.because).toContain('iris:live is on version 3');
  });

  test('of a deployment that CodeDeploy stopped for an alarm that is gone convicts no version', async () => {
    await account.ready('1.0.0');
    meanwhile(() => account.simulator.call('cloudwatch', 'DeleteAlarms', { AlarmNames: ['iris-live-errors'] }));
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'cause-unknown' });
    expect(report?.result.because).toContain('iris-live-errors does not exist');
    expect(report?.result.because).toContain('version 1 serves again, verified');
  });

  test('of a release that meets a deployment of others names it', async () => {
    await account.ready('1.0.0');
    await account.ready('1.1.0');
    account.simulator.faults.add({
      service: 'codedeploy',
      operation: 'CreateDeployment',
      times: 1,
      kind: 'call',
      action: async () =>
        void (await account.simulator.call('codedeploy', 'CreateDeployment', {
          applicationName: 'iris',
          deploymentGroupName: 'live',
          deploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
          revision: revisionOf({ function: 'iris', variant: 'live', from: '1', to: '3' }),
        })),
    });
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'changed-by-others' });
    expect(report?.result.because).toMatch(/deployment d-[A-Z0-9]{9} of others runs/);
  });

  test('of a deployment that was stopped without a rollback is a failed rollback', async () => {
    await account.ready('1.0.0');
    meanwhile(stopWithoutRollback);
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'rollback-failed' });
    expect(report?.result.because).toContain('iris:live is on version 1, and 10 % on version 2');
  });
});

describe('an approval that is lost when the deployment has ended already', () => {
  const reject = (more = '') => {
    account.writeManifest(() => aliasManifest(allAtOnce, more));
    account.simulator.faults.add({
      service: 'codedeploy',
      operation: 'GetDeployment',
      times: 1,
      kind: 'call',
      action: async () =>
        void (await account.simulator.call('sagemaker', 'UpdateModelPackage', {
          ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/iris/1',
          ModelApprovalStatus: 'Rejected',
        })),
    });
  };

  test('makes no delivery', async () => {
    await account.ready('1.0.0');
    reject();
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'withdrawn-too-late' });
    expect(report?.result.because).toContain('run rollback');
  });

  test('is a remark where the manifest lets the rollout finish', async () => {
    await account.ready('1.0.0');
    reject('    on-rejection: finish');
    const report = await account.deploy('1.0.0');
    expect(report?.result.reason).toBe('delivered');
    expect(report?.remarks.join()).toMatch(/is Rejected.*on-rejection: finish/);
  });

  test('is no reason while the registry cannot be read', async () => {
    await account.ready('1.0.0');
    account.writeManifest(() => aliasManifest(allAtOnce));
    const denied = { kind: 'error', code: 'AccessDeniedException', message: 'not authorized' } as const;
    account.simulator.faults.add({
      service: 'codedeploy',
      operation: 'GetDeployment',
      times: 1,
      kind: 'call',
      action: () =>
        account.simulator.faults.add({ service: 'sagemaker', operation: 'DescribeModelPackage', times: 9, ...denied }),
    });
    const report = await account.deploy('1.0.0');
    expect(report?.result.reason).toBe('delivered');
    expect(report?.result.remarks?.join()).toContain('it was approved when the deployment was submitted');
  });
});

describe('a rollback', () => {
  test('after a delivery that ended before its submission goes back', async () => {
    await twoDelivered();
    await account.ready('1.2.0');
    account.simulator.faults.add({
      service: 'codedeploy',
      operation: 'CreateDeployment',
      times: 1,
      kind: 'error',
      code: 'InvalidRoleException',
      message: 'the role is gone',
    });
    expect((await account.deploy('1.2.0', {}, { runId: '3' }))?.result.outcome).toBe('failed');
    expect((await back())?.result).toMatchObject({ reason: 'restored' });
    expect(await account.alias()).toEqual(['2', undefined]);
  });

  test('to a version of the function that was deleted changes nothing', async () => {
    await twoDelivered();
    account.simulator.faults.add({
      service: 'lambda',
      operation: 'GetFunction',
      times: 2,
      kind: 'error',
      code: 'ResourceNotFoundException',
      message: 'Function not found',
      status: 404,
    });
    const seen = account.watch();
    const report = await back();
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'config-missing' });
    expect(report?.result.because).toContain('of iris, which does not exist');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });

  test('days after another one needs the name of its version', async () => {
    await twoDelivered();
    expect((await back())?.result.reason).toBe('restored');
    await account.pass(minutes(25 * 60));
    const report = await back({}, '10');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'nothing-to-roll-back-to' });
    expect(report?.result.because).toContain('name the version to go back to with to');
  });

  test('of an alias that is shared goes to no version further back', async () => {
    await twoDelivered();
    account.writeManifest(() => aliasManifest());
    await account.ready('1.2.0');
    meanwhile(stopWithoutRollback);
    expect((await account.deploy('1.2.0', {}, { runId: '3' }))?.result.reason).toBe('rollback-failed');
    expect(await account.alias()).toEqual(['3', { '4': 0.1 }]);
    const seen = account.watch();
    for (const more of [{}, { to: '1.1.0' }]) {
      const report = await back(more);
      expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'endpoint-unusable' });
      expect(report?.result.because).toContain('give one version all requests (aws lambda update-alias)');
    }
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    expect((await back({ to: '1.0.0' }, '10'))?.result.reason).toBe('restored');
    expect(await account.alias()).toEqual(['2', undefined]);
  });

  test.each([
    ['rejected', '1.0.0'],
    ['only-rejected', 'true'],
  ])('with %s is refused by the name of the input', async (input, value) => {
    const report = await back({ [input]: value });
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toMatch(new RegExp(`^${input}: iris:live is the alias of a Lambda function`));
  });

  test.each([
    ['made slow', { config: 'CodeDeployDefault.LambdaLinear10PercentEvery10Minutes' }],
    ['gave a hook', { hooks: { beforeAllowTraffic: 'CodeDeployHook_never' } }],
    ['gave a judge', { judged: { policy: policyOf(loadJudge(judge, 'judge.yml')) } }],
  ])('that a writer of the record %s is refused', async (_name, change) => {
    await twoDelivered();
    const death = { atCall: 'codedeploy.createDeployment', received: false };
    expect(await account.run(rollback, {}, { runId: '9', death })).toBeUndefined();
    forge(({ submission }) => ({ submission: { ...submission, ...change } }));
    expect((await back())?.result).toMatchObject({ reason: 'foreign-record' });
    expect(await account.deployments()).toHaveLength(2);
  });

  test('loses no hook to a writer of the record: its delivery would not be tested', async () => {
    account.writeManifest(() => hookedManifest('{ before-allow-traffic: CodeDeployHook_iris }'));
    await account.ready('1.0.0');
    await dieUnsubmitted();
    forge(({ submission }) => ({ submission: { ...submission, hooks: undefined } }));
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason: 'foreign-record' });
    expect(await account.deployments()).toEqual([]);
  });

  test('stops nothing of another group that a writer of the record put into the release', async () => {
    await account.ready('1.0.0');
    await dieUnsubmitted();
    forge(({ submission }) => ({ submission: { ...submission, deploymentGroup: 'other' } }));
    await account.pass(minutes(60));
    const seen = account.watch();
    expect((await back())?.result).toMatchObject({ reason: 'foreign-record' });
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });
});
