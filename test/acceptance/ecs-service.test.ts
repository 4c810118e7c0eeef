import { afterEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { rollback } from '../../src/operations/rollback.ts';
import type { Release } from '../../src/release/record.ts';
import { canary } from '../support/codedeploy.ts';
import {
  digestOf,
  firstDefinition,
  type GroupOptions,
  imageOf,
  type ModelVersion,
  openServiceAccount,
  type ServiceAccount,
  serviceManifest,
} from '../support/service.ts';

// `target: ecs-service`: CodeDeploy moves the traffic of a service, and the suite supervises it.

let account: ServiceAccount;
const open = async (options: GroupOptions = {}): Promise<void> => {
  account = await openServiceAccount(options);
};
afterEach(() => account.close());

const back = (more: Readonly<Record<string, string>> = {}, runId = '9') => account.run(rollback, more, { runId });
const failing = (revision: number, rate = 0.5) => account.simulator.containers.fail(`iris:${revision}`, rate);
const at = (ms: number, label: string, action: () => Promise<unknown>) =>
  account.simulator.clock.at(account.simulator.clock.now() + ms, label, () => void action());
const reject = () =>
  account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/iris/1',
    ModelApprovalStatus: 'Rejected',
  });
const registrations = () =>
  account.simulator.requests.filter(({ operation }) => operation === 'RegisterTaskDefinition');
const stopByHand = async (autoRollbackEnabled: boolean): Promise<void> => {
  const { deployments } = await account.simulator.call('codedeploy', 'ListDeployments', {
    applicationName: 'iris',
    deploymentGroupName: 'live',
    includeOnlyStatuses: ['InProgress', 'Ready'],
  });
  const [deploymentId] = deployments as readonly string[];
  await account.simulator.call('codedeploy', 'StopDeployment', { deploymentId, autoRollbackEnabled });
};

