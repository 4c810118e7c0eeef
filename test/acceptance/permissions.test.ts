import { describe, expect, test } from '@jest/globals';
import type { LoggedRequest } from '../../simulator/contracts.ts';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { demandsOf } from '../../simulator/iam/demands.ts';
import { minutes } from '../../src/clock.ts';
import type { AnyOperation } from '../../src/operations/all.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { type IamPolicy, type PublishedName, policyFor, policyNames, unasked } from '../../src/permissions.ts';
import { makeForOthers } from '../../src/rehearsal/endpoints-of-others.ts';
import { type ManifestOptions, manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { scalingByHand, trackingInvocations } from '../../src/rehearsal/scaling-by-hand.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { aliasManifest, withAlias } from '../support/alias.ts';
import { accuracy, packageOf, policyText, withPolicy } from '../support/approval-policy.ts';
import { canary, judged } from '../support/codedeploy.ts';
import { regress, withRegression } from '../support/golden-set.ts';
import { place } from '../support/policy-place.ts';
import { keepVerdict, putGolden, regression } from '../support/regression-verdicts.ts';
import { irisConstraints, prepareWith, registerWith } from '../support/reports.ts';
import { serviceManifest, withService } from '../support/service.ts';

/** As the team's manifest names them. */
const roleOf = ({ name }: AnyOperation): string => (name === 'rollback' ? 'model-restorer' : 'model-deployer');

type Inputs = Readonly<Record<string, string>>;

/** One run under nothing but its policy. `stage` has every permission; what follows has the policy's. */
interface Row {
  readonly name: string;
  readonly ends: string;
  readonly operation: AnyOperation;
  readonly stage: (account: TestAccount) => Promise<Inputs>;
  /** A refusal does not end it: the way back is tried until it is taken or the run's time is up. */
  readonly insists?: true;
}

/** Everything that goes away with a scalable target: a policy and a schedule. */
const withAutoscaling = async ({ simulator }: TestAccount): Promise<void> => {
  const scaling = scalingByHand(simulator);
  await scaling('RegisterScalableTarget', { MinCapacity: 4, MaxCapacity: 6 });
  await scaling('PutScalingPolicy', { PolicyName: 'follow', ...trackingInvocations(9000) });
  await scaling('PutScheduledAction', {
    ScheduledActionName: 'mornings',
    Schedule: 'cron(0 6 * * ? *)',
    ScalableTargetAction: { MinCapacity: 4 },
  });
};

/** A shadow test of another endpoint: only its description shows that it is not this one's. */
const withExperiment = async (account: TestAccount): Promise<void> => {
  const until = (instant: number): Promise<void> => account.pass(instant - account.simulator.clock.now());
  await makeForOthers({ simulator: account.simulator, until }, 'experiment', 'apricot');
};

const trainingJob = {
  TrainingJobName: 'flowers',
  RoleArn: `arn:aws:iam::${team.account}:role/training`,
  AlgorithmSpecification: { TrainingImage: team.image, TrainingInputMode: 'File' },
  OutputDataConfig: { S3OutputPath: `s3://${team.bucket}/training/` },
  ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 10 },
  StoppingCondition: { MaxRuntimeInSeconds: 3600 },
};

const otherType = (text: string): string => text.replace('ml.m5.large', 'ml.c5.large');

/** A bake that needs no requests: most rows do without the minutes in which traffic is counted. */
const unwatched = (text: string): string => text.replace('minimum-requests: 300', 'minimum-requests: 0');
const scaled = (text: string): string =>
  text.replace('count: 4 }', 'count: 4 }\n      autoscaling: { min: 2, max: 6, invocations-per-instance: 70 }');

const serving = async (
  account: TestAccount,
  version: '1.0.0' | '1.1.0',
  change = (text: string) => text,
): Promise<void> => {
  await account.prepare(version);
  account.writeManifest((text) => change(unwatched(text)));
  const report = await account.run(deployEndpoint, { version });
  expect(report?.result.reason).toBe('delivered');
};

