import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { accuracy, decisionsIn, packageOf, withPolicy } from '../support/approval-policy.ts';
import { keepVerdict, putGolden, regression } from '../support/regression-verdicts.ts';
import { analysisReport, irisConstraints, type RegisteredReports, registerWith } from '../support/reports.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

type Inputs = Readonly<Record<string, string>>;

const gate = async (inputs: Inputs = {}): Promise<Report> => {
  const report = await account.run(approveGate, { version: '1.1.0', mode: 'policy', ...inputs });
  if (report === undefined) throw new Error('the run died');
  return report;
};

/** Runs the gate, and gives the decisions that it sent. */
const decided = async (inputs: Inputs = {}) => {
  const seen = account.watch();
  const { result } = await gate(inputs);
  return { result, sent: decisionsIn(seen()), mutations: seen().filter(({ mutation }) => mutation) };
};

/** Without a decision the policy is a part of the evidence for people. */
const rulings = ({ findings }: Report['result']): string => {
  const policy = findings !== undefined && 'policy' in findings ? findings.policy : findings;
  return typeof policy === 'object' && policy !== null && 'rules' in policy
    ? (policy.rules as { readonly ruling: string }[]).map(({ ruling }) => ruling).join()
    : 'none';
};

describe('a policy about the registered metrics', () => {
  test('approves when every rule holds, with the figures, once, and with nothing beside the decision', async () => {
    await account.register('1.1.0');
    withPolicy(account, [
      `{ metric: ${accuracy}, at-least: 0.9 }`,
      `{ metric: ${accuracy}.value, at-most: 1 }`,
      '{ metric: [multiclass_classification_metrics, confusion_matrix, "2", "1"], at-most: 2 }',
    ]);
    const { result, sent, mutations } = await decided();
    expect(result).toMatchObject({ outcome: 'succeeded', reason: 'approved' });
    const words =
      'policy: 3 of 3 rules hold; multiclass_classification_metrics.accuracy is 0.96, at least 0.9; multiclass_classification_metrics.accuracy is 0.96, at most 1; multiclass_classification_metrics.confusion_matrix.2.1 is 2, at most 2';
    expect(sent).toEqual([
      { ModelPackageArn: packageOf(1), ModelApprovalStatus: 'Approved', ApprovalDescription: words },
    ]);
    expect(mutations).toHaveLength(1);
    expect(result.outputs).toMatchObject({ 'approval-status': 'Approved', 'approval-description': words });
    expect(rulings(result)).toBe('holds,holds,holds');
  });

  test('rejects when one is broken, beside others that hold or cannot be computed', async () => {
    await account.register('1.1.0');
    withPolicy(account, [
      `{ metric: ${accuracy}, at-least: 0.97 }`,
      `{ metric: ${accuracy}, at-least: 0.9 }`,
      '{ metric: multiclass_classification_metrics.auc, at-least: 0.9 }',
    ]);
    const { result, sent } = await decided();
    expect(result).toMatchObject({ outcome: 'rejected', reason: 'approval-rejected' });
    expect(sent).toEqual([
      {
        ModelPackageArn: packageOf(1),
        ModelApprovalStatus: 'Rejected',
        ApprovalDescription: expect.stringMatching(
          /^policy: 1 of 3 rules holds, 1 broken, 1 undecided; broken: multiclass_classification_metrics\.accuracy is 0\.96, at least 0\.97; undecided: /,
        ),
      },
    ]);
    expect(rulings(result)).toBe('broken,holds,open');
  });

  test.each([
    ['is absent', '{ metric: multiclass_classification_metrics.auc, at-least: 0 }', 'is not in the report'],
    ['is NaN', `{ metric: ${accuracy}.standard_deviation, at-most: 1 }`, 'is no number'],
    ['is a mapping', '{ metric: multiclass_classification_metrics, at-least: 0 }', 'is no number'],
    [
      'belongs to a report that the package does not name',
      '{ metric: a, from: explainability, at-least: 0 }',
      'names no such report',
    ],
    ['is no metadata', '{ metric: f1, from: metadata, at-least: 0 }', 'is not in the metadata'],
    ['would need a version that serves', `{ metric: ${accuracy}, not-worse-than: serving }`, 'nothing serves yet'],
    ['is a bias without a report', '{ metric: DPPL, from: bias, facet: group, at-most: 0.5 }', 'names no such report'],
    ['would need a drift baseline', `{ metric: ${accuracy}, not-worse-than: drift-baseline }`, 'names no such report'],
  ])('decides nothing and writes nothing when the value %s', async (_name, rule, why) => {
    await account.register('1.1.0');
    withPolicy(account, [`{ metric: ${accuracy}, at-least: 0.9 }`, rule]);
    const { result, mutations } = await decided();
    expect(result).toMatchObject({ outcome: 'inconclusive', reason: 'policy-inconclusive' });
    expect(result.because).toContain(why);
    expect(mutations).toEqual([]);
    expect(rulings(result)).toBe('holds,open');
  });

  test.each([
    ['an approval', 0.9, 'approve iris_v1.1.0'],
    ['a rejection', 0.97, 'reject iris_v1.1.0'],
  ])('in a dry run plans %s and writes nothing', async (_name, least, title) => {
    await account.register('1.1.0');
    withPolicy(account, [`{ metric: ${accuracy}, at-least: ${least} }`]);
    const { result, mutations } = await decided({ 'dry-run': 'true' });
    expect(result).toMatchObject({ reason: 'planned', plan: { title } });
    expect(mutations).toEqual([]);
  });

  test('reads the digest: a report that was overwritten decides nothing', async () => {
    await account.register('1.1.0');
    withPolicy(account, [`{ metric: ${accuracy}, at-least: 0.9 }`]);
    const { ModelMetrics } = await account.simulator.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: packageOf(1),
    });
    const uri = (ModelMetrics as { ModelQuality: { Statistics: { S3Uri: string } } }).ModelQuality.Statistics.S3Uri;
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
    account.simulator.objects.put(bucket, key, Buffer.from('{"multiclass_classification_metrics":{"accuracy":1}}'));
    const { result, mutations } = await decided();
    expect(result).toMatchObject({
      reason: 'policy-inconclusive',
      because: expect.stringContaining('was overwritten after iris_v1.1.0 was registered'),
    });
    expect(mutations).toEqual([]);
  });

  test('a report of others that has the metric twice decides nothing', async () => {
    await account.register('1.0.0');
    const { InferenceSpecification } = await account.simulator.call('sagemaker', 'DescribeModelPackage', {
      ModelPackageName: packageOf(1),
    });
    await account.simulator.call('sagemaker', 'CreateModelPackage', {
      ModelPackageGroupName: team.model,
      InferenceSpecification,
      ModelApprovalStatus: 'PendingManualApproval',
      ModelMetrics: {
        ModelQuality: { Statistics: { ContentType: 'application/json', S3Uri: 's3://ml-reports/evaluation.json' } },
      },
    });
    const twice = '{"multiclass_classification_metrics": {"accuracy": {"value": 0.1}, "accuracy": {"value": 0.99}}}';
    account.simulator.objects.put('ml-reports', 'evaluation.json', Buffer.from(twice));
    withPolicy(account, [`{ metric: ${accuracy}, at-least: 0.9 }`]);
    const { result, mutations } = await decided({ version: '2' });
    expect(result).toMatchObject({
      reason: 'policy-inconclusive',
      because: expect.stringContaining('has the member "accuracy" twice'),
    });
    expect(mutations).toEqual([]);
  });

  test('a version that is decided is left alone', async () => {
    await account.prepare('1.1.0');
    withPolicy(account, [`{ metric: ${accuracy}, at-least: 0.97 }`]);
    expect(await decided()).toMatchObject({ result: { reason: 'approved' }, mutations: [] });
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: packageOf(1),
      ModelApprovalStatus: 'Rejected',
    });
    withPolicy(account, [`{ metric: ${accuracy}, at-least: 0.9 }`]);
    expect(await decided()).toMatchObject({ result: { reason: 'approval-rejected' }, mutations: [] });
  });

  test('without rules in the manifest names the key to write', async () => {
    await account.register('1.1.0');
    const { result, mutations } = await decided();
    expect(result).toMatchObject({ reason: 'invalid-input', because: expect.stringContaining('approval.policy: ') });
    expect(mutations).toEqual([]);
  });

  test('reads metrics of a training job in the metadata', async () => {
    await account.run(registerModel, { ...account.registration('1.1.0'), metadata: 'metric.validation:auc=0.93' });
    withPolicy(account, ['{ metric: "metric.validation:auc", from: metadata, at-least: 0.9 }']);
    expect((await decided()).result.reason).toBe('approved');
  });

  test("an environment's rules replace those for all", async () => {
    await account.register('1.1.0');
    withPolicy(account, [`{ metric: ${accuracy}, at-least: 0.97 }`], (text) =>
      text.replace(
        '    endpoint:\n',
        `    approval: { policy: [{ metric: ${accuracy}, at-least: 0.9 }] }\n    endpoint:\n`,
      ),
    );
    expect((await decided()).result.reason).toBe('approved');
  });
});

