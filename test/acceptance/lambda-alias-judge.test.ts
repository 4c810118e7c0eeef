import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { type AliasAccount, aliasManifest, openAliasAccount } from '../support/alias.ts';
import { canary, judged } from '../support/codedeploy.ts';

// The judge reads AWS/Lambda while CodeDeploy shifts the alias, and stops a deployment that no alarm sees.

const long = judged(canary.replace('5m', '15m'));

let account: AliasAccount;
beforeEach(async () => {
  account = await openAliasAccount();
  // Its limit is above everything that these versions do.
  await account.alarmAbove(1000);
  await account.pass(minutes(20));
});
afterEach(() => account.close());

const reopen = async (options: Parameters<typeof openAliasAccount>[0]): Promise<void> => {
  account.close();
  account = await openAliasAccount(options);
  await account.alarmAbove(1000);
  await account.pass(minutes(20));
};
const slow = (milliseconds: number) => (version: string) =>
  account.simulator.functions.slow('iris', version, milliseconds);
const delivering = async (rollout: string, harm: (version: string) => void = () => {}) => {
  account.writeManifest(() => aliasManifest(rollout));
  harm(await account.ready('1.0.0'));
  return account.deploy('1.0.0');
};
const fail = (rate: number) => (version: string) => account.simulator.functions.fail('iris', version, rate);