describe('a delivery', () => {
  test('by canary: the service runs a revision with the content of the package, verified', async () => {
    await open();
    await account.ready('1.0.0', { 'container-environment': 'THRESHOLD=0.5' });
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    expect(report?.result.because).toBe('models/iris is on revision 2 (1.0.0), verified');
    expect(report?.result.outputs).toMatchObject({
      endpoint: 'models/iris',
      version: '1.0.0',
      'endpoint-config': 'revision-2',
      'previous-endpoint-config': 'revision-1',
      'serving-version': '1.0.0',
    });
    expect(await account.running()).toEqual(['iris:2']);
    const { taskDefinition, tags } = await account.definition(2);
    expect(taskDefinition).toMatchObject({ cpu: '1024', memory: '2048', networkMode: 'awsvpc' });
    expect(tags).toEqual([{ key: 'team', value: 'flowers' }]);
    const { containerDefinitions } = taskDefinition as { containerDefinitions: readonly object[] };
    expect(containerDefinitions).toMatchObject([
      {
        name: 'model',
        image: expect.stringContaining(`@${digestOf('1.0.0')}`),
        environment: [
          { name: 'WORKERS', value: 'four-of-them' },
          { name: 'THRESHOLD', value: '0.5' },
        ],
      },
      { name: 'metrics', image: imageOf('before') },
    ]);
    const [deployment] = await account.deployments();
    expect(deployment).toMatchObject({
      status: 'Succeeded',
      deploymentConfigName: 'CodeDeployDefault.ECSCanary10Percent5Minutes',
      description: account.serviceRecord()?.ended[0]?.id,
    });
    expect(deployment).not.toHaveProperty('overrideAlarmConfiguration');
    expect((await account.deploy('1.0.0', {}, { runId: '2' }))?.result).toMatchObject({ reason: 'already-delivered' });
    expect(await account.deployments()).toHaveLength(1);
    expect(registrations()).toHaveLength(1);
  });

  test('keeps the platform version and the network of the tasks that serve', async () => {
    await open();
    await account.ready('1.0.0');
    await account.deploy('1.0.0');
    const { services } = await account.simulator.call('ecs', 'DescribeServices', {
      cluster: 'models',
      services: ['iris'],
    });
    expect((services as readonly { readonly taskSets: readonly object[] }[])[0]?.taskSets).toContainEqual(
      expect.objectContaining({
        status: 'PRIMARY',
        launchType: 'FARGATE',
        platformVersion: '1.4.0',
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: ['subnet-1', 'subnet-2'],
            securityGroups: ['sg-1'],
            assignPublicIp: 'DISABLED',
          },
        },
        loadBalancers: [expect.objectContaining({ targetGroupArn: expect.stringContaining('iris-green') })],
      }),
    );
  });

  test('of a package with model data: the variable of the manifest has its address', async () => {
    await open();
    account.writeManifest(() => serviceManifest(canary, '', ', model-data-variable: MODEL_DATA'));
    const { artifact = '' } = account.registration('1.0.0');
    await account.ready('1.0.0', { artifact });
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    const { taskDefinition } = await account.definition(2);
    const [{ environment = [] } = {}] = (
      taskDefinition as { containerDefinitions: readonly { environment?: readonly object[] }[] }
    ).containerDefinitions;
    expect(environment).toContainEqual({ name: 'MODEL_DATA', value: expect.stringMatching(/^s3:\/\/.*\.tar\.gz$/) });
  });

  test('whose version fails is taken back by the alarm of the group, and not tried again', async () => {
    await open();
    await account.ready('1.0.0');
    await account.deploy('1.0.0');
    await account.ready('1.1.0');
    failing(3);
    const report = await account.deploy('1.1.0', {}, { runId: '2' });
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'alarm' });
    expect(report?.result.because).toContain('ALARM_ACTIVE');
    expect(report?.result.because).toContain('revision 2 serves again, verified');
    expect(await account.running()).toEqual(['iris:2']);
    expect((await account.deploy('1.1.0', {}, { runId: '3' }))?.result).toMatchObject({ reason: 'already-convicted' });
    expect((await back())?.result).toMatchObject({ reason: 'already-restored' });
    expect(await account.running()).toEqual(['iris:2']);
  });

  test('that fails after the last shift is taken back while the tasks before still run', async () => {
    await open({ terminationMinutes: 30 });
    account.writeManifest(() => serviceManifest('{ strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }'));
    await account.ready('1.0.0');
    at(minutes(12), 'it breaks', async () => failing(2));
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ outcome: 'rolled-back', reason: 'alarm' });
    expect(await account.running()).toEqual(['iris:1']);
  });

  test('ends after the wait time of the tasks before', async () => {
    await open({ terminationMinutes: 30 });
    const began = account.simulator.clock.now();
    await account.ready('1.0.0');
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    expect(account.simulator.clock.now() - began).toBeGreaterThan(minutes(35));
    expect(await account.running()).toEqual(['iris:2']);
  });

  test('that loses its approval while it has traffic is stopped and taken back', async () => {
    await open();
    await account.ready('1.0.0');
    at(minutes(4), 'reject', reject);
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({
      outcome: 'rolled-back',
      reason: 'approval-withdrawn',
    });
    expect(await account.running()).toEqual(['iris:1']);
  });

  test('with a timeout that ends within the wait of its group is refused, and changes nothing', async () => {
    await open({ terminationMinutes: 30 });
    account.writeManifest(() => serviceManifest(canary.replace('5m', '5m, timeout: 30m')));
    await account.ready('1.0.0');
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'infeasible-rollout' });
    expect(report?.result.because).toContain(
      "takes about 40 minutes, 30 of them the deployment group's wait before the end of the tasks before, and rollout.timeout is 30 minutes",
    );
    expect(await account.running()).toEqual(['iris:1']);
  });

  /** Tasks of the version that never run. */
  const withoutImage = (version: ModelVersion): void => {
    const { images } = account.simulator;
    const resolve = images.resolve.bind(images);
    Object.assign(images, {
      resolve: (image: string) => (image.includes(digestOf(version)) ? undefined : resolve(image)),
    });
  };

  test('that takes longer than its timeout is stopped and taken back', async () => {
    await open();
    account.writeManifest(() => serviceManifest(canary.replace('5m', '5m, timeout: 10m')));
    await account.ready('1.0.0');
    withoutImage('1.0.0');
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'deployment-timeout' });
    expect(report?.result.because).toContain("longer than the rollout's timeout of 10 minutes");
    expect(await account.running()).toEqual(['iris:1']);
  });

  test('whose tasks never run ends by the time limit of CodeDeploy', async () => {
    await open();
    await account.ready('1.0.0');
    withoutImage('1.0.0');
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'deployment-timeout' });
    expect(await account.running()).toEqual(['iris:1']);
  });

  const grow = (): Promise<unknown> =>
    account.simulator.call('ecs', 'UpdateService', { cluster: 'models', service: 'iris', desiredCount: 5 });

  test('is verified when all of its tasks run', async () => {
    await open();
    await account.ready('1.0.0');
    at(minutes(6), 'it grows', grow);
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    const { services } = await account.simulator.call('ecs', 'DescribeServices', {
      cluster: 'models',
      services: ['iris'],
    });
    expect(services).toMatchObject([{ runningCount: 5 }]);
  });

  test('whose tasks do not all run ten minutes after its end is not verified', async () => {
    await open();
    await account.ready('1.0.0');
    at(minutes(6), 'it grows, and no image can be pulled', () => {
      Object.assign(account.simulator.images, { resolve: () => undefined });
      return grow();
    });
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'verification-mismatch' });
    expect(report?.result.because).toContain('2 of its 5 tasks run');
  });

  test('that a person stops without a rollback is no rollback', async () => {
    await open();
    await account.ready('1.0.0');
    at(minutes(4), 'stop', () => stopByHand(false));
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'rollback-failed' });
    expect(report?.result.because).toContain('models/iris is on revision 1, with revision 2 beside it');
  });

  test('plans first, and a dry run writes nothing', async () => {
    await open({ terminationMinutes: 30 });
    await account.ready('1.0.0', { 'container-environment': 'THRESHOLD=0.5' });
    const seen = account.watch();
    const report = await account.deploy('1.0.0', { 'dry-run': 'true' });
    expect(report?.result).toMatchObject({ reason: 'planned' });
    expect(report?.result.plan).toMatchObject({
      title: 'deploy iris_v1.0.0 to models/iris by canary',
      changes: [
        { verb: 'create', object: 'revision of the task definition iris' },
        {
          verb: 'update',
          object: 'service models/iris',
          details: [
            'task definition: iris:1 → the new revision',
            `container model: image: ${imageOf('before')} → ${imageOf('1.0.0').split(':')[0]}@${digestOf('1.0.0')}`.replaceAll(
              '111122223333',
              '<account>',
            ),
            'container model: variable THRESHOLD: added',
          ],
        },
      ],
    });
    expect(report?.result.plan?.notes).toContain('stopped and rolled back by iris-live-errors');
    expect(report?.result.plan?.notes).toContainEqual(expect.stringContaining('run on for 30 minutes'));
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });
});

