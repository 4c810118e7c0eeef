import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seconds } from '../../src/clock.ts';
import type { OperationName } from '../../src/operation.ts';
import type { ReasonCode } from '../../src/reason-codes.ts';
import { manifestText, rehearsedTeam } from '../../src/rehearsal/manifest.ts';
import { startNode } from '../../src/rehearsal/process.ts';
import { openStage, type RehearsedRelease, type Stage } from '../../src/rehearsal/stage.ts';

/** One mistake, and the one thing that is said about it. */
interface Mistake {
  /** Default: deploy-endpoint. */
  readonly operation?: OperationName;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly manifest?: (text: string) => string;
  readonly reason: ReasonCode;
  /** 2 where what was given is wrong, 1 where something else is. */
  readonly exit: 1 | 2;
  readonly outcome?: 'rejected';
  readonly says: RegExp;
}

const rollout = (from: string, to: string) => (text: string) => text.replace(from, to);
const named = (alarm: string) => rollout('errors: 1%', `errors: 1%, named: [${alarm}]`);
const withRegression = (dataset: string) => (text: string) =>
  `${text}regression: { task: regression, dataset: ${dataset}, metrics: [mae], request: { content-type: text/csv, input: [a] } }\n`;
const artifactOf = (version: string): string => `s3://${rehearsedTeam.bucket}/training/iris-${version}/model.tar.gz`;