/** Its run ended as soon as it would have had to wait; the canary goes on alone. */
const leaveCanary = async (account: TestAccount, version: '1.1.0' | '1.4.0', alone: number): Promise<void> => {
  await account.prepare(version);
  const pending = await account.run(deployEndpoint, { version, wait: 'false' });
  expect(pending?.result.outcome).toBe('pending');
  await account.pass(alone);
};

/** Deployed beside what serves, without traffic. */
const dark = async (
  account: TestAccount,
  version: '1.1.0' | '1.4.0',
  more: ManifestOptions = {},
  change = (text: string) => text,
): Promise<void> => {
  const text = manifestText({ rollout: rollouts.steps, ...more }).replace('bake: 5m', 'bake: 5m, max-step: 1h');
  account.writeManifest(() => change(text));
  await account.prepare(version);
  const report = await account.run(deployEndpoint, { version });
  expect(report?.result.reason).toBe('candidate-dark');
};

/** `regression:` with a golden set in S3 and a contract, and a passing verdict about `version`. */
const tested = async (account: TestAccount, version: '1.1.0', rollout: string = rollouts.unguarded): Promise<void> => {
  putGolden(account);
  await prepareWith(account, version, { 'data-constraints': irisConstraints() });
  const gate = regression('contract: { constraints: registered }');
  account.writeManifest(() => `${manifestText({ rollout, unwatched: !rollout.includes('steps') })}${gate}`);
  await keepVerdict(account, version);
};

/** The newest version waits for a decision again. */
const undecided = async ({ simulator }: TestAccount): Promise<void> => {
  const { ModelPackageSummaryList } = await simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: team.model,
    SortOrder: 'Descending',
  });
  const [newest] = ModelPackageSummaryList as readonly { readonly ModelPackageArn: string }[];
  await simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: newest?.ModelPackageArn,
    ModelApprovalStatus: 'PendingManualApproval',
  });
};

const transformed = [
  'candidate: { transform: { instance: ml.m5.large } }',
  'baseline: { transform: { instance: ml.m5.large } }',
];
const asynchronous = (text: string): string =>
  text.replace(/( +)(instance: )/, `$1async: { output: "s3://${team.bucket}/async/" }\n$1$2`);

const complaints = {
  AlarmName: 'iris-complaints',
  Namespace: 'Acme/Garden',
  MetricName: 'Complaints',
  Statistic: 'Sum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 0,
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
};

/**
 * Every policy of a run; people who approve run nothing, no run gets by with `life-cycle` (stages.test.ts) or `after` (promotion.test.ts) alone,
 * and a hook is no run (codedeploy-hook.test.ts).
 */
type RunPolicy = Exclude<PublishedName, 'approver' | 'life-cycle' | 'after' | 'notify' | 'codedeploy-hook'>;

/** A version that waits for a decision: the gate shows the evidence. */
const evidenceRows: readonly Row[] = [
  {
    name: 'the evidence for a version whose regression test passed',
    ends: 'approval-pending',
    operation: approveGate,
    stage: async (account) => {
      await serving(account, '1.0.0');
      await withExperiment(account);
      await tested(account, '1.1.0');
      await undecided(account);
      return { version: '1.1.0' };
    },
  },
  {
    name: 'the evidence before the first deployment',
    ends: 'approval-pending',
    operation: approveGate,
    stage: async (account) => {
      await account.register('1.0.0');
      return { version: '1.0.0' };
    },
  },
  {
    name: 'the evidence for a canary that also obeys an alarm of the team',
    ends: 'approval-pending',
    operation: approveGate,
    stage: async (account) => {
      await serving(account, '1.0.0');
      await withAutoscaling(account);
      await account.register('1.1.0');
      await account.simulator.call('cloudwatch', 'PutMetricAlarm', complaints);
      await account.pass(minutes(5));
      account.writeManifest((text) =>
        scaled(unwatched(text)).replace('errors: 1%', `errors: 1%, named: [${complaints.AlarmName}]`),
      );
      return { version: '1.1.0' };
    },
  },
];