describe('a deployment group that lets the traffic wait', () => {
  const reroutes = () => account.simulator.requests.filter(({ operation }) => operation === 'ContinueDeployment');
  const dark = { outcome: 'succeeded', reason: 'candidate-dark' };
  const openWaiting = async (rollout?: string): Promise<void> => {
    await open({ readyMinutes: 60 });
    if (rollout !== undefined) account.writeManifest(() => serviceManifest(rollout));
    await account.ready('1.0.0');
    expect((await account.deploy('1.0.0'))?.result).toMatchObject(dark);
  };

  test('a delivery ends with its tasks up and without traffic; shift-traffic reroutes it and verifies', async () => {
    await open({ readyMinutes: 60 });
    await account.ready('1.0.0');
    const half = await account.deploy('1.0.0');
    expect(half?.result).toMatchObject({ ...dark, outputs: { 'serving-endpoint-config': 'revision-1' } });
    expect(half?.result.because).toMatch(/^the new tasks of models\/iris run, and d-\w+ waits with the traffic: /);
    expect(await account.running()).toEqual(['iris:1', 'iris:2']);
    expect(account.simulator.events.filter(({ what }) => ['ready', 'test-traffic'].includes(what))).toHaveLength(2);

    // A repetition looks, and leaves it as it is.
    const seen = account.watch();
    expect((await account.deploy('1.0.0', {}, { runId: '2' }))?.result).toMatchObject(dark);
    expect(seen().filter(({ service, mutation }) => service !== 's3' && mutation)).toEqual([]);

    const report = await account.shift('1.0.0', {}, { runId: '3' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    expect(report?.result.because).toMatch(/^models\/iris is on revision 2 \(1\.0\.0\), verified/);
    expect(reroutes()).toHaveLength(1);
    expect(await account.running()).toEqual(['iris:2']);
    expect(await account.deployments()).toHaveLength(1);
    expect((await account.shift('1.0.0', {}, { runId: '4' }))?.result).toMatchObject({ reason: 'already-delivered' });
  });

  test('a person may reroute the traffic; the next run verifies', async () => {
    await openWaiting();
    account.goOnWhenReady(1);
    await account.pass(minutes(30));
    expect((await account.shift('1.0.0', {}, { runId: '2' }))?.result).toMatchObject({ reason: 'delivered' });
    // The person's call is none of a run.
    expect(reroutes()).toEqual([]);
  });

  test('the wait is no part of the timeout', async () => {
    await openWaiting(canary.replace('5m', '5m, timeout: 10m'));
    await account.pass(minutes(40));
    expect((await account.deploy('1.0.0', {}, { runId: '2' }))?.result).toMatchObject(dark);
    expect((await account.shift('1.0.0', {}, { runId: '3' }))?.result).toMatchObject({ reason: 'delivered' });
  });

  test('a delivery that nobody reroutes is stopped by CodeDeploy; the watchdog lets it wait, and reports its end', async () => {
    await openWaiting();
    expect((await back({ 'only-expired': 'true' }))?.result).toMatchObject({ reason: 'nothing-expired' });
    expect(await account.running()).toEqual(['iris:1', 'iris:2']);
    await account.pass(minutes(95));
    const report = await back({ 'only-expired': 'true' }, '10');
    expect(report?.result).toMatchObject({ reason: 'brought-to-rest' });
    expect(report?.result.because).toContain('rolled-back/deployment-timeout');
    expect(await account.running()).toEqual(['iris:1']);
  });

  test('the watchdog lets a delivery wait whose run died before it waited', async () => {
    await open({ readyMinutes: 60 });
    await account.ready('1.0.0');
    const died = await account.deploy(
      '1.0.0',
      {},
      { death: { atCall: 'codedeploy.createDeployment', received: true } },
    );
    expect(died).toBeUndefined();
    await account.pass(minutes(15));
    expect((await back({ 'only-expired': 'true' }))?.result).toMatchObject({ reason: 'nothing-expired' });
    expect((await account.shift('1.0.0', {}, { runId: '2' }))?.result).toMatchObject({ reason: 'delivered' });
  });

  test('shift-traffic takes no delivery from the run that follows it', async () => {
    await open({ readyMinutes: 60 });
    await account.ready('1.0.0');
    await account.deploy('1.0.0', {}, { death: { atCall: 'codedeploy.createDeployment', received: true } });
    const report = await account.shift('1.0.0', {}, { runId: '2' });
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'held-by-another-release' });
    expect(reroutes()).toEqual([]);
  });

  test.each([true, false])(
    'shift-traffic dies at its reroute, carried out: %s: the next run goes on',
    async (received) => {
      await openWaiting();
      const attempt = { runId: '2', death: { atCall: 'codedeploy.continueDeployment', received } };
      expect(await account.shift('1.0.0', {}, attempt)).toBeUndefined();
      await account.pass(minutes(11));
      // The traffic need not wait any longer: any run knows it by the record.
      expect((await back({ 'only-expired': 'true' }))?.result.because).toContain('succeeded/delivered');
      expect(reroutes()).toHaveLength(1);
      expect(await account.running()).toEqual(['iris:2']);
    },
  );

  test('a version that lost its approval while it waited gets no traffic', async () => {
    await openWaiting();
    await reject();
    const report = await account.shift('1.0.0', {}, { runId: '2' });
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'approval-withdrawn' });
    expect(reroutes()).toEqual([]);
    expect(await account.running()).toEqual(['iris:1']);
  });

  test('a version that fails once it has traffic is taken back by its alarm', async () => {
    await openWaiting();
    failing(2);
    expect((await account.shift('1.0.0', {}, { runId: '2' }))?.result).toMatchObject({ reason: 'alarm' });
    expect(await account.running()).toEqual(['iris:1']);
  });

  test('a rollback stops a delivery that waits', async () => {
    await openWaiting();
    expect((await back())?.result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(account.serviceRecord()?.ended[0]).toMatchObject({ outcome: 'rolled-back', reason: 'aborted-by-hand' });
    expect(await account.running()).toEqual(['iris:1']);
  });

  test('the delivery of another version stops one that waits, and waits itself', async () => {
    await openWaiting();
    await account.ready('1.1.0');
    expect((await account.deploy('1.1.0', {}, { runId: '2' }))?.result).toMatchObject(dark);
    expect(account.serviceRecord()?.ended[0]).toMatchObject({ version: '1.0.0', reason: 'abandoned' });
    expect(await account.running()).toEqual(['iris:1', 'iris:3']);
    const other = await account.shift('1.0.0', {}, { runId: '3' });
    expect(other?.result).toMatchObject({ outcome: 'failed', reason: 'no-candidate' });
    expect(await account.running()).toEqual(['iris:1', 'iris:3']);
  });

  test('shift-traffic without such a delivery is refused, and so are the commands of steps', async () => {
    await open({ readyMinutes: 60 });
    await account.ready('1.0.0');
    const none = await account.shift('1.0.0');
    expect(none?.result).toMatchObject({ outcome: 'failed', reason: 'no-candidate' });
    expect(none?.result.because).toBe(
      'no deployment of 1.0.0 to models/iris waits for its traffic; run deploy-endpoint first',
    );
    for (const more of [{ operation: 'pause' }, { retry: 'true' }])
      expect((await account.shift('1.0.0', more))?.result).toMatchObject({
        outcome: 'failed',
        reason: 'invalid-input',
      });
    expect(await account.deployments()).toEqual([]);
  });

  test('a rollback does not wait', async () => {
    await open({ readyMinutes: 60 });
    for (const version of ['1.0.0', '1.1.0'] as const) {
      await account.ready(version);
      await account.deploy(version, {}, { runId: version });
      await account.shift(version, {}, { runId: version });
    }
    const report = await back({ because: 'wrong prices' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(await account.running()).toEqual(['iris:2']);
  });
});

describe('a run that dies, or gets no answer', () => {
  test.each(
    ['ecs.registerTaskDefinition', 'codedeploy.createDeployment'].flatMap((atCall) =>
      [true, false].map((received) => ({ atCall, received })),
    ),
  )('at $atCall, carried out: $received: one revision, one deployment, delivered by the next run', async (death) => {
    await open();
    await account.ready('1.0.0');
    expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    expect(await account.deployments()).toHaveLength(1);
    expect(await account.running()).toEqual(['iris:2']);
    await expect(account.definition(3)).rejects.toThrow('Unable to describe task definition');
  });

  test.each(
    [['ecs', 'RegisterTaskDefinition'] as const, ['codedeploy', 'CreateDeployment'] as const].flatMap(
      ([service, operation]) =>
        (['answer-lost', 'never-arrived'] as const).map((kind) => ({ service, operation, kind })),
    ),
  )('$operation $kind: one revision, one deployment', async (fault) => {
    await open();
    await account.ready('1.0.0');
    account.simulator.faults.add({ ...fault, times: 1 });
    expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
    expect(await account.deployments()).toHaveLength(1);
    await expect(account.definition(3)).rejects.toThrow('Unable to describe task definition');
  });
});

describe('a rollback', () => {
  test('goes to the last version that served well, although an alarm is red', async () => {
    await open();
    await account.ready('1.0.0');
    await account.ready('1.1.0');
    await account.deploy('1.0.0');
    await account.deploy('1.1.0', {}, { runId: '2' });
    expect(await account.running()).toEqual(['iris:3']);
    failing(3);
    await account.pass(minutes(5));
    const report = await back({ because: 'wrong prices' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
    expect(await account.running()).toEqual(['iris:2']);
    expect((await account.deployments())[0]).toMatchObject({
      deploymentConfigName: 'CodeDeployDefault.ECSAllAtOnce',
      overrideAlarmConfiguration: { enabled: false },
    });
    expect((await back({}, '10'))?.result).toMatchObject({ reason: 'already-restored' });
    // It was rolled back, so it is not delivered again by itself.
    expect((await account.deploy('1.1.0', {}, { runId: '11' }))?.result).toMatchObject({ reason: 'already-convicted' });
  });

  test('stops a delivery that is under way', async () => {
    await open();
    await account.ready('1.0.0');
    for (let turn = 0; turn < 16; turn++) {
      expect((await account.deploy('1.0.0', { wait: 'false' }))?.result.reason).toBe('in-progress');
      await account.pass(15_000);
    }
    expect(await account.running()).toEqual(['iris:1', 'iris:2']);
    expect((await back())?.result.outcome).toBe('succeeded');
    expect(await account.running()).toEqual(['iris:1']);
    expect(account.serviceRecord()?.ended[0]).toMatchObject({ reason: 'aborted-by-hand' });
  });

  test('to a revision that this suite did not register is refused', async () => {
    await open();
    await account.ready('1.0.0');
    await account.deploy('1.0.0');
    const report = await back();
    expect(report?.result).toMatchObject({ reason: 'nothing-to-roll-back-to' });
    expect(report?.result.because).toContain('revision 1 of models/iris was not delivered by this suite');
  });

  test('to a revision that was deregistered is refused before anything moves', async () => {
    await open();
    await account.ready('1.0.0');
    await account.ready('1.1.0');
    await account.deploy('1.0.0');
    await account.deploy('1.1.0', {}, { runId: '2' });
    await account.simulator.call('ecs', 'DeregisterTaskDefinition', { taskDefinition: 'iris:2' });
    const report = await back();
    expect(report?.result).toMatchObject({ reason: 'endpoint-unusable' });
    expect(report?.result.because).toContain('iris:2 is INACTIVE');
    expect(await account.running()).toEqual(['iris:3']);
  });
});

describe('a record that others wrote', () => {
  test.each<[string, string, (release: Release) => object]>([
    ['another service', 'foreign-record', ({ submission }) => ({ submission: { ...submission, variant: 'prices' } })],
    ['another cluster', 'foreign-record', ({ submission }) => ({ submission: { ...submission, cluster: 'prices' } })],
    [
      'another group',
      'foreign-record',
      ({ submission }) => ({ submission: { ...submission, deploymentGroup: 'other' } }),
    ],
    [
      'another family',
      'foreign-record',
      ({ submission }) => ({
        submission: { ...submission, familyArn: 'arn:aws:ecs:eu-west-1:111122223333:task-definition/prices' },
      }),
    ],
    [
      'the family of another account',
      'foreign-record',
      ({ submission }) => ({
        submission: { ...submission, familyArn: 'arn:aws:ecs:eu-west-1:999999999999:task-definition/iris' },
      }),
    ],
    [
      'another network',
      'foreign-record',
      ({ submission }) => ({
        submission: {
          ...submission,
          properties: {
            ...('properties' in submission ? submission.properties : {}),
            NetworkConfiguration: { AwsvpcConfiguration: { Subnets: ['subnet-9'], SecurityGroups: ['sg-9'] } },
          },
        },
      }),
    ],
    [
      'no canary',
      'foreign-record',
      ({ submission }) => ({ submission: { ...submission, config: 'CodeDeployDefault.ECSAllAtOnce' } }),
    ],
    [
      'another revision in every place',
      'content-changed',
      ({ submission, candidate }) => ({
        submission: { ...submission, to: '3' },
        candidate: { ...candidate, endpointConfig: 'revision-3' },
      }),
    ],
    [
      'an alias',
      'foreign-record',
      ({ submission }) => ({ submission: { ...submission, kind: 'deployment', function: 'iris', to: '2' } }),
    ],
  ])('with %s changes nothing', async (_name, reason, change) => {
    await open();
    await account.ready('1.0.0');
    // It dies after the announcement: the release is live, and no deployment exists.
    const death = { atCall: 'codedeploy.createDeployment', received: false };
    expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
    await account.simulator.call('ecs', 'RegisterTaskDefinition', firstDefinition);
    const record = account.serviceRecord();
    if (record?.live === undefined) throw new Error('no release is live');
    const forged = { ...record, live: { ...record.live, ...change(record.live) } };
    account.simulator.objects.put(
      'model-delivery-111122223333-eu-west-1',
      'ecs/models/iris/record.json',
      Buffer.from(JSON.stringify(forged)),
    );
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason });
    expect(await account.deployments()).toEqual([]);
  });
});

describe('before anything is written', () => {
  const refused = async (reason: string, because: string) => {
    const seen = account.watch();
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ reason });
    expect(report?.result.because).toContain(because);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    expect(await account.running()).toEqual(['iris:1']);
  };

  test('a package with model data needs a variable for its address', async () => {
    await open();
    const { artifact = '' } = account.registration('1.0.0');
    await account.ready('1.0.0', { artifact });
    await refused('config-missing', 'add model-data-variable to `service`');
  });

  test.each([
    ['name: iris,', 'name: prices,', 'the cluster models has no active service prices'],
    ['cluster: models', 'cluster: others', 'the cluster others has no active service iris'],
    ['task-definition: iris', 'task-definition: prices', 'models/iris runs the task definition iris:1'],
    ['deployment-group: live', 'deployment-group: dark', 'CodeDeploy has no deployment group dark'],
    [
      'deployment-group: live',
      'deployment-group: live, container: proxy',
      'has no container proxy; it has model, metrics',
    ],
  ])('%s → %s: %s', async (was, is, because) => {
    await open();
    await account.ready('1.0.0');
    account.writeManifest(() => serviceManifest().replace(was, is));
    await refused('endpoint-unusable', because);
  });

  test('an alarm that is red refuses the delivery', async () => {
    await open();
    await account.ready('1.0.0');
    failing(1);
    await account.pass(minutes(5));
    await refused('alarm-not-ready', 'iris-live-errors is in ALARM already');
  });

  test.each([
    ['regression-test', () => account.run(regressionTest, { version: '1.0.0' })],
    ['approve-gate', () => account.run(approveGate, { version: '1.0.0' })],
  ])('%s says that it is about SageMaker endpoints', async (_name, run) => {
    await open();
    const report = await run();
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toContain('production delivers to a service of ECS');
  });
});
