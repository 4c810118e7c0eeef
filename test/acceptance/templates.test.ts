import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/contracts.ts';
import { defaultRoles } from '../../simulator/simulator.ts';
import { hours, minutes } from '../../src/clock.ts';
import { actionTypes } from '../../src/commands/action-types.ts';
import { propertiesOf, resourcesOf } from '../../src/rehearsal/cloudformation.ts';
import { createDriver, type Driver, type Launched } from '../../src/rehearsal/driver.ts';
import { lambdaFunction } from '../../src/rehearsal/lambda-function.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { zipOf } from '../../src/rehearsal/zip.ts';
import { releasesOf } from '../../src/release/location.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { type DeclaredPipeline, pipelinesOf } from '../support/cloudformation.ts';
import { asJsonl, goldenRows, regressionText } from '../support/golden-set.ts';
import { runCommand } from '../support/run-command.ts';
import { trainedVersion } from '../support/trained-version.ts';

/**
 * The templates, in the simulator: its roles have the policies and the trust of the templates, the worker has its role, and CodePipeline runs the
 * pipelines. The simulator has neither connections nor Commands: the source is an object in S3, and variables of the pipeline stand for theirs.
 */

const arnOf = (role: string): string => `arn:aws:iam::${team.account}:role/${role}`;
const { bucket } = releasesOf({}, { partition: 'aws', region: team.region, id: team.account });
const place = {
  Model: team.model,
  Endpoint: team.endpoint,
  ReleasesBucket: bucket,
  TrainingBucket: team.bucket,
  ImageRepository: 'iris-serving',
};
const stagingEndpoint = 'iris-staging';
const stacks = {
  'delivery-roles': resourcesOf('delivery-roles', {
    ...place,
    AfterEndpoint: stagingEndpoint,
    AfterReleasesBucket: bucket,
    ExecutionRole: 'iris-serving',
    WorkerRole: arnOf('delivery-worker'),
    RegistrarRole: arnOf('model-registrar'),
  }),
  // The endpoint of staging has roles of its own.
  staging: resourcesOf('delivery-roles', {
    ...place,
    Endpoint: stagingEndpoint,
    RolePrefix: 'staging',
    ExecutionRole: 'iris-serving',
    WorkerRole: arnOf('delivery-worker'),
    RegistrarRole: arnOf('model-registrar'),
  }),
  worker: resourcesOf('worker', {
    CodeBucket: 'code',
    CodeKey: 'worker.zip',
    AssumableRoles: ['model-deployer', 'model-restorer', 'staging-deployer'].map(arnOf).join(),
  }),
  'registry-roles': resourcesOf('registry-roles', {
    ...place,
    WorkerRole: arnOf('delivery-worker'),
    DeliveryRoles: `${arnOf('model-deployer')},${arnOf('staging-deployer')}`,
  }),
};

const pipelineTemplates = ['github-flow', 'gitflow', 'promotion'] as const;

/** The second version of the model: 1.0.0, registered and not decided. */
const packageArn = `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/2`;