/** The rows of both operations on an alias: its roles have one policy. */
const aliasRows: readonly [Row, ...Row[]] = [
  {
    name: 'to the alias of a function, by numbers that CodeDeploy has no configuration for',
    ends: 'delivered',
    operation: deployEndpoint,
    stage: async (account) => {
      const { ready } = await withAlias(account);
      account.writeManifest(() => aliasManifest(canary.replace('5m', '7m')));
      await ready('1.0.0');
      return { version: '1.0.0' };
    },
  },
  {
    name: 'to the alias of a function, until the judge stops it',
    ends: 'convicted',
    operation: deployEndpoint,
    stage: async (account) => {
      const { ready, alarmAbove } = await withAlias(account);
      await alarmAbove(1000);
      account.writeManifest(() => aliasManifest(judged(canary.replace('5m', '15m'))));
      account.simulator.functions.fail('iris', await ready('1.0.0'), 0.2);
      return { version: '1.0.0' };
    },
  },
  {
    name: 'the alias of a function back',
    ends: 'restored',
    operation: rollback,
    stage: async (account) => {
      const { ready, deploy } = await withAlias(account);
      await ready('1.0.0');
      await ready('1.1.0');
      expect((await deploy('1.0.0'))?.result.reason).toBe('delivered');
      expect((await deploy('1.1.0', {}, { runId: '2' }))?.result.reason).toBe('delivered');
      return {};
    },
  },
];

/** The rows of both operations on a service: its roles have one policy. */
const serviceRows: readonly [Row, ...Row[]] = [
  {
    name: 'to a service, by numbers that CodeDeploy has no configuration for',
    ends: 'delivered',
    operation: deployEndpoint,
    stage: async (account) => {
      const { ready } = await withService(account);
      account.writeManifest(() => serviceManifest(canary.replace('5m', '7m')));
      await ready('1.0.0');
      return { version: '1.0.0' };
    },
  },
  {
    name: 'to a service, longer than its timeout',
    ends: 'deployment-timeout',
    operation: deployEndpoint,
    stage: async (account) => {
      const { ready } = await withService(account);
      account.writeManifest(() => serviceManifest(canary.replace('5m', '5m, timeout: 10m')));
      await ready('1.0.0');
      // Its tasks never run.
      Object.assign(account.simulator.images, { resolve: () => undefined });
      return { version: '1.0.0' };
    },
  },
  {
    name: 'to a service, until the judge stops it',
    ends: 'convicted',
    operation: deployEndpoint,
    stage: async (account) => {
      const { ready, alarmAbove } = await withService(account);
      await alarmAbove(1000);
      account.writeManifest(() => serviceManifest(judged(canary.replace('5m', '15m'))));
      account.simulator.containers.fail('iris:2', 0.2);
      await ready('1.0.0');
      return { version: '1.0.0' };
    },
  },
  {
    name: 'to a service, whose traffic waits',
    ends: 'delivered',
    operation: shiftTraffic,
    stage: async (account) => {
      const { ready, deploy } = await withService(account, { readyMinutes: 60 });
      await ready('1.0.0');
      expect((await deploy('1.0.0'))?.result.reason).toBe('candidate-dark');
      return { version: '1.0.0' };
    },
  },
  {
    name: 'a service back, where a delivery waits',
    ends: 'restored',
    operation: rollback,
    stage: async (account) => {
      const { ready, deploy, shift } = await withService(account, { readyMinutes: 60 });
      for (const version of ['1.0.0', '1.1.0'] as const) {
        await ready(version);
        expect((await deploy(version, {}, { runId: version }))?.result.reason).toBe('candidate-dark');
        expect((await shift(version, {}, { runId: version }))?.result.reason).toBe('delivered');
      }
      return {};
    },
  },
];