const mistakes: Readonly<Record<string, Mistake>> = {
  'a manifest key nobody knows': {
    manifest: rollout('minimum-requests', 'minimum-request'),
    reason: 'invalid-manifest',
    exit: 2,
    says: /delivery\.yml:\d+:\d+: .*minimum-request\b.*minimum-requests/,
  },
  'a manifest value of the wrong type': {
    manifest: rollout('count: 4', 'count: four'),
    reason: 'invalid-manifest',
    exit: 2,
    says: /delivery\.yml:\d+:\d+: environments\.production\.endpoint\.instance\.count: /,
  },
  'a canary on one instance': {
    manifest: rollout('count: 4', 'count: 1'),
    reason: 'infeasible-rollout',
    exit: 2,
    says: /instance/,
  },
  'an alarm that cannot fire': {
    manifest: rollout('final-bake: 5m', 'final-bake: 2m'),
    reason: 'alarm-cannot-fire',
    exit: 2,
    says: /errors.*2m/,
  },
  'a package nobody approved': {
    inputs: { version: '1.3.0' },
    reason: 'not-approved',
    exit: 1,
    outcome: 'rejected',
    says: /iris_v1\.3\.0 .*PendingManualApproval/,
  },
  'a dry run of a version nobody registered': {
    inputs: { version: '7.0.0', 'dry-run': 'true' },
    reason: 'unknown-version',
    exit: 2,
    says: /7\.0\.0/,
  },
  'a role that does not exist': {
    manifest: rollout('role: model-deployer', 'role: no-such-role'),
    reason: 'credentials-unavailable',
    exit: 1,
    says: /no-such-role/,
  },
  'credentials of another account': {
    manifest: (text) => text.replace(rehearsedTeam.account, '999988887777').replace('    role: model-deployer\n', ''),
    reason: 'wrong-account',
    exit: 2,
    says: /ending in 7777, .*user\/delivery.* ending in 3333/,
  },
  'a version that is registered with other content': {
    operation: 'register-model',
    inputs: { version: '1.0.0', image: rehearsedTeam.image, artifact: artifactOf('1.3.0') },
    reason: 'version-taken',
    exit: 1,
    says: /1\.0\.0/,
  },
  'a bake of more than an hour': {
    manifest: rollout('bake: 10m', 'bake: 61m'),
    reason: 'infeasible-rollout',
    exit: 2,
    says: /bake 61m is over SageMaker's limit of 1 h/,
  },
  'a required input that is missing': {
    inputs: { version: '' },
    reason: 'invalid-input',
    exit: 2,
    says: /version is required/,
  },
  'a manifest file that does not exist': {
    inputs: { manifest: 'nowhere.yml' },
    reason: 'invalid-input',
    exit: 2,
    says: /"nowhere\.yml": there is no such file in .* \(ENOENT\)/,
  },
  'an environment the manifest does not have': {
    inputs: { environment: 'prodution' },
    reason: 'invalid-input',
    exit: 2,
    says: /"prodution".*did you mean production/,
  },
  'a version nobody registered': {
    inputs: { version: '7.0.0' },
    reason: 'unknown-version',
    exit: 2,
    says: /7\.0\.0/,
  },
  'a version that is none': { inputs: { version: 'latest' }, reason: 'invalid-input', exit: 2, says: /latest/ },
  'a named alarm that does not exist': {
    manifest: named('no-such-alarm'),
    reason: 'alarm-not-ready',
    exit: 2,
    says: /no-such-alarm/,
  },
  'a named alarm that is red already': {
    manifest: named('red-already'),
    reason: 'alarm-not-ready',
    exit: 2,
    says: /red-already.*ALARM/,
  },
  'too little traffic for minimum-requests': {
    manifest: rollout('minimum-requests: 300', 'minimum-requests: 9000'),
    reason: 'too-little-traffic',
    exit: 2,
    says: /minimum-requests is 9000/,
  },
  'a version without the verdict of a regression test': {
    // Only the bytes of the golden set count here, and the manifest is a file that is there.
    manifest: withRegression('delivery.yml'),
    reason: 'regression-missing',
    exit: 1,
    outcome: 'rejected',
    says: /regression-test has not run for iris_v1\.1\.0 .*: run regression-test for production and iris_v1\.1\.0 first/,
  },
  'a golden set that is not in the checkout': {
    manifest: withRegression('golden.csv'),
    reason: 'invalid-input',
    exit: 2,
    says: /regression\.dataset: cannot read "golden\.csv": there is no such file in .* \(ENOENT\)/,
  },
  'a role that may not list packages': {
    manifest: rollout('role: model-deployer', 'role: model-registrar'),
    reason: 'access-denied',
    exit: 1,
    says: /sagemaker:ListModelPackages/,
  },
  'a dry-run that is neither true nor false': {
    inputs: { 'dry-run': 'perhaps' },
    reason: 'invalid-input',
    exit: 2,
    says: /dry-run: "perhaps"/,
  },
  'a timeout that is no duration': {
    inputs: { timeout: 'soon' },
    reason: 'invalid-input',
    exit: 2,
    says: /timeout: "soon"/,
  },
  'a rollback to a version that never served': {
    operation: 'rollback',
    inputs: { to: '1.3.0', version: '' },
    reason: 'nothing-to-roll-back-to',
    exit: 1,
    says: /1\.3\.0 never served iris/,
  },
  'a gate before a version that is not there': {
    operation: 'approve-gate',
    inputs: { version: '7.0.0' },
    reason: 'unknown-version',
    exit: 2,
    says: /7\.0\.0/,
  },
  'a manifest that says one thing twice': {
    manifest: (text) => `${text}model: another\n`,
    reason: 'invalid-manifest',
    exit: 2,
    says: /delivery\.yml:\d+:1: Map keys must be unique/,
  },
  'a manifest that is no YAML': {
    manifest: () => 'model: [iris',
    reason: 'invalid-manifest',
    exit: 2,
    says: /delivery\.yml:1:\d+: .*end with a \]/,
  },
  'a manifest without a word': {
    manifest: () => '',
    reason: 'invalid-manifest',
    exit: 2,
    says: /is empty; expected keys and values/,
  },
  'a canary that is more than half': {
    manifest: rollout('size: 25%', 'size: 75%'),
    reason: 'infeasible-rollout',
    exit: 2,
    says: /canary size 75 %(25)? of 4 instances .*AWS allows at most 50 %/,
  },
  'a strategy that there is not': {
    manifest: rollout('strategy: canary', 'strategy: canry'),
    reason: 'invalid-manifest',
    exit: 2,
    says: /"canry" is not a strategy; expected .*did you mean canary/,
  },
  'an account number that is too short': {
    manifest: (text) => text.replace(rehearsedTeam.account, '11112222333'),
    reason: 'invalid-manifest',
    exit: 2,
    says: /"11112222333" is not an account; expected twelve digits in quotes/,
  },
  'a share of errors over the whole': {
    manifest: rollout('errors: 1%', 'errors: 101%'),
    reason: 'invalid-manifest',
    exit: 2,
    says: /rollout\.alarms\.errors: "101%(25)?" is not a share; expected e\.g\. 0\.5%/,
  },
  'no environment': { inputs: { environment: '' }, reason: 'invalid-input', exit: 2, says: /environment/ },
  'a timeout before now': { inputs: { timeout: '-5m' }, reason: 'invalid-input', exit: 2, says: /timeout: "-5m"/ },
  'an artifact that is not there': {
    operation: 'register-model',
    inputs: { version: '9.0.0', image: rehearsedTeam.image, artifact: artifactOf('9.0.0') },
    reason: 'invalid-input',
    exit: 2,
    says: /there is no object \S+iris-9\.0\.0\/model\.tar\.gz; upload it, or correct the name/,
  },
  'an artifact that is no archive': {
    operation: 'register-model',
    inputs: { version: '9.0.0', image: rehearsedTeam.image, artifact: `s3://${rehearsedTeam.bucket}/model.pkl` },
    reason: 'invalid-input',
    exit: 2,
    says: /model\.pkl" is not allowed; expected s3:\/\/bucket\/key\.tar\.gz/,
  },
  'an artifact that S3 does not have': {
    operation: 'register-model',
    inputs: { version: '9.0.0', image: rehearsedTeam.image, artifact: 'https://example.com/model.tar.gz' },
    reason: 'invalid-input',
    exit: 2,
    says: /"https:\/\/example\.com\/model\.tar\.gz" is not allowed; expected s3:/,
  },
  'an image that is not there': {
    operation: 'register-model',
    inputs: { version: '9.0.0', image: `${rehearsedTeam.image.split(':')[0]}:nowhere`, artifact: artifactOf('1.0.0') },
    reason: 'invalid-input',
    exit: 2,
    says: /there is no "\S+:nowhere" in Amazon ECR; push it, or correct the name/,
  },
  'a bake on a release that keeps nothing for it': {
    manifest: rollout('bake: 10m', 'bake: -1m'),
    reason: 'invalid-manifest',
    exit: 2,
    says: /rollout\.bake: .*-1m/,
  },
  'an endpoint name that SageMaker does not allow': {
    manifest: rollout('name: iris', 'name: iris_production'),
    reason: 'invalid-manifest',
    exit: 2,
    says: /iris_production/,
  },
  'a regression test that the manifest does not have': {
    operation: 'regression-test',
    reason: 'invalid-input',
    exit: 2,
    says: /manifest: has no `regression:`/,
  },
  'steps of a release that does not walk': {
    operation: 'shift-traffic',
    reason: 'infeasible-rollout',
    exit: 2,
    says: /shift-traffic needs strategy steps/,
  },
  // The last one: from here on a release is live.
  'an endpoint that another release holds': {
    inputs: { version: '1.0.0' },
    reason: 'held-by-another-release',
    exit: 1,
    says: /1\.1\.0 .*github\/acme\/iris\/9000000002/,
  },
};

