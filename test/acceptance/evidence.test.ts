import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import type { Evidence } from '../../src/findings/evidence.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { summaryOf } from '../../src/report/summary.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { keepVerdict, putGolden, regression } from '../support/regression-verdicts.ts';

/** The facts for a person who decides, as they are in the account. */

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const gate = async (version = '1.1.0', more: Readonly<Record<string, string>> = {}) => {
  const seen = account.watch();
  const report = await account.run(approveGate, { version, ...more });
  const { findings } = report?.result ?? {};
  return { report, requests: seen(), found: findings?.is === 'evidence' ? (findings as Evidence) : undefined };
};
const packageArn = (number: number): string =>
  `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/${number}`;
const update = (number: number, members: object) =>
  account.simulator.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn: packageArn(number), ...members });

const serving = async (): Promise<void> => {
  account.writeManifest(() => manifestText({ rollout: rollouts.unguarded, unwatched: true }));
  await account.prepare('1.0.0');
  expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
};

describe('the evidence', () => {
  test('compares with the version that the endpoint serves, and writes nothing', async () => {
    await serving();
    await account.register('1.1.0');
    const { report, found, requests } = await gate();
    expect(report?.result).toMatchObject({ outcome: 'pending', reason: 'approval-pending' });
    expect(found?.serves).toEqual({ is: 'known', value: { endpoint: 'iris', name: 'iris_v1.0.0' } });
    expect(found?.metrics[0]).toEqual({
      name: 'multiclass_classification_metrics.accuracy',
      candidate: 0.96,
      serving: 0.9,
      better: 'higher',
    });
    expect(found?.changes).toMatchObject({ is: 'known', value: { title: 'deploy iris 1.1.0 to iris by all-at-once' } });
    expect(found?.verdict).toBeUndefined();
    expect(found?.card).toBeUndefined();
    expect(requests.filter(({ mutation }) => mutation)).toEqual([]);
    expect(requests.length).toBeLessThan(30);
    expect(JSON.stringify(report?.result)).not.toContain(team.account);
  });

  test.each(['Approved', 'Rejected'] as const)('is not read for a version that is %s', async (ModelApprovalStatus) => {
    await serving();
    await account.register('1.1.0');
    await update(2, { ModelApprovalStatus });
    const { found, requests } = await gate();
    expect(found).toBeUndefined();
    expect(new Set(requests.map(({ operation }) => operation))).toEqual(
      new Set(['AssumeRole', 'GetCallerIdentity', 'ListModelPackages', 'DescribeModelPackage']),
    );
  });

  test('has the verdict that counts, and the one that does not', async () => {
    await serving();
    putGolden(account);
    account.writeManifest(
      (text) =>
        `${text.replace(/rollout: .*/, `rollout: { ${rollouts.unguarded}, minimum-requests: 0 }`)}${regression()}`,
    );
    await account.register('1.1.0');
    expect((await gate()).found?.verdict).toMatchObject({
      is: 'known',
      value: { verdict: 'none', because: expect.stringContaining('run regression-test for production') },
    });
    await keepVerdict(account, '1.1.0');
    expect((await gate()).found?.verdict).toMatchObject({
      is: 'known',
      value: { verdict: 'pass', because: expect.stringContaining('regression test passed at') },
    });
    await keepVerdict(account, '1.1.0', { verdict: 'fail', because: 'accuracy fell' });
    expect((await gate()).found?.verdict).toMatchObject({
      is: 'known',
      value: { verdict: 'fail', because: expect.stringContaining('ended with fail') },
    });
  });

  test('has the reason in the place of each part that is not known, and the gate answers all the same', async () => {
    await serving();
    await account.register('1.1.0');
    account.simulator.permit('model-deployer', ['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages']);
    const { report, found } = await gate();
    expect(report?.result).toMatchObject({ outcome: 'pending', reason: 'approval-pending' });
    expect(found?.changes).toMatchObject({ is: 'unknown', because: expect.stringContaining('grant s3:GetObject') });
    expect(found?.serves).toMatchObject({
      is: 'unknown',
      because: expect.stringContaining('grant sagemaker:DescribeEndpoint'),
    });
    expect(found?.metrics).toEqual([]);
    expect(found?.metricNotes.join()).toContain('grant s3:GetObject');
    expect(found?.lineage).toMatchObject({ artifact: expect.stringMatching(/^sha256:/) });
  });

  test.each([
    ['is no JSON', 'accuracy: 0.9', 'not JSON: it contains an element that JSON does not allow'],
    ['is absent', undefined, 'there is no object s3://ml-reports/evaluation.json'],
    ['has no number', '{"group": {"auc": {"value": "NaN"}, "matrix": {"0": {"0": 1}}, "odd": 3}}', undefined],
  ])('an evaluation of others that %s brings no metric', async (_name, text, said) => {
    await account.register('1.0.0');
    const { InferenceSpecification } = await account.simulator.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: packageArn(1),
    });
    await account.simulator.call('sagemaker', 'CreateModelPackage', {
      ModelPackageGroupName: team.model,
      InferenceSpecification,
      ModelApprovalStatus: 'PendingManualApproval',
      ModelMetrics: {
        ModelQuality: { Statistics: { ContentType: 'application/json', S3Uri: 's3://ml-reports/evaluation.json' } },
      },
      CustomerMetadataProperties: { 'metric.validation:auc': '0.75', 'metric.epochs': 'ten' },
    });
    if (text !== undefined) account.simulator.objects.put('ml-reports', 'evaluation.json', Buffer.from(text));
    const { found } = await gate('2');
    // Those of the training job stay.
    expect(found?.metrics).toEqual([{ name: 'training job: validation:auc', candidate: 0.75, better: 'higher' }]);
    if (said === undefined) expect(found?.metricNotes).toEqual([]);
    else expect(found?.metricNotes.join()).toContain(said);
  });

  test('has the refusal of a smoke test whose path is none, as the delivery has it', async () => {
    await serving();
    account.writeManifest(
      (text) =>
        `${text}smoke: { content-type: application/json, requests: [{ body: "{}", expect: { path: "$.a[", value: 1 } }] }\n`,
    );
    await account.register('1.1.0');
    const { found } = await gate();
    expect(found?.changes).toMatchObject({
      is: 'unknown',
      because: expect.stringContaining('smoke.requests[0].expect.path'),
    });
  });

  test('an evaluation that was overwritten since the registration is not shown', async () => {
    await account.register('1.0.0');
    const { ModelMetrics } = await account.simulator.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: packageArn(1),
    });
    const { S3Uri } = (ModelMetrics as { ModelQuality: { Statistics: { S3Uri: string } } }).ModelQuality.Statistics;
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(S3Uri) ?? [];
    account.simulator.objects.put(bucket, key, Buffer.from('{"group": {"auc": {"value": 1}}}'));
    const { found } = await gate('1.0.0');
    expect(found?.metrics).toEqual([]);
    expect(found?.metricNotes.join()).toContain('was overwritten after iris_v1.0.0 was registered');
  });

  test.each([
    ['alarm', '1.1.0 was taken back before (iris-1.1.0x: errors); set retry: true'],
    ['smoke-failed', '1.1.0 failed before (iris-1.1.0x: errors); set retry: true'],
    ['cause-unknown', 'a cause that is not known (iris-1.1.0x: errors); that convicts no version; set retry: true'],
  ] as const)('a version that was taken back by %s has the refusal of its delivery', async (reason, refused) => {
    await serving();
    await account.register('1.1.0');
    const record = account.record();
    const [first] = record?.ended ?? [];
    if (record === undefined || first === undefined) throw new Error('nothing was delivered');
    account.forge({
      ...record,
      ended: [
        { ...first, id: 'iris-1.1.0x', version: '1.1.0', outcome: 'rolled-back', reason, because: 'errors' },
        first,
      ],
    });
    const { found } = await gate();
    if (found?.changes.is === 'unknown') throw new Error(found.changes.because);
    expect(found?.changes).toMatchObject({ is: 'known', value: { refused: expect.stringContaining(refused) } });
  });
});