const rows: { readonly [Name in RunPolicy]: readonly [Row, ...Row[]] } = {
  'register-model': [
    {
      name: 'the first version',
      ends: 'registered',
      operation: registerModel,
      stage: async (account) => account.registration('1.0.0'),
    },
    {
      name: 'what a training job made',
      ends: 'registered',
      operation: registerModel,
      stage: async (account) => {
        const { artifact: _uploaded, ...requested } = account.registration('1.0.0');
        await account.simulator.call('sagemaker', 'CreateTrainingJob', trainingJob);
        account.simulator.objects.put(
          team.bucket,
          'training/flowers/output/model.tar.gz',
          irisFixture('1.0.0').artifact,
        );
        return { ...requested, 'training-job': 'flowers' };
      },
    },
    {
      name: 'files under a prefix',
      ends: 'registered',
      operation: registerModel,
      stage: async (account) => {
        account.simulator.objects.put(team.bucket, 'files/model.json', Buffer.from('{}'));
        return { ...account.registration('1.0.0'), artifact: `s3://${team.bucket}/files/` };
      },
    },
    {
      name: 'an artifact of 6 GiB, which another run began to copy at the same moment',
      ends: 'registered',
      operation: registerModel,
      stage: async (account) => {
        const { simulator } = account;
        const inputs = account.registration('1.0.0');
        const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(inputs['artifact'] ?? '') ?? [];
        simulator.objects.put(bucket, key, irisFixture('1.0.0').artifact, 6 * 1024 ** 3);
        simulator.faults.add({
          service: 's3',
          operation: 'UploadPartCopy',
          times: 1,
          kind: 'call',
          action: async () => {
            const begun = simulator.requests.findLast(({ operation }) => operation === 'CreateMultipartUpload');
            await simulator.call('s3', 'CreateMultipartUpload', begun?.input ?? {});
          },
        });
        return inputs;
      },
    },
    {
      name: 'a version that somebody else registers with other content at the same moment',
      ends: 'version-taken',
      operation: registerModel,
      stage: async (account) => {
        const { simulator } = account;
        const faster = {
          ModelPackageGroupName: team.model,
          ModelPackageDescription: `${team.model}_v1.0.0`,
          InferenceSpecification: {
            Containers: [{ Image: team.image, ModelDataUrl: `s3://${team.bucket}/other.tar.gz` }],
            SupportedContentTypes: ['text/csv'],
            SupportedResponseMIMETypes: ['text/csv'],
          },
        };
        simulator.faults.add({
          service: 'sagemaker',
          operation: 'CreateModelPackage',
          times: 1,
          kind: 'call',
          action: async () => void (await simulator.call('sagemaker', 'CreateModelPackage', faster)),
        });
        return account.registration('1.0.0');
      },
    },
  ],
  'approve-gate': [
    {
      name: 'an approved version',
      ends: 'approved',
      operation: approveGate,
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '1.0.0' };
      },
    },
    ...evidenceRows,
  ],
  gate: [
    {
      name: 'a version that the policy approves, beside the one that serves and by its verdict',
      ends: 'approved',
      operation: approveGate,
      stage: async (account) => {
        await serving(account, '1.0.0');
        putGolden(account);
        await registerWith(account, '1.1.0', { 'data-constraints': irisConstraints() });
        const gate = regression('contract: { constraints: registered }');
        const policy = policyText([`{ metric: ${accuracy}, not-worse-than: serving }`, '{ regression: passed }']);
        account.writeManifest((text) => `${text}${gate}${policy}`);
        await keepVerdict(account, '1.1.0');
        return { version: '1.1.0', mode: 'policy' };
      },
    },
    {
      name: 'a first version that the policy rejects',
      ends: 'approval-rejected',
      operation: approveGate,
      stage: async (account) => {
        await account.register('1.2.0');
        withPolicy(account, [
          `{ metric: ${accuracy}, at-least: 0.9 }`,
          `{ metric: ${accuracy}, not-worse-than: serving, first: pass }`,
        ]);
        return { version: '1.2.0', mode: 'policy' };
      },
    },
    ...evidenceRows,
  ],
  'regression-test': [
    {
      name: 'a version on a temporary endpoint, after leftovers of a killed test',
      ends: 'regression-passed',
      operation: regressionTest,
      stage: async (account) => {
        await serving(account, '1.0.0');
        await withExperiment(account);
        await prepareWith(account, '1.1.0', { 'data-constraints': irisConstraints() });
        withRegression(account, { rules: ['{ metric: accuracy, non-inferior: 0.2 }'] });
        const death = { atCall: 'runtime.invokeEndpoint', received: false };
        expect(await regress(account, '1.1.0', {}, { runId: '7', death })).toBeUndefined();
        await account.pass(minutes(6 * 60));
        withRegression(account, { keys: ['contract: { constraints: registered, output: species }'] });
        return { version: '1.1.0' };
      },
    },
    {
      name: 'a version that is worse, of another attempt',
      ends: 'regression-failed',
      operation: regressionTest,
      stage: async (account) => {
        await serving(account, '1.1.0');
        await account.prepare('1.2.0');
        withRegression(account);
        expect((await regress(account, '1.2.0', {}, { runId: '7' }))?.result.reason).toBe('regression-failed');
        return { version: '1.2.0' };
      },
    },
    {
      name: 'a first version',
      ends: 'regression-passed',
      operation: regressionTest,
      stage: async (account) => {
        await account.prepare('1.1.0');
        account.simulator.objects.put(place.releases.bucket, 'made', Buffer.from(''));
        withRegression(account, { rules: ['{ metric: accuracy, floor: 0.8 }'] });
        return { version: '1.1.0' };
      },
    },
    {
      name: 'a dark candidate',
      ends: 'regression-passed',
      operation: regressionTest,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await dark(account, '1.1.0');
        withRegression(account, { keys: ['candidate: dark-variant'] });
        return { version: '1.1.0' };
      },
    },
    {
      name: 'a version under load',
      ends: 'regression-passed',
      operation: regressionTest,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await account.prepare('1.1.0');
        withRegression(account, { keys: ['load: { factor: 2, duration: 80s }'] });
        return { version: '1.1.0', timeout: '2h' };
      },
    },
    {
      name: 'a version by batch transform',
      ends: 'regression-passed',
      operation: regressionTest,
      stage: async (account) => {
        await serving(account, '1.0.0');
        await account.prepare('1.1.0');
        withRegression(account, { keys: transformed });
        return { version: '1.1.0' };
      },
    },
    {
      name: 'a version by batch transform that has no time',
      ends: 'deadline-passed',
      operation: regressionTest,
      stage: async (account) => {
        await serving(account, '1.0.0');
        await account.prepare('1.1.0');
        withRegression(account, { keys: transformed });
        return { version: '1.1.0', timeout: '2m' };
      },
      insists: true,
    },
    {
      name: 'a version of an asynchronous endpoint',
      ends: 'regression-passed',
      operation: regressionTest,
      stage: async (account) => {
        await account.prepare('1.0.0');
        account.writeManifest((text) => asynchronous(unwatched(text)));
        expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
        await account.prepare('1.1.0');
        withRegression(account, {}, (text) => asynchronous(unwatched(text)));
        return { version: '1.1.0' };
      },
    },
  ],
  plan: [
    {
      name: 'of a version whose regression test passed',
      ends: 'planned',
      operation: deployEndpoint,
      stage: async (account) => {
        await serving(account, '1.0.0');
        await tested(account, '1.1.0');
        return { version: '1.1.0', 'dry-run': 'true' };
      },
    },
    {
      name: 'of the first deployment',
      ends: 'planned',
      operation: deployEndpoint,
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '1.0.0', 'dry-run': 'true' };
      },
    },
    {
      name: "of a canary that also obeys the team's own alarm",
      ends: 'planned',
      operation: deployEndpoint,
      stage: async (account) => {
        await serving(account, '1.0.0');
        await withAutoscaling(account);
        await withExperiment(account);
        await account.prepare('1.1.0');
        await account.simulator.call('cloudwatch', 'PutMetricAlarm', complaints);
        await account.pass(minutes(5));
        account.writeManifest((text) =>
          scaled(unwatched(text)).replace('errors: 1%', `errors: 1%, named: [${complaints.AlarmName}]`),
        );
        return { version: '1.1.0', 'dry-run': 'true' };
      },
    },
  ],
  'deploy-endpoint': [
    {
      name: 'a version whose regression test passed',
      ends: 'delivered',
      operation: deployEndpoint,
      stage: async (account) => {
        await serving(account, '1.0.0');
        await tested(account, '1.1.0');
        return { version: '1.1.0' };
      },
    },
    {
      name: 'the first deployment',
      ends: 'delivered',
      operation: deployEndpoint,
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '1.0.0' };
      },
    },
    {
      name: 'the first deployment, whose model is asked',
      ends: 'delivered',
      operation: deployEndpoint,
      stage: async (account) => {
        await account.prepare('1.0.0');
        account.writeManifest(
          (text) => `${text}smoke: { content-type: text/csv, requests: [{ body: "5.1,3.5,1.4,0.2" }] }\n`,
        );
        return { version: '1.0.0' };
      },
    },
    {
      name: 'a canary to another instance type',
      ends: 'delivered',
      operation: deployEndpoint,
      stage: async (account) => {
        await serving(account, '1.0.0');
        await withAutoscaling(account);
        await withExperiment(account);
        await account.prepare('1.1.0');
        account.writeManifest((text) => otherType(unwatched(text)));
        return { version: '1.1.0' };
      },
    },
    {
      name: 'a canary that sees no traffic',
      ends: 'insufficient-traffic',
      operation: deployEndpoint,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await account.prepare('1.1.0');
        const emptied = { service: 'sagemaker', operation: 'UpdateEndpoint', times: 1 } as const;
        account.simulator.faults.add({ ...emptied, kind: 'call', action: account.stopTraffic });
        return { version: '1.1.0' };
      },
    },
    {
      name: 'a canary that its alarm took back while nobody looked',
      ends: 'alarm',
      operation: deployEndpoint,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await leaveCanary(account, '1.4.0', minutes(30));
        return { version: '1.4.0' };
      },
    },
  ],
  'shift-traffic': [
    {
      name: 'a good version to the end on another instance type, scaled beside it',
      ends: 'delivered',
      operation: shiftTraffic,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await withAutoscaling(account);
        await withExperiment(account);
        // The second swap needs a variant that is no scalable target; the manifest's autoscaling and its schedule are applied at the end.
        await dark(account, '1.1.0', {}, (text) =>
          otherType(scaled(text)).replace(
            '70 }',
            "70, schedule: [{ name: evening, at: 'cron(0 20 * * ? *)', min: 3 }] }",
          ),
        );
        return { version: '1.1.0' };
      },
    },
    {
      name: 'a version that the judge convicts',
      ends: 'convicted',
      operation: shiftTraffic,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await dark(account, '1.4.0');
        return { version: '1.4.0' };
      },
    },
    {
      name: 'a good version under alarms, one of which has no data before the candidate has traffic',
      ends: 'delivered',
      operation: shiftTraffic,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await account.simulator.call('cloudwatch', 'PutMetricAlarm', {
          AlarmName: 'iris-next-slow',
          Namespace: 'AWS/SageMaker',
          MetricName: 'ModelLatency',
          Dimensions: [
            { Name: 'EndpointName', Value: 'iris' },
            { Name: 'VariantName', Value: 'AllTraffic-next' },
          ],
          Statistic: 'Average',
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: 1_000_000,
          ComparisonOperator: 'GreaterThanThreshold',
        });
        await dark(account, '1.1.0', { alarms: 'errors: 1%', namedAlarms: ['iris-next-slow'] });
        return { version: '1.1.0' };
      },
    },
    {
      name: 'a candidate whose regression test passed',
      ends: 'delivered',
      operation: shiftTraffic,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await tested(account, '1.1.0', rollouts.steps);
        expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
        return { version: '1.1.0' };
      },
    },
    {
      name: 'where nothing was deployed',
      ends: 'no-candidate',
      operation: shiftTraffic,
      stage: async (account) => {
        account.simulator.objects.put(place.releases.bucket, 'made', Buffer.from(''));
        account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
        return { version: '1.1.0' };
      },
    },
  ],
  'lambda-alias': aliasRows,
  'ecs-service': serviceRows,
  rollback: [
    {
      name: 'an endpoint that does not exist',
      ends: 'endpoint-unusable',
      operation: rollback,
      stage: async ({ simulator }) => {
        simulator.objects.put(place.releases.bucket, 'made', Buffer.from(''));
        return {};
      },
    },
    {
      name: 'while a canary bakes',
      ends: 'restored',
      operation: rollback,
      stage: async (account) => {
        await serving(account, '1.0.0');
        await leaveCanary(account, '1.1.0', minutes(6));
        return {};
      },
    },
    {
      name: 'while a candidate has a part of the traffic',
      ends: 'restored',
      operation: rollback,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await dark(account, '1.1.0');
        let walking: Report | undefined;
        for (let turn = 0; turn < 8; turn += 1) {
          walking = await account.run(shiftTraffic, { version: '1.1.0', wait: 'false' });
          await account.pass(minutes(2));
        }
        expect(walking?.result.outcome).toBe('pending');
        return { timeout: '10m' };
      },
      insists: true,
    },
    {
      name: 'after a canary that its alarm took back while nobody looked',
      ends: 'restored',
      operation: rollback,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await leaveCanary(account, '1.4.0', minutes(30));
        return {};
      },
    },
    {
      name: 'after a canary that went well while nobody looked',
      ends: 'restored',
      operation: rollback,
      stage: async (account) => {
        await account.inProduction('1.0.0');
        await leaveCanary(account, '1.1.0', minutes(30));
        return {};
      },
    },
    {
      name: 'from a version that was rejected',
      ends: 'restored',
      operation: rollback,
      stage: async (account) => {
        await serving(account, '1.0.0');
        await serving(account, '1.1.0');
        await account.simulator.call('sagemaker', 'UpdateModelPackage', {
          ModelPackageArn: packageOf(2),
          ModelApprovalStatus: 'Rejected',
        });
        return { 'only-rejected': 'true', rejected: '1.1.0' };
      },
    },
    {
      name: 'to a version that ran on another instance type',
      ends: 'restored',
      operation: rollback,
      stage: async (account) => {
        await serving(account, '1.0.0');
        await withAutoscaling(account);
        await withExperiment(account);
        await serving(account, '1.1.0', otherType);
        return {};
      },
    },
  ],
};