let stage: Stage;
/** 1.1.0, which may be deployed. */
let good: RehearsedRelease;
let folder: string;

beforeAll(async () => {
  stage = await openStage();
  folder = mkdtempSync(join(tmpdir(), 'mistakes-'));
  const first = await stage.begin('what serves', '1.0.0');
  await first.prepare();
  await first.run('deploy-endpoint');
  good = await stage.begin('what may be deployed', '1.1.0');
  await good.prepare();
  const unapproved = await stage.begin('what nobody looked at', '1.3.0');
  await unapproved.prepare();
  const { ModelPackageSummaryList } = await stage.simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: rehearsedTeam.model,
    SortBy: 'CreationTime',
    SortOrder: 'Descending',
  });
  const [newest] = ModelPackageSummaryList as { ModelPackageArn: string }[];
  await stage.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: newest?.ModelPackageArn,
    ModelApprovalStatus: 'PendingManualApproval',
  });
  await stage.simulator.call('cloudwatch', 'PutMetricAlarm', {
    AlarmName: 'red-already',
    Namespace: 'Acme/Garden',
    MetricName: 'Heartbeat',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'LessThanThreshold',
    TreatMissingData: 'breaching',
  });
  stage.simulator.permit('model-registrar', [
    's3:*',
    'sagemaker:Describe*',
    'sagemaker:ListTags',
    'cloudwatch:*',
    'ecr:*',
  ]);
  await stage.startTraffic();
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

