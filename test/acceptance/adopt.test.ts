import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { adopt } from '../../src/commands/adopt.ts';
import { loadManifest } from '../../src/manifest/load.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { type KindOfOthers, makeForOthers } from '../../src/rehearsal/endpoints-of-others.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { scalingByHand, trackingInvocations } from '../../src/rehearsal/scaling-by-hand.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { described, linesOf, madeByHand } from '../support/adopted.ts';
import { runCommand } from '../support/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'adopt-'));

const adopting = async (account: TestAccount, ...args: readonly string[]) => {
  const watched = account.watch();
  const { code, out, err } = await runCommand(adopt, args, {
    env: account.environment,
    seams: { clock: account.simulator.driver },
  });
  expect(watched().filter(({ mutation }) => mutation)).toEqual([]);
  return { code, out: out.join('\n'), err: err.join('\n') };
};

/** The lines of a plan about other things than the version's content. */
const changesOf = (report: Parameters<typeof linesOf>[0]): readonly string[] =>
  linesOf(report).filter(
    (line) =>
      line.includes(': ') &&
      line.includes(' → ') &&
      !/^(image|model data|model package|model|environment MODE): /.test(line),
  );

const empty = 'the plan of this manifest is empty';
type Row = 'empty' | readonly string[];

/** The compiler refuses a table without one of the kinds. */
const rows: Readonly<Record<KindOfOthers, Row>> = {
  instances: 'empty',
  serverless: 'empty',
  asynchronous: 'empty',
  serial: 'empty',
  'asynchronous-serial': 'empty',
  direct: ['of which each caller names one (Direct)', 'make a model with the new container'],
  'multi-model': ['serves many models from one S3 prefix', 'put the new version below the prefix'],
  'several-variants': ['(main, other)', 'publish an endpoint config with one of them alone first'],
  shadowed: ['has a shadow variant', 'end the shadow test first'],
  experiment: ['(of-others-experiment-test)', 'stop the experiment first'],
  'inference-components': ['hosts inference components', 'UpdateInferenceComponent'],
  pooled: ['takes its instances from instance pools', 'publish an endpoint config with one instance type first'],
};

describe('an endpoint of each kind', () => {
  let account: TestAccount;
  beforeAll(async () => {
    account = await openAccount();
    await account.prepare('1.1.0');
    const until = (instant: number): Promise<void> => account.pass(instant - account.simulator.clock.now());
    for (const kind of Object.keys(rows) as KindOfOthers[])
      await makeForOthers({ simulator: account.simulator, until }, kind, `of-others-${kind}`);
  });
  afterAll(() => account.close());

  test.each(Object.entries(rows) as [KindOfOthers, Row][])('%s', async (kind, row) => {
    const { code, out, err } = await adopting(account, '--endpoint', `of-others-${kind}`, '--model', team.model);
    if (row === 'empty') {
      expect(err).toContain(empty);
      expect(code).toBe(0);
      expect(loadManifest(out, 'delivery.yml').environments['production']?.endpoint.name).toBe(`of-others-${kind}`);
      // A version of one container is no version of a pipeline of them.
      if (kind === 'serial' || kind === 'asynchronous-serial') return;
      account.writeManifest(() => out);
      const report = await account.run(deployEndpoint, { version: '1.1.0', 'dry-run': 'true' });
      expect(report?.result).toMatchObject({ reason: 'planned' });
      expect(changesOf(report)).toEqual([]);
    } else {
      expect(code).toBe(1);
      expect(out).toBe('');
      for (const words of ['endpoint-unusable', ...row]) expect(err).toContain(words);
    }
  });

  test('an endpoint that does not exist', async () => {
    const { code, err } = await adopting(account, '--endpoint', 'nowhere');
    expect([code, err]).toEqual([1, expect.stringContaining('there is no endpoint nowhere in eu-west-1')]);
  });
});