const inAccount = {
  arn: (service: string, resource: string): string => `arn:aws:${service}:${team.region}:${team.account}:${resource}`,
};

/** The IAM actions behind a request. */
const actionsBehind = ({ service, operation, input }: LoggedRequest): readonly string[] =>
  demandsOf(inAccount, { service, operation, input: input as Readonly<Record<string, unknown>> }).map(
    ({ action }) => action,
  );

const asks = (request: LoggedRequest, action: string): boolean => actionsBehind(request).includes(action);

const demandedBy = ({ requests }: Seen): ReadonlySet<string> => new Set(requests.flatMap(actionsBehind));

interface Seen {
  readonly report: Report | undefined;
  readonly requests: readonly LoggedRequest[];
}

/** The simulator evaluates the policy as it is published: actions, resources and conditions. */
const play = async (row: Row, policy: IamPolicy): Promise<Seen> => {
  const account = await openAccount();
  try {
    const inputs = await row.stage(account);
    const role = roleOf(row.operation);
    account.simulator.attachPolicy(role, policy);
    const watched = account.watch();
    const report = await account.run(row.operation, inputs);
    // What the role's session asked; taking the role is the business of whoever may take it.
    const requests = watched().filter(({ principal }) => principal.includes(`:assumed-role/${role}/`));
    return { report, requests };
  } finally {
    await account.close();
  }
};