describe('a version that no alarm sees', () => {
  test('fails more often: it is stopped, taken back and verified, with figures and evidence', async () => {
    const report = await delivering(long, fail(0.2));
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(report?.result.because).toContain('version 1 serves again, verified');
    expect(report?.result.findings).toMatchObject({ is: 'judgement', exposed: expect.any(Number) });
    expect(await account.alias()).toEqual(['1', undefined]);
    expect((await account.deployments())[0]).toMatchObject({
      status: 'Stopped',
      errorInformation: { code: 'MANUAL_STOP' },
    });
    const [release] = account.aliasRecord()?.ended ?? [];
    expect(release?.witnessed.abort).toMatchObject({ why: 'convicted', figures: { evidence: {} } });
    const journal = account.journal();
    expect(journal).toContain('"kind":"bucket"');
    expect(journal).toMatch(/"decision":"rollback"/);
    expect((await account.deploy('1.0.0', {}, { runId: '2' }))?.result).toMatchObject({ reason: 'already-convicted' });
  });

  test('fails by half: the safety net may come first, and no alarm does', async () => {
    const report = await delivering(long, fail(0.5));
    expect(report?.result.outcome).toBe('rolled-back');
    expect(['convicted', 'safety-net']).toContain(report?.result.reason);
  });

  test.each([
    ['requests are counted by latency', {}],
    ['only a percentile is published', { latencyTrimmedStatistics: false }],
  ])('is slower: it is stopped where %s', async (_name, settings) => {
    await reopen({ settings });
    const report = await delivering(judged(canary.replace('5m', '30m')), slow(120));
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(await account.alias()).toEqual(['1', undefined]);
  });

  test('is convicted by the run that goes on after one that died at the stop', async () => {
    account.writeManifest(() => aliasManifest(long));
    fail(0.2)(await account.ready('1.0.0'));
    const death = { atCall: 'codedeploy.stopDeployment', received: false };
    expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
    expect((await account.deploy('1.0.0'))?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    expect(await account.alias()).toEqual(['1', undefined]);
  });

  test('begins to fail when nothing can stop the deployment any more: it is not delivered', async () => {
    account.writeManifest(() => aliasManifest(judged()));
    const published = await account.ready('1.0.0');
    const { clock } = account.simulator;
    clock.at(clock.now() + minutes(3), 'fails', () => fail(1)(published));
    const report = await account.deploy('1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'convicted-too-late' });
    expect(report?.result.because).toMatch(/had ended, and 1\.0\.0 serves: run rollback$/);
    expect(await account.alias()).toEqual(['2', undefined]);
  });
});

describe('a good version is delivered', () => {
  test.each<[string, Parameters<typeof openAliasAccount>[0]]>([
    ['with the metrics of AWS as they are known', {}],
    ['with metrics that come late', { settings: { metricDelayMs: minutes(3) } }],
    ['with requests that come later than the errors of their minute', { settings: { lateInvocationsMs: minutes(2) } }],
    [
      'without a metric by version while the alias has one version',
      { settings: { executedVersionMetrics: 'weighted' } },
    ],
    ['without a data point for a minute without errors', { settings: { lambdaZeroErrors: false } }],
  ])('%s', async (_name, options) => {
    await reopen(options);
    // Both versions fail alike.
    fail(0.02)('1');
    const report = await delivering(long, fail(0.02));
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    expect(report?.result.because).toBe('iris:live is on version 2 (1.0.0), verified');
    expect(await account.alias()).toEqual(['2', undefined]);
  });

  test.each([
    ['within its warm-up is delivered', '10m', 'delivered'],
    ['without a warm-up is convicted', '0s', 'convicted'],
  ])('that is cold for six minutes %s', async (_name, latency, reason) => {
    account.writeManifest(() => aliasManifest(long.replace('judge: {', `judge: { warm-up: { latency: ${latency} },`)));
    const published = await account.ready('1.0.0');
    slow(400)(published);
    const { clock } = account.simulator;
    clock.at(clock.now() + minutes(6), 'warm', () => slow(40)(published));
    expect((await account.deploy('1.0.0'))?.result.reason).toBe(reason);
  });

  test('by steps of CodeDeploy', async () => {
    const linear = 'strategy: linear, step: 25%, bake: 5m';
    const report = await delivering(long.replace('strategy: canary, size: 10%, bake: 15m', linear));
    expect(report?.result.reason).toBe('delivered');
    expect(account.journal()).toMatch(/"share":0\.25/);
    expect(account.journal()).toMatch(/"share":0\.75/);
  });
});

test('without requests nothing is judged, and both the plan and the end say so', async () => {
  account.idle();
  await account.pass(minutes(90));
  account.writeManifest(() => aliasManifest(judged()));
  await account.ready('1.0.0');
  const planned = await account.deploy('1.0.0', { 'dry-run': 'true' });
  expect(planned?.result.plan?.notes).toContain(
    'iris:live has had no requests in the last hour: without any the judge has nothing to compare, and takes nothing back',
  );
  const report = await account.deploy('1.0.0');
  expect(report?.result.reason).toBe('delivered');
  expect(report?.result.because).toBe(
    'iris:live is on version 2 (1.0.0), verified; it had no request during its shift, so the judge had nothing to compare',
  );
});

test('metrics that cannot be read take the version back after `max-blind`', async () => {
  account.writeManifest(() => aliasManifest(long.replace('judge: {', 'judge: { max-blind: 3m,')));
  await account.ready('1.0.0');
  const { clock, faults } = account.simulator;
  clock.at(clock.now() + minutes(1), 'blind', () =>
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
  expect(await account.alias()).toEqual(['1', undefined]);
});

test('the plan names the judge and what it can see', async () => {
  account.writeManifest(() => aliasManifest(judged()));
  await account.ready('1.0.0');
  const report = await account.deploy('1.0.0', { 'dry-run': 'true' });
  const notes = report?.result.plan?.notes ?? [];
  expect(notes).toContainEqual(
    expect.stringMatching(/^the judge compares both versions while they share the requests; burst guard /),
  );
  expect(notes).toContainEqual(expect.stringMatching(/^durations: requests are counted by latency at /));
  expect(notes).toContain('at the usual 20 requests per second the new version gets about 600 in its first 5 minutes');
});

test('a record without the judge of the manifest is not followed', async () => {
  account.writeManifest(() => aliasManifest(long));
  await account.ready('1.0.0');
  const death = { atCall: 'codedeploy.createDeployment', received: false };
  expect(await account.deploy('1.0.0', {}, { death })).toBeUndefined();
  const record = account.aliasRecord();
  if (record?.live?.submission.mechanism !== 'codedeploy') throw new Error('no release is live');
  const { judged: policy, ...submission } = record.live.submission;
  expect(policy).toBeDefined();
  account.simulator.objects.put(
    'model-delivery-111122223333-eu-west-1',
    'lambda/iris/live/record.json',
    Buffer.from(JSON.stringify({ ...record, live: { ...record.live, submission } })),
  );
  expect((await account.deploy('1.0.0'))?.result).toMatchObject({ reason: 'foreign-record' });
  expect(await account.deployments()).toEqual([]);
});
