import { afterEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { canary, judged } from '../support/codedeploy.ts';
import { type GroupOptions, openServiceAccount, type ServiceAccount, serviceManifest } from '../support/service.ts';

// The judge reads AWS/ApplicationELB of both target groups while CodeDeploy shifts a service, and stops a deployment that no alarm sees.

const long = judged(canary.replace('5m', '15m'));

let account: ServiceAccount;
const open = async (options: GroupOptions = {}): Promise<void> => {
  account = await openServiceAccount(options);
  // Its limit is above everything that these versions do.
  await account.alarmAbove(1000);
  await account.pass(minutes(20));
};
afterEach(() => account.close());

const fail = (revision: number, rate: number, status?: 400 | 500) =>
  account.simulator.containers.fail(`iris:${revision}`, rate, status);
const slow = (revision: number, milliseconds: number) =>
  account.simulator.containers.slow(`iris:${revision}`, milliseconds);
const delivering = async (rollout: string) => {
  account.writeManifest(() => serviceManifest(rollout));
  await account.ready('1.0.0');
  return account.deploy('1.0.0');
};

describe('a version that no alarm sees', () => {
  test('fails more often: it is stopped, taken back and verified, with figures and evidence', async () => {
    await open();
    fail(2, 0.2);
    const report = await delivering(long);
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(report?.result.because).toContain('revision 1 serves again, verified');
    expect(report?.result.findings).toMatchObject({ is: 'judgement', exposed: expect.any(Number) });
    expect(await account.running()).toEqual(['iris:1']);
    expect((await account.deployments())[0]).toMatchObject({
      status: 'Stopped',
      errorInformation: { code: 'MANUAL_STOP' },
    });
    const [release] = account.serviceRecord()?.ended ?? [];
    expect(release?.witnessed.abort).toMatchObject({ why: 'convicted', figures: { evidence: {} } });
    expect(release?.submission).toMatchObject({
      measured: { loadBalancer: 'app/iris/50dc6c495c0c9188', targetGroup: 'targetgroup/iris-blue/73e2d6bc24d8a067' },
    });
    expect(account.journal()).toContain('"kind":"bucket"');
    expect(account.journal()).toMatch(/"decision":"rollback"/);
    expect((await account.deploy('1.0.0', {}, { runId: '2' }))?.result).toMatchObject({ reason: 'already-convicted' });
  });

  test.each([
    ['requests are counted by latency', {}],
    ['only a percentile is published', { latencyTrimmedStatistics: false }],
  ])('is slower: it is stopped where %s', async (_name, settings) => {
    await open({ settings });
    slow(2, 120);
    const report = await delivering(judged(canary.replace('5m', '30m')));
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(await account.running()).toEqual(['iris:1']);
  });

  test('begins to fail after the last shift: it is taken back while the tasks before still run', async () => {
    await open({ terminationMinutes: 30 });
    const { clock } = account.simulator;
    account.writeManifest(() => serviceManifest(judged()));
    await account.ready('1.0.0');
    clock.at(clock.now() + minutes(12), 'fails', () => fail(2, 0.5));
    const report = await account.deploy('1.0.0');
    expect(report?.result.outcome).toBe('rolled-back');
    expect(['convicted', 'safety-net', 'worse-than-before']).toContain(report?.result.reason);
    expect(await account.running()).toEqual(['iris:1']);
  });

  test('begins to fail when nothing can stop the deployment any more: it is not delivered', async () => {
    await open();
    const { clock } = account.simulator;
    account.writeManifest(() => serviceManifest(judged()));
    await account.ready('1.0.0');
    clock.at(clock.now() + minutes(4), 'fails', () => fail(2, 1));
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'convicted-too-late' });
    expect(report?.result.because).toMatch(/had ended, and 1\.0\.0 serves: run rollback$/);
    expect(await account.running()).toEqual(['iris:2']);
  });

  test('is convicted by the run that goes on after one that died at the stop', async () => {
    await open();
    account.writeManifest(() => serviceManifest(long));
    await account.ready('1.0.0');
    fail(2, 0.2);
    const death = { atCall: 'codedeploy.stopDeployment', received: false };
    expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(await account.running()).toEqual(['iris:1']);
  });

  test('fails once a person has let its traffic go on', async () => {
    await open({ readyMinutes: 60 });
    fail(2, 0.2);
    const dark = await delivering(long);
    expect(dark?.result.reason).toBe('candidate-dark');
    await account.pass(minutes(20));
    expect((await account.shift('1.0.0'))?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(await account.running()).toEqual(['iris:1']);
  });
});