const actionsOf = (policy: RunPolicy): readonly string[] =>
  [...new Set(policyFor(policy, place).Statement.flatMap(({ Action }) => Action))].sort();

const without = (policy: RunPolicy, action: string): IamPolicy => {
  const { Version, Statement } = policyFor(policy, place);
  const left = Statement.map((statement) => ({
    ...statement,
    Action: statement.Action.filter((other) => other !== action),
  }));
  return { Version, Statement: left.filter(({ Action }) => Action.length > 0) };
};

const runPolicies: readonly RunPolicy[] = [...policyNames, 'gate', 'lambda-alias', 'ecs-service'];

describe.each(runPolicies)('the policy of %s', (policy) => {
  const seen = new Map<Row, Seen>();

  test.each(rows[policy])('is enough for $name', async (row) => {
    const run = await play(row, policyFor(policy, place));
    seen.set(row, run);
    expect(run.report?.result).toMatchObject({ reason: row.ends });
    expect(run.report?.remarks.filter((remark) => remark.includes('grant '))).toEqual([]);
    expect(run.requests.filter(({ error }) => error?.startsWith('AccessDenied'))).toEqual([]);
    const { plan } = run.report?.result ?? {};
    if (plan === undefined) return;
    expect(actionsOf(policy === 'plan' ? 'deploy-endpoint' : policy)).toEqual(
      expect.arrayContaining([...plan.permissions]),
    );
    const unplanned = [...demandedBy(run)].filter((action) => !plan.permissions.includes(action));
    expect(unplanned.filter((action) => action !== 'sts:GetCallerIdentity')).toEqual([]);
  });

  test.each(actionsOf(policy))('lets no run get by without %s', async (action) => {
    const users = [...seen].filter(([, run]) => demandedBy(run).has(action)).map(([row]) => row);
    if (users.length === 0 && unasked(policy).has(action)) return;
    // What AWS asks beside a call is no request of its own: any row may need it.
    const ends: string[] = [];
    for (const row of users.length === 0 ? [...seen.keys()] : users) {
      const { report, requests } = await play(row, without(policy, action));
      const { reason = '', because = '' } = report?.result ?? {};
      if (reason === 'access-denied' && because.includes(action)) return;
      const refused = requests.some((request) => request.error?.startsWith('AccessDenied') && asks(request, action));
      if (row.insists && reason === 'deadline-passed' && refused) return;
      // What comes after the outcome does not fail a delivery (DESIGN §7 rule 13): it is said beside it.
      if (report?.remarks.some((remark) => remark.includes(action))) return;
      // A fact that only a newer policy lets it read is said in the plan.
      if (report?.result.plan?.notes.some((note) => note.includes(action))) return;
      // The evidence has the reason in the place of a part that could not be read.
      if (report?.result.findings?.is === 'evidence' && JSON.stringify(report.result.findings).includes(action)) return;
      ends.push(`${row.name}: ${reason}: ${because}`);
    }
    throw new Error(`no run was refused for want of ${action}: ${JSON.stringify(ends)}`);
  });
});

describe('where nothing scales the endpoint, the statements about scaling can be left out', () => {
  const unscaled = policyNames.flatMap((policy) =>
    rows[policy]
      .filter(({ name }) =>
        ['the first deployment', 'while a canary bakes', 'while a candidate has a part of the traffic'].includes(name),
      )
      .map((row) => ({ ...row, policy })),
  );
  test.each(unscaled)('$policy, $name', async (row) => {
    const { Version, Statement } = policyFor(row.policy, place);
    const scaling = ['Scale', 'LetScalingMakeAlarms', 'LetScalingHaveItsRole'];
    const left = Statement.filter(({ Sid }) => !scaling.includes(Sid));
    expect(left.length).toBe(Statement.length - scaling.length);
    const { report } = await play(row, { Version, Statement: left });
    expect(report?.result).toMatchObject({ reason: row.ends });
    expect(report?.remarks.filter((remark) => remark.includes('grant '))).toEqual([]);
  });
});