describe('a comparison with the version that serves', () => {
  const unwatched = (): string => manifestText({ rollout: rollouts.unguarded, unwatched: true });
  const rule = `{ metric: ${accuracy}, not-worse-than: serving, by: 0.01 }`;

  const serving = async (version: '1.0.0' | '1.1.0', next: '1.0.0' | '1.1.0', rules = [rule]): Promise<void> => {
    account.writeManifest(unwatched);
    await account.prepare(version);
    expect((await account.run(deployEndpoint, { version }))?.result.reason).toBe('delivered');
    await account.register(next);
    withPolicy(account, rules, unwatched);
  };

  test('approves a better one, and names both figures and the package that serves', async () => {
    await serving('1.0.0', '1.1.0');
    const { result, sent } = await decided();
    expect(result.reason).toBe('approved');
    expect(sent).toMatchObject([
      { ApprovalDescription: expect.stringContaining('0.96 beside 0.9 of the serving package iris/1') },
    ]);
  });

  test('rejects a worse one', async () => {
    await serving('1.1.0', '1.0.0');
    const { result, sent } = await decided({ version: '1.0.0' });
    expect(result.reason).toBe('approval-rejected');
    expect(sent).toMatchObject([{ ModelApprovalStatus: 'Rejected' }]);
  });

  test('is undecided while a release is under way', async () => {
    account.writeManifest(unwatched);
    await account.prepare('1.0.0');
    await account.run(deployEndpoint, { version: '1.0.0', wait: 'false' });
    expect(account.record()?.live).toBeDefined();
    await account.register('1.1.0');
    withPolicy(account, [rule], unwatched);
    const { result, mutations } = await decided();
    expect(result).toMatchObject({
      reason: 'policy-inconclusive',
      because: expect.stringContaining('is under way on endpoint iris'),
    });
    expect(mutations).toEqual([]);
  });

  test('of the version that serves itself decides nothing', async () => {
    await serving('1.0.0', '1.1.0');
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: packageOf(1),
      ModelApprovalStatus: 'PendingManualApproval',
    });
    expect((await decided({ version: '1.0.0' })).result).toMatchObject({
      reason: 'policy-inconclusive',
      because: expect.stringContaining('serves itself'),
    });
  });

  test('of a first version is left out where the manifest has it so, and its own metric must be there', async () => {
    await account.register('1.1.0');
    withPolicy(account, [rule.replace(' }', ', first: pass }')]);
    const { result } = await decided();
    expect(result.reason).toBe('approved');
    expect(rulings(result)).toBe('left-out');
    withPolicy(account, ['{ metric: multiclass_classification_metrics.auc, not-worse-than: serving, first: pass }']);
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: packageOf(1),
      ModelApprovalStatus: 'PendingManualApproval',
    });
    expect((await decided()).result.reason).toBe('policy-inconclusive');
  });

  test("a serving version without the report decides nothing; one without a package's name neither", async () => {
    account.writeManifest(unwatched);
    const { evaluation: _none, ...first } = account.registration('1.0.0');
    await account.run(registerModel, first);
    await account.approve();
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    await account.register('1.1.0');
    withPolicy(account, [rule], unwatched);
    expect((await decided()).result).toMatchObject({
      reason: 'policy-inconclusive',
      because: expect.stringContaining(
        'of the serving package iris/1 is not known: package iris/1 names no such report',
      ),
    });
    await account.simulator.call('sagemaker', 'DeleteModelPackage', { ModelPackageName: packageOf(1) });
    expect((await decided()).result).toMatchObject({
      reason: 'policy-inconclusive',
      because: expect.stringContaining('package iris/1, which serves, was deleted'),
    });
  });

  test('the verdict of the regression test is a rule: missing, passed, failed', async () => {
    account.writeManifest(unwatched);
    putGolden(account);
    await account.prepare('1.0.0');
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    await account.register('1.1.0');
    withPolicy(account, ['{ regression: passed }'], () => `${unwatched()}${regression()}`);
    expect((await decided()).result).toMatchObject({
      reason: 'policy-inconclusive',
      because: expect.stringContaining('regression-test has not run for iris_v1.1.0'),
    });
    await keepVerdict(account, '1.1.0', { verdict: 'inconclusive' });
    expect((await decided()).result.reason).toBe('policy-inconclusive');
    await keepVerdict(account, '1.1.0', { verdict: 'pass' });
    expect((await decided({ 'dry-run': 'true' })).result).toMatchObject({ plan: { title: 'approve iris_v1.1.0' } });
    await keepVerdict(account, '1.1.0', { verdict: 'fail', because: 'accuracy is worse' });
    const { result, sent } = await decided();
    expect(result.reason).toBe('approval-rejected');
    expect(sent).toMatchObject([{ ApprovalDescription: expect.stringContaining('accuracy is worse') }]);
  });
});