let account: TestAccount;
let driver: Driver;
let temp: string;
beforeEach(async () => {
  account = await openAccount({
    roles: [
      ...defaultRoles,
      'model-planner',
      'model-tester',
      'model-approver',
      'staging-deployer',
      'staging-restorer',
      'delivery-worker',
      ...pipelineTemplates.flatMap((template) =>
        Object.values(pipelinesOf(resourcesOf(template, parameters))).map(({ roleArn }) => roleArn),
      ),
    ],
    settings: { roleMaxSessionMs: hours(12) },
  });
  temp = mkdtempSync(join(tmpdir(), 'templates-'));
  await runCommand(actionTypes, ['create'], { env: account.simulator.environment() });
  // Before the worker's role is trusted by nothing but Lambda.
  const { Credentials } = await account.simulator.call('sts', 'AssumeRole', {
    RoleArn: arnOf('delivery-worker'),
    RoleSessionName: 'delivery-worker',
    DurationSeconds: 43_200,
  });
  const session = Credentials as Readonly<Record<'AccessKeyId' | 'SecretAccessKey' | 'SessionToken', string>>;
  const credentials = {
    AWS_ACCESS_KEY_ID: session.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: session.SecretAccessKey,
    AWS_SESSION_TOKEN: session.SessionToken,
  };
  driver = createDriver({
    // Its processes are the worker and the function, so they have the role of the worker's template.
    simulator: Object.create(account.simulator, {
      environment: {
        value: (participant?: { readonly url: string }) => ({
          ...account.simulator.environment(participant),
          ...credentials,
        }),
      },
    }) as Simulator,
    actions: 'actions',
    workspace: dirname(account.manifest),
    temp: join(temp, 'runner'),
  });
  await account.inProduction('1.1.0');
  await account.register('1.0.0');
  for (const resources of Object.values(stacks))
    for (const { Type, Properties } of Object.values(resources)) {
      const attach = (role: string, documents: readonly object[]): void => {
        for (const document of documents) account.simulator.attachPolicy(arnOf(role), document);
      };
      if (Type === 'AWS::IAM::Policy') for (const role of Properties.Roles) attach(role, [Properties.PolicyDocument]);
      if (Type !== 'AWS::IAM::Role') continue;
      const { RoleName, ManagedPolicyArns = [], Policies = [], AssumeRolePolicyDocument } = Properties;
      attach(RoleName, [
        ...ManagedPolicyArns.map((id) => propertiesOf(resources, id).PolicyDocument),
        ...Policies.map(({ PolicyDocument }) => PolicyDocument),
      ]);
      account.simulator.trust(arnOf(RoleName), AssumeRolePolicyDocument);
    }
});
afterEach(async () => {
  driver.close();
  await account.close();
  rmSync(temp, { recursive: true });
});

const parameters = {
  Name: 'iris',
  ConnectionArn: 'arn:aws:codeconnections:eu-west-1:111122223333:connection/aEXAMPLE',
  Repository: 'acme/iris',
  WorkerArn: `arn:aws:lambda:${team.region}:${team.account}:function:delivery-worker`,
};

/** Variables that a pipeline of the simulator must be given, for those of the connection and of Commands. */
const standIns: Readonly<Record<string, string>> = {
  '#{Source.TagName}': '#{variables.VERSION}',
  '#{Source.CommitId}': '#{variables.COMMIT}',
  '#{Trained.TRAINING_JOB}': '#{variables.TRAINING_JOB}',
};

/** A pipeline of a template, with an S3 source, and without the action of Commands. */
const simulated = ({ variables, triggers: _by, stages, ...pipeline }: DeclaredPipeline) => {
  const text = JSON.stringify(
    stages.map(({ actions, ...stage }) => ({
      ...stage,
      actions: actions.flatMap(({ actionTypeId, ...action }) => {
        if (actionTypeId.provider === 'Commands') return [];
        if (actionTypeId.category !== 'Source') return [{ actionTypeId, ...action }];
        return [
          {
            ...action,
            actionTypeId: { ...actionTypeId, provider: 'S3' },
            configuration: { S3Bucket: pipeline.artifactStore.location, S3ObjectKey: 'source.zip' },
          },
        ];
      }),
    })),
  );
  const used = Object.keys(standIns).filter((one) => text.includes(one));
  const named = used.map((one) => ({ name: /\.(\w+)\}/.exec(standIns[one] ?? '')?.[1] ?? '' }));
  return {
    ...pipeline,
    stages: JSON.parse(used.reduce((replaced, one) => replaced.replaceAll(one, standIns[one] ?? ''), text)),
    ...(pipeline.pipelineType === 'V2' ? { variables: [...(variables ?? []), ...named] } : {}),
  };
};

/** A commit of the repository. */
const push = (manifest: string, location: string): void =>
  account.simulator.objects.put(
    location,
    'source.zip',
    zipOf({ 'delivery.yml': manifest, 'golden/flowers.jsonl': asJsonl(goldenRows) }),
  );