describe('an endpoint with everything around it', () => {
  let account: TestAccount;
  beforeEach(async () => {
    await account?.close();
    account = await openAccount();
    await account.prepare('1.1.0');
  });
  afterAll(() => account.close());

  const variant = {
    RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
    InferenceAmiVersion: 'al2-ami-sagemaker-inference-gpu-2',
    VolumeSizeInGB: 40,
    ContainerStartupHealthCheckTimeoutInSeconds: 240,
    CoreDumpConfig: { DestinationS3Uri: 's3://ml-artifacts/cores' },
  };
  const config = {
    KmsKeyId: 'alias/ml',
    CrossRegionTrafficConfig: { MaxCrossRegionPercentPerEndpoint: 10, MaxInvocationsPerSecondPerInstance: 5 },
    DataCaptureConfig: {
      EnableCapture: true,
      InitialSamplingPercentage: 30,
      DestinationS3Uri: 's3://ml-artifacts/seen',
      CaptureOptions: [{ CaptureMode: 'Input' }],
      CaptureContentTypeHeader: { CsvContentTypes: ['text/csv'] },
    },
  };
  const model = {
    EnableNetworkIsolation: true,
    VpcConfig: { Subnets: ['subnet-7'], SecurityGroupIds: ['sg-7'] },
  };

  test('keeps all of it by a manifest that the first delivery carries out without a change', async () => {
    await madeByHand(account, { variant, config, model, container: { Environment: { MODE: 'strict' } } });
    const { endpoint, requestsPerSecond } = team;
    account.simulator.traffic({ endpoint, requestsPerSecond, seed: 20_260_105 });
    await account.pass(3_600_000);
    const { out, err } = await adopting(account, '--endpoint', team.endpoint, '--model', team.model);
    expect(err).toContain(empty);
    const { endpoint: spec, rollout } = loadManifest(out, 'delivery.yml').environments['production'] ?? {};
    expect(spec).toMatchObject({
      executionRole: 'iris-serving',
      instance: { type: 'ml.m5.large', count: 4 },
      kmsKey: 'alias/ml',
      networkIsolation: true,
      vpc: { subnets: ['subnet-7'], securityGroups: ['sg-7'] },
      routing: 'least-outstanding-requests',
      volumeSizeGb: 40,
      startupHealthCheckTimeoutSeconds: 240,
      environment: { MODE: 'strict' },
      dataCapture: { samplingPercent: 30, capture: ['input'], csvContentTypes: ['text/csv'] },
    });
    expect(rollout).toMatchObject({ strategy: 'canary', size: { unit: 'percent', value: 25 }, judge: {} });
    expect(rollout?.minimumRequests).toBeGreaterThan(300);
    for (const kept of ['core dumps DestinationS3Uri', 'traffic to other regions'])
      expect(out).toContain(`# - ${kept}`);

    account.writeManifest(() => out);
    const before = await described(account);
    const report = await account.run(deployEndpoint, { version: '1.1.0' });
    expect(report?.result).toMatchObject({ reason: 'delivered' });
    expect(changesOf(report)).toEqual([]);
    const after = await described(account);
    expect(after.variant).toMatchObject(variant);
    expect(after.config).toMatchObject(config);
    expect(after.model).toMatchObject(model);
    expect(after.variant['InitialInstanceCount']).toBe(before.variant['InitialInstanceCount']);
  });

  test('never writes a value that may be a secret, and says that the plan is not empty', async () => {
    const secret = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY01';
    await madeByHand(account, { container: { Environment: { MODE: 'strict', DB_PASSWORD: secret } } });
    const { code, out, err } = await adopting(account, '--endpoint', team.endpoint);
    expect(code).toBe(0);
    expect(`${out}${err}`).not.toContain(secret);
    expect(err).toContain('the plan of this manifest is not empty:\n  environment DB_PASSWORD: *** → removed');
    expect(out).toContain('# Write by hand under environment: DB_PASSWORD.');
    expect(out).toContain('MODE: strict');
  });

  test('names the variables of several containers, which belong to the model package, without their values', async () => {
    const { image: Image, bucket } = team;
    const container = { Image, ModelDataUrl: `s3://${bucket}/by-hand/model.tar.gz` };
    const Containers = [
      { ...container, Environment: { MODE: 'strict', API_TOKEN: 'tok-abcdefg' } },
      { ...container, Environment: { MODE: 'loose' } },
    ];
    await madeByHand(account, { model: { PrimaryContainer: undefined, Containers } });
    const { out, err } = await adopting(account, '--endpoint', team.endpoint);
    for (const text of [out.replaceAll(/\n *# /g, ' '), err])
      expect(text).toContain(
        'The containers have variables, which no manifest can have: MODE, API_TOKEN. They go with',
      );
    expect(`${out}${err}`).not.toMatch(/strict|loose|tok-abcdefg/);
  });

  test('writes scaling, tags and alarms, and names those that cannot protect', async () => {
    await madeByHand(account, {});
    const { simulator } = account;
    const scaling = scalingByHand(simulator, 'main');
    await scaling('RegisterScalableTarget', { MinCapacity: 2, MaxCapacity: 8 });
    await scaling('PutScalingPolicy', {
      PolicyName: 'evening-load',
      ...trackingInvocations(650, { ScaleInCooldown: 600 }),
    });
    await scaling('PutScheduledAction', {
      ScheduledActionName: 'morning',
      Schedule: 'cron(0 6 ? * MON-FRI *)',
      ScalableTargetAction: { MinCapacity: 4 },
    });
    const alarm = (AlarmName: string, more: object) =>
      simulator.call('cloudwatch', 'PutMetricAlarm', {
        AlarmName,
        Namespace: 'AWS/SageMaker',
        MetricName: 'Invocation5XXErrors',
        Dimensions: [
          { Name: 'EndpointName', Value: team.endpoint },
          { Name: 'VariantName', Value: 'main' },
        ],
        Statistic: 'Sum',
        Threshold: 10,
        ComparisonOperator: 'GreaterThanThreshold',
        Period: 60,
        EvaluationPeriods: 1,
        TreatMissingData: 'notBreaching',
        ...more,
      });
    await alarm('iris-server-errors', {});
    await alarm('iris-too-slow', { Period: 3600 });
    await alarm('of-another', { Dimensions: [{ Name: 'EndpointName', Value: 'another' }] });
    await simulator.call('sagemaker', 'AddTags', {
      ResourceArn: `arn:aws:sagemaker:eu-west-1:${team.account}:endpoint/${team.endpoint}`,
      Tags: [
        { Key: 'team', Value: 'retention' },
        { Key: 'managed-by', Value: 'terraform' },
      ],
    });
    const { out, err } = await adopting(account, '--endpoint', team.endpoint);
    expect(err).toContain(empty);
    expect(err).toContain('owner: Terraform (tag managed-by=terraform)');
    const { endpoint, rollout } = loadManifest(out, 'delivery.yml').environments['production'] ?? {};
    expect(endpoint?.autoscaling).toEqual({
      min: 2,
      max: 8,
      invocationsPerInstance: 650,
      scaleInCooldownSeconds: 600,
      schedule: [{ name: 'morning', at: 'cron(0 6 ? * MON-FRI *)', min: 4 }],
    });
    expect(endpoint?.tags).toEqual({ team: 'retention', 'managed-by': 'terraform' });
    expect(rollout?.alarms.named).toEqual(['iris-server-errors']);
    expect(out.replaceAll(/\n\s*#/g, '')).toContain(
      'Not named below: alarm iris-too-slow cannot go off within the bake',
    );
    expect(out).not.toContain('of-another');
    expect(out).toMatch(/^# Written by .*\n# Owner: Terraform/);
  });

  test('a serverless endpoint under scaling of its provisioned concurrency', async () => {
    const { simulator } = account;
    const ServerlessConfig = { MemorySizeInMB: 2048, MaxConcurrency: 20, ProvisionedConcurrency: 5 };
    const InstanceType = undefined;
    await madeByHand(account, { variant: { ServerlessConfig, InstanceType, InitialInstanceCount: undefined } });
    const scaling = scalingByHand(simulator, 'main', 'DesiredProvisionedConcurrency');
    await scaling('RegisterScalableTarget', { MinCapacity: 1, MaxCapacity: 10 });
    await scaling('PutScalingPolicy', {
      PolicyName: 'warm',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 0.7,
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantProvisionedConcurrencyUtilization' },
      },
    });
    const { out, err } = await adopting(account, '--endpoint', team.endpoint);
    expect(err).toContain(empty);
    expect(loadManifest(out, 'delivery.yml').environments['production']?.endpoint).toMatchObject({
      serverless: { memoryMb: 2048, maxConcurrency: 20, provisionedConcurrency: 5 },
      autoscaling: { min: 1, max: 10, concurrencyUtilization: 0.7 },
    });
  });

  test('an asynchronous endpoint with its topics and limits', async () => {
    const topic = `arn:aws:sns:eu-west-1:${team.account}:answers`;
    const AsyncInferenceConfig = {
      OutputConfig: {
        S3OutputPath: 's3://ml-answers/churn',
        S3FailurePath: 's3://ml-answers/errors',
        KmsKeyId: 'alias/answers',
        NotificationConfig: { SuccessTopic: topic, IncludeInferenceResponseIn: ['SUCCESS_NOTIFICATION_TOPIC'] },
      },
      ClientConfig: { MaxConcurrentInvocationsPerInstance: 4 },
    };
    await madeByHand(account, { config: { AsyncInferenceConfig } });
    const { out, err } = await adopting(account, '--endpoint', team.endpoint);
    expect(err).toContain(empty);
    expect(out).toContain('# - async: encryption (KMS key): alias/answers');
    expect(loadManifest(out, 'delivery.yml').environments['production']?.endpoint.async).toEqual({
      output: 's3://ml-answers/churn',
      failure: 's3://ml-answers/errors',
      successTopic: topic,
      includeResponseIn: ['success'],
      maxConcurrentPerInstance: 4,
    });
  });

  test('delivered before by this suite: it finds the group and the package, and the same version is delivered already', async () => {
    await account.run(deployEndpoint, { version: '1.1.0' });
    const { out, err } = await adopting(account, '--endpoint', team.endpoint);
    expect(err).toContain(empty);
    expect(loadManifest(out, 'delivery.yml').model).toBe(team.model);
  });

  test('writes a file, and never over another without --force', async () => {
    await madeByHand(account, {});
    const file = join(folder, 'delivery.yml');
    const write = (...more: readonly string[]) =>
      adopting(account, '--endpoint', team.endpoint, '--output', file, ...more);
    const { code, out } = await write();
    expect([code, out]).toEqual([0, expect.stringContaining(`wrote ${file}\n${empty}`)]);
    expect(existsSync(file)).toBe(true);
    writeFileSync(file, 'mine');
    expect(await write()).toMatchObject({ code: 2, err: expect.stringContaining('exists; name another file') });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await write('--force', '--json')).toMatchObject({ code: 0 });
    expect(loadManifest(readFileSync(file, 'utf8'), file).environments['production']?.endpoint.name).toBe(
      team.endpoint,
    );
  });

  test('as JSON it has the policies of the roles, with the names of the endpoint', async () => {
    await madeByHand(account, {});
    const { out } = await adopting(account, '--endpoint', team.endpoint, '--model', 'iris', '--json');
    const found = JSON.parse(out);
    expect(found).toMatchObject({ empty: true, kind: 'instances', differences: [] });
    const { policies } = found.needs.roles.find(({ role }: { readonly role: string }) => role === 'deploy-endpoint');
    expect(Object.keys(policies)).toEqual(['deploy-endpoint-reads', 'deploy-endpoint-changes']);
    expect(JSON.stringify(policies)).toContain(`:endpoint/${team.endpoint}`);
    expect(JSON.stringify(policies)).toContain('role/iris-serving');
  });
});