describe('a good version is delivered', () => {
  test.each<[string, GroupOptions]>([
    ['with the metrics of AWS as they are known', {}],
    ['with metrics that come late', { settings: { metricDelayMs: minutes(3) } }],
    ['where its task set is the primary one from the first shift on', { settings: { primaryTaskSet: 'first-shift' } }],
  ])('%s', async (_name, options) => {
    await open(options);
    // Both versions fail alike.
    fail(1, 0.02);
    fail(2, 0.02);
    const report = await delivering(long);
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    expect(report?.result.because).toBe('models/iris is on revision 2 (1.0.0), verified');
    expect(await account.running()).toEqual(['iris:2']);
  });

  test('by steps of CodeDeploy', async () => {
    await open();
    const linear = 'strategy: linear, step: 25%, bake: 5m';
    const report = await delivering(long.replace('strategy: canary, size: 10%, bake: 15m', linear));
    expect(report?.result.reason).toBe('delivered');
    expect(account.journal()).toMatch(/"share":0\.25/);
    expect(account.journal()).toMatch(/"share":0\.75/);
  });

  test('after another one, whose target group was its own before', async () => {
    await open();
    // The tasks that left the green target group.
    fail(2, 0.3);
    await delivering(long);
    await account.ready('1.1.0');
    expect((await account.deploy('1.1.0', {}, { runId: '2' }))?.result.reason).toBe('delivered');
    await account.pass(minutes(30));
    // It is no better than the one before it, which fails never.
    fail(4, 0.1);
    await account.ready('1.2.0');
    expect((await account.deploy('1.2.0', {}, { runId: '3' }))?.result.reason).toBe('convicted');
  });
});

test.each([
  ['reported', '', 'delivered'],
  ['judged where the manifest says so', ', client-errors: judge', 'convicted'],
])('mistakes of its callers are %s', async (_name, more, reason) => {
  await open();
  fail(2, 0.3, 400);
  const report = await delivering(long.replace('confidence: 0.95 }', `confidence: 0.95 }${more}`));
  expect(report?.result.reason).toBe(reason);
});

test('without requests nothing is judged, and both the plan and the end say so', async () => {
  await open();
  account.idle();
  await account.pass(minutes(90));
  account.writeManifest(() => serviceManifest(judged()));
  await account.ready('1.0.0');
  const planned = await account.deploy('1.0.0', { 'dry-run': 'true' });
  expect(planned?.result.plan?.notes).toContain(
    'models/iris has had no requests in the last hour: without any the judge has nothing to compare, and takes nothing back',
  );
  const report = await account.deploy('1.0.0');
  expect(report?.result.reason).toBe('delivered');
  expect(report?.result.because).toBe(
    'models/iris is on revision 2 (1.0.0), verified; it had no request during its shift, so the judge had nothing to compare',
  );
});

test('metrics that cannot be read take the version back after `max-blind`', async () => {
  await open();
  account.writeManifest(() => serviceManifest(long.replace('judge: {', 'judge: { max-blind: 3m,')));
  await account.ready('1.0.0');
  const { clock, faults } = account.simulator;
  clock.at(clock.now() + minutes(3), 'blind', () =>
    faults.add({
      service: 'cloudwatch',
      operation: 'GetMetricData',
      times: 100,
      kind: 'error',
      code: 'AccessDenied',
      message: 'no',
    }),
  );
  expect((await account.deploy('1.0.0'))?.result).toMatchObject({ outcome: 'rolled-back', reason: 'metrics-blind' });
  expect(await account.running()).toEqual(['iris:1']);
});

test('the plan names the judge and what it can see', async () => {
  await open();
  account.writeManifest(() => serviceManifest(judged()));
  await account.ready('1.0.0');
  const notes = (await account.deploy('1.0.0', { 'dry-run': 'true' }))?.result.plan?.notes ?? [];
  expect(notes).toContainEqual(
    expect.stringMatching(/^the judge compares both versions while they share the requests; burst guard /),
  );
  expect(notes).toContainEqual(expect.stringMatching(/^durations: requests are counted by latency at /));
  expect(notes).toContain('at the usual 20 requests per second the new version gets about 600 in its first 5 minutes');
});

test('a Network Load Balancer counts no requests: a judge is refused, and nothing is changed', async () => {
  await open({ listenedBy: 'net/iris/50dc6c495c0c9188' });
  const report = await delivering(judged());
  expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'infeasible-rollout' });
  expect(report?.result.because).toContain(
    'models/iris is behind net/iris/50dc6c495c0c9188, and the judge compares requests that an Application Load Balancer counts by target group',
  );
  expect(await account.deployments()).toEqual([]);
});

test.each<[string, object]>([
  ['without the judge of the manifest', { judged: undefined, measured: undefined }],
  ['that measures nothing', { measured: undefined }],
  [
    'that measures tasks of others',
    { measured: { loadBalancer: 'app/iris/50dc6c495c0c9188', targetGroup: 'targetgroup/other/0123456789abcdef' } },
  ],
  [
    'that measures another load balancer',
    { measured: { loadBalancer: 'app/other/50dc6c495c0c9188', targetGroup: 'targetgroup/iris-blue/73e2d6bc24d8a067' } },
  ],
])('a record %s is not followed', async (_name, changed) => {
  await open();
  account.writeManifest(() => serviceManifest(long));
  await account.ready('1.0.0');
  const death = { atCall: 'codedeploy.createDeployment', received: false };
  expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
  const record = account.serviceRecord();
  if (record?.live?.submission.kind !== 'service-deployment') throw new Error('no release is live');
  const submission = { ...record.live.submission, ...changed };
  account.simulator.objects.put(
    'model-delivery-111122223333-eu-west-1',
    'ecs/models/iris/record.json',
    Buffer.from(JSON.stringify({ ...record, live: { ...record.live, submission } })),
  );
  expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason: 'foreign-record' });
  expect(await account.deployments()).toEqual([]);
});