/** The manifest of a team with staging, whose registrar is a role of its own. */
const stagedManifest = (): string =>
  `${manifestText()
    .replace(
      'environments:\n',
      `environments:
  staging:
    account: "${team.account}"
    region: ${team.region}
    role: staging-deployer
    endpoint: { name: ${stagingEndpoint}, execution-role: iris-serving, instance: { type: ml.m5.large, count: 1 } }
    rollout: { ${rollouts.allAtOnce}, minimum-requests: 0 }
`,
    )
    .replace(
      '    endpoint:\n      name: iris\n',
      '    after: staging\n    endpoint:\n      name: iris\n',
    )}registry: { account: "${team.account}", registrar-role: model-registrar }\n`;

const call = (operation: string, input: object): Promise<Record<string, unknown>> =>
  account.simulator.call('codepipeline', operation, input);

const launchWorker = (): Launched =>
  driver.launch('worker', resolve('codebuild/job-worker/main.ts'), {
    MODEL_DELIVERY_JOBS_AT_ONCE: '1',
    NODE_NO_WARNINGS: '1',
  });

interface Ran {
  readonly stageName: string;
  readonly actionName: string;
  readonly status: string;
  readonly output: {
    readonly outputVariables: Readonly<Record<string, string>>;
    readonly executionResult: { readonly errorDetails?: { readonly code: string; readonly message: string } };
  };
}
/** `Production/Deploy delivered`, the source first. */
const ends = async (pipelineName: string): Promise<readonly string[]> => {
  const { actionExecutionDetails } = await call('ListActionExecutions', { pipelineName });
  return (actionExecutionDetails as readonly Ran[]).toReversed().map(({ stageName, actionName, status, output }) => {
    const { errorDetails } = output.executionResult;
    const end = errorDetails && `${errorDetails.code} ${errorDetails.message}`;
    return `${stageName}/${actionName} ${end ?? output.outputVariables['reason-code'] ?? status}`;
  });
};
/** Until the execution has ended, or its last action is as `reached`. */
const until = async (pipelineName: string, reached?: string): Promise<readonly string[]> => {
  const last = driver.now() + hours(12);
  for (;;) {
    const { pipelineExecutionSummaries } = await call('ListPipelineExecutions', { pipelineName });
    const [{ status }] = pipelineExecutionSummaries as readonly [{ readonly status: string }];
    const found = await ends(pipelineName);
    if (status !== 'InProgress' || found.at(-1) === reached) return found;
    expect(driver.now()).toBeLessThan(last);
    await driver.until(driver.now() + minutes(1));
  }
};
const waiting = 'Approve/Approve InProgress';

const declare = (
  template: (typeof pipelineTemplates)[number],
  id: string,
  given: Readonly<Record<string, string>> = {},
) => {
  const declared = pipelinesOf(resourcesOf(template, { ...parameters, ...given }))[id];
  if (declared === undefined) throw new Error(`${template} has no ${id}`);
  const pipeline = simulated(declared);
  return { name: pipeline.name, location: pipeline.artifactStore.location, pipeline };
};

test('an approved package, by its ARN, is tested and delivered by the pipeline of promotion', async () => {
  const { name, location, pipeline } = declare('promotion', 'Promotion');
  push(`${manifestText({ rollout: rollouts.canary })}${regressionText({ dataset: 'golden/flowers.jsonl' })}`, location);
  await call('CreatePipeline', { pipeline });
  launchWorker();
  await call('StartPipelineExecution', { name, variables: [{ name: 'VERSION', value: packageArn }] });
  await until(name, waiting);
  await account.approve();
  expect(await until(name)).toEqual([
    'Source/Repository Succeeded',
    'Test/Test regression-passed',
    'Approve/Approve approved',
    'Production/Deploy delivered',
  ]);
});