describe('in mode wait', () => {
  test('it is shown at the first look and when the version changes, and stays in the report of the decision', async () => {
    await account.register('1.0.0');
    const { clock } = account.simulator;
    const edits = [
      [minutes(5), { CustomerMetadataProperties: { reviewed: 'no' } }],
      [minutes(10), { ModelApprovalStatus: 'Approved' }],
    ] as const;
    for (const [after, members] of edits) clock.at(clock.now() + after, 'meanwhile', () => void update(1, members));
    const { report, requests, found } = await gate('1.0.0', { mode: 'wait' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'approved' });
    expect(found?.tag).toBe('iris_v1.0.0');
    const plans = requests.filter(({ operation }) => operation === 'DescribeEndpoint');
    const looks = requests.filter(({ operation }) => operation === 'ListModelPackages');
    expect(looks.length).toBeGreaterThan(6);
    expect(new Set(plans.map(({ at }) => Math.floor((at - clock.now()) / minutes(2)))).size).toBe(2);
  });
});

describe('the plan of a delivery', () => {
  const accuracy = 'multiclass_classification_metrics.accuracy';
  const row = `| ${accuracy.replaceAll('_', '\\_')} | 0.96 | 0.9 | +0.06 ▲ better |`;
  /** The reads of the two evaluations, and those of packages. */
  const readsIn = (requests: ReturnType<ReturnType<TestAccount['watch']>>) => ({
    evaluations: requests.filter(
      ({ operation, resource }) => operation === 'GetObject' && resource.includes('evaluation'),
    ).length,
    packages: requests.filter(({ operation }) => operation === 'DescribeModelPackage').length,
  });

  test('has the metrics beside those of the version that serves, by two more requests', async () => {
    await serving();
    await account.prepare('1.1.0');
    const seen = account.watch();
    const dry = await account.run(deployEndpoint, { version: '1.1.0', 'dry-run': 'true' });
    // The package of the version, and the look's package of the one that serves.
    expect(readsIn(seen())).toEqual({ evaluations: 2, packages: 2 });
    expect(dry?.result.plan?.metrics).toMatchObject({
      tag: 'iris_v1.1.0',
      serves: { is: 'known', value: { endpoint: 'iris', name: 'iris_v1.0.0' } },
      metrics: expect.arrayContaining([{ name: accuracy, candidate: 0.96, serving: 0.9, better: 'higher' }]),
    });
    expect(JSON.stringify(dry?.result)).not.toContain(team.account);
    const again = account.watch();
    const delivered = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(delivered?.result.reason).toBe('delivered');
    // The turn that begins the release plans again, and does not read them again.
    expect(readsIn(again()).evaluations).toBe(2);
    expect(delivered && summaryOf(delivered)).toContain(row);
  });

  test('of the first version has its metrics alone', async () => {
    account.writeManifest(() => manifestText({ rollout: rollouts.unguarded, unwatched: true }));
    await account.prepare('1.0.0');
    const dry = await account.run(deployEndpoint, { version: '1.0.0', 'dry-run': 'true' });
    expect(dry?.result.plan?.metrics).toMatchObject({
      serves: { is: 'known', value: { endpoint: 'iris' } },
      metrics: expect.arrayContaining([{ name: accuracy, candidate: 0.9, better: 'higher' }]),
    });
  });

  test('has none of a version that was registered without, and reads nothing for it', async () => {
    await serving();
    const { evaluation: _, ...without } = account.registration('1.1.0');
    await account.run(registerModel, without);
    await account.approve();
    const seen = account.watch();
    const dry = await account.run(deployEndpoint, { version: '1.1.0', 'dry-run': 'true' });
    expect(dry?.result.reason).toBe('planned');
    expect(dry?.result.plan?.metrics).toBeUndefined();
    expect(readsIn(seen()).evaluations).toBe(0);
  });

  test('has the missing permission in their place, and the delivery goes on', async () => {
    await serving();
    await account.prepare('1.1.0');
    account.simulator.attachPolicy('model-deployer', {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: 's3:GetObject', Resource: 'arn:aws:s3:::*evaluation*' },
      ],
    });
    const delivered = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(delivered?.result.reason).toBe('delivered');
    expect(delivered?.result.plan?.metrics).toMatchObject({ metrics: [] });
    expect(delivered && summaryOf(delivered)).toContain('grant s3:GetObject on it');
  });

  test('of a shift of the traffic has them too', async () => {
    await account.inProduction('1.0.0');
    account.writeManifest(() => manifestText({ rollout: `${rollouts.steps}, max-step: 6h` }));
    await account.prepare('1.1.0');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
    const dry = await account.run(shiftTraffic, { version: '1.1.0', 'dry-run': 'true' });
    expect(dry && summaryOf(dry)).toContain(row);
  });
});