const given = (mistake: Mistake): Record<string, string> => {
  const { operation = 'deploy-endpoint', manifest, inputs } = mistake;
  const path = join(folder, 'delivery.yml');
  writeFileSync(path, manifest ? manifest(manifestText()) : manifestText());
  const version = operation === 'rollback' ? {} : { version: '1.1.0' };
  const all = { manifest: path, environment: rehearsedTeam.environment, ...version, ...inputs };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
};

const mutationsSince = (from: number): readonly string[] =>
  stage.simulator.requests
    .slice(from)
    .filter(({ mutation }) => mutation)
    .map(({ operation }) => operation);

/** Somebody else's release: its run died a moment ago, and its lease is good for minutes. */
const holdTheEndpoint = async (): Promise<void> => {
  if (good.steps.some(({ step }) => step.action === 'deploy-endpoint')) return;
  const running = good.start('deploy-endpoint');
  await stage.driver.until(stage.driver.now() + seconds(1));
  stage.driver.destroy(running);
  await good.finish(running);
};

describe.each(Object.entries(mistakes))('%s', (_name, mistake) => {
  const { operation = 'deploy-endpoint', reason, exit, outcome = 'failed', says } = mistake;

  test('fails the step with one message and writes nothing', async () => {
    if (reason === 'held-by-another-release') await holdTheEndpoint();
    const from = stage.simulator.requests.length;
    const job = { runId: '42', attempt: 1, job: 'deliver', actor: 'mina', commit: 'c0ffee' };
    const step = await stage.driver.finish(stage.driver.start({ action: operation, inputs: given(mistake), job }));

    const errors = step.log.map(({ text }) => text).filter((text) => text.startsWith('::error'));
    expect(errors).toHaveLength(1);
    const [message = ''] = errors;
    expect(message).toMatch(new RegExp(`^::error title=${outcome}/${reason}::`));
    expect(message.split('%0A').length).toBeLessThanOrEqual(2);
    expect(message).toMatch(says);
    expect(step.exit).toEqual({ code: 1, signal: undefined });
    expect(step.outputs).toMatchObject({ outcome, 'reason-code': reason });
    expect(JSON.parse(step.outputs['result'] ?? '')).toMatchObject({ 'schema-version': 1, operation, outcome, reason });
    expect(step.summary).toContain(reason);
    expect(mutationsSince(from)).toEqual([]);
  });

  test(`ends the command with ${exit} and writes nothing`, async () => {
    if (reason === 'held-by-another-release') await holdTheEndpoint();
    const from = stage.simulator.requests.length;
    const participant = stage.simulator.register('command line');
    const lines: string[] = [];
    const { closed } = startNode(resolve('src/main.ts'), {
      args: [operation, ...Object.entries(given(mistake)).map(([name, value]) => `--${name}=${value}`)],
      environment: {
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        ...stage.simulator.environment(participant),
      },
      cwd: folder,
      line: (text) => lines.push(text),
    });
    const end = await closed;
    stage.simulator.remove(participant.id);

    expect({ lines, end }).toEqual({ lines, end: { code: exit, signal: undefined } });
    // Flags are read before anything else, so a wrong one has no outcome yet.
    const isFlag = lines.some((line) => line.startsWith(`${operation}: dry-run: `));
    expect(lines.filter((line) => line.includes(`${operation}: ${outcome}/${reason}`))).toHaveLength(isFlag ? 0 : 1);
    expect(lines.filter((line) => says.test(line))).toHaveLength(1);
    expect(mutationsSince(from)).toEqual([]);
  });
});