test('a rejected package, by its ARN, is taken back by the pipeline of promotion; a second event finds the work done', async () => {
  const promotion = declare('promotion', 'Promotion', { RegressionTest: 'no' });
  const { name, location, pipeline } = declare('promotion', 'Rejection');
  push(manifestText({ rollout: rollouts.allAtOnce }), location);
  await account.approve();
  await call('CreatePipeline', { pipeline: promotion.pipeline });
  await call('StartPipelineExecution', { name: promotion.name, variables: [{ name: 'VERSION', value: packageArn }] });
  launchWorker();
  expect((await until(promotion.name)).at(-1)).toBe('Production/Deploy delivered');
  await account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: packageArn,
    ModelApprovalStatus: 'Rejected',
  });
  await call('CreatePipeline', { pipeline });
  const start = () => call('StartPipelineExecution', { name, variables: [{ name: 'REJECTED', value: packageArn }] });
  await start();
  expect(await until(name)).toEqual(['Source/Repository Succeeded', 'TakeBack/Production restored']);
  await start();
  expect((await until(name)).slice(2)).toEqual(['Source/Repository Succeeded', 'TakeBack/Production serves-nowhere']);
});

test('a tag is registered by the registrar, approved, and goes to staging and to production; the watchdog finds nothing to settle', async () => {
  const { name, location, pipeline } = declare('github-flow', 'Release', { RegressionTest: 'no' });
  push(stagedManifest(), location);
  await call('CreatePipeline', { pipeline });
  launchWorker();
  const { TRAINING_JOB } = await trainedVersion(account, '1.0.0');
  const seen = account.watch();
  await call('StartPipelineExecution', {
    name,
    variables: [
      { name: 'VERSION', value: 'iris_v1.2.0' },
      { name: 'TRAINING_JOB', value: TRAINING_JOB },
    ],
  });
  await until(name, waiting);
  await account.approve();
  expect(await until(name)).toEqual([
    'Source/Repository Succeeded',
    'Register/Register registered',
    'Approve/Approve approved',
    'Staging/Deploy delivered',
    'Production/Deploy delivered',
  ]);
  const registered = seen().find(({ operation, mutation }) => operation === 'CreateModelPackage' && mutation);
  expect(registered?.principal).toContain('assumed-role/model-registrar/');

  const watchdog = declare('github-flow', 'Watchdog');
  const invoked = lambdaFunction(driver, resolve('codebuild/lambda/dist/index.cjs'), temp);
  account.simulator.functions.define('delivery-worker', (event) => {
    invoked(event);
    return new Promise(() => {});
  });
  await call('CreatePipeline', { pipeline: watchdog.pipeline });
  expect(await until(watchdog.name)).toEqual(['Source/Repository Succeeded', 'Settle/Settle nothing-expired']);
});

test('a build of the main branch is registered under its commit, approved, and goes to staging', async () => {
  const { name, location, pipeline } = declare('github-flow', 'Main', { RegressionTest: 'no', StagingGate: 'wait' });
  push(stagedManifest(), location);
  await call('CreatePipeline', { pipeline });
  launchWorker();
  const { TRAINING_JOB } = await trainedVersion(account, '1.0.0');
  await call('StartPipelineExecution', {
    name,
    variables: [
      { name: 'COMMIT', value: '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567' },
      { name: 'TRAINING_JOB', value: TRAINING_JOB },
    ],
  });
  await until(name, waiting);
  await account.approve();
  expect(await until(name)).toEqual([
    'Source/Repository Succeeded',
    'Register/Register registered',
    'Approve/Approve approved',
    'Staging/Deploy delivered',
  ]);
});

test('CodePipeline accepts every pipeline of every template', async () => {
  for (const template of pipelineTemplates)
    for (const id of Object.keys(pipelinesOf(resourcesOf(template, parameters)))) {
      const { pipeline } = declare(template, id, { ShiftTraffic: 'yes', DeliveryWindow: '* * 9-16 ? * MON-FRI *' });
      const made = await call('CreatePipeline', { pipeline: { ...pipeline, name: `${template}-${pipeline.name}` } });
      expect(made['pipeline']).toMatchObject({ pipelineType: pipeline.pipelineType, stages: pipeline.stages });
    }
});