describe('reports of Clarify and Model Monitor', () => {
  const registered = async (reports: RegisteredReports, rules: readonly string[]): Promise<void> => {
    await registerWith(account, '1.1.0', reports);
    withPolicy(account, rules);
  };

  test.each([
    [0.31, 'approved'],
    [0.29, 'approval-rejected'],
  ])('bias: a distance of 0.3 with a limit of %s: %s', async (limit, reason) => {
    await registered({ 'bias-report': analysisReport([0.6, 0.3]) }, [
      `{ metric: DPPL, from: bias, facet: garden, at-most: ${limit} }`,
    ]);
    expect((await decided()).result.reason).toBe(reason);
  });

  test('bias of a facet that the report does not have decides nothing', async () => {
    await registered({ 'bias-report': analysisReport([0.6, 0.6]) }, [
      '{ metric: DPPL, from: bias, facet: age, at-most: 0.9 }',
    ]);
    expect((await decided()).result).toMatchObject({
      reason: 'policy-inconclusive',
      because: expect.stringContaining('no such facet'),
    });
  });

  test('a feature by its SHAP value, a column by its constraints', async () => {
    await registered({ 'explainability-report': analysisReport([0.5, 0.5]), 'data-constraints': irisConstraints() }, [
      '{ metric: explanations.kernel_shap.label0.global_shap_values.petal_length, from: explainability, at-most: 0.5 }',
      '{ metric: features.petal_length.completeness, from: data-constraints, at-least: 1 }',
    ]);
    const { result } = await decided();
    expect(`${result.reason}: ${result.because}`).toMatch(/^approved/);
  });
});
