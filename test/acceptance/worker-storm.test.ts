import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LoggedRequest } from '../../simulator/contracts.ts';
import { createRandom } from '../../simulator/random.ts';
import { minutes } from '../../src/clock.ts';
import type { OperationName } from '../../src/operation.ts';
import { createDriver, type Driver, type Launched } from '../../src/rehearsal/driver.ts';
import { manifestText, rehearsedTeam, rollouts } from '../../src/rehearsal/manifest.ts';
import { zipOf } from '../../src/rehearsal/zip.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { operationNames } from '../support/operation-rows.ts';
import { pipelineOf } from '../support/pipeline.ts';

type Answer = Record<string, unknown>;

const workers = 4;
const pipelines = 1_000;
const deployments = 8;
const deaths = 24;

/** What a pipeline asks for, and how it must end. */
interface Case {
  readonly name: string;
  readonly operation: OperationName;
  readonly configuration: Readonly<Record<string, string>>;
  readonly ends: string;
  readonly endpoint?: string;
}

const gates = [
  { version: '1.0.0', ends: 'succeeded/approved' },
  { version: '1.1.0', ends: 'JobFailed: rejected/approval-rejected' },
  { version: '9.9.9', ends: 'ConfigurationError: failed/unknown-version' },
] as const;

const cases: readonly Case[] = Array.from({ length: pipelines }, (_, i) => {
  const name = `storm-${i}`;
  if (i % (pipelines / deployments) === 7)
    return {
      name,
      operation: 'deploy-endpoint',
      configuration: { environment: name, version: '1.0.0' },
      ends: 'succeeded/delivered',
      endpoint: name,
    };
  const { version, ends } = gates[i % gates.length] ?? gates[0];
  return { name, operation: 'approve-gate', configuration: { environment: rehearsedTeam.environment, version }, ends };
});

/** The team's manifest, with an environment and an endpoint of its own for every deployment. */
const manifest = (): string => {
  const [head = '', production = ''] = manifestText({ rollout: rollouts.allAtOnce }).split(/(?= {2}production:)/);
  const small = production.replace('count: 4', 'count: 1');
  const environments = cases.flatMap(({ endpoint }) =>
    endpoint === undefined
      ? []
      : [small.replace('production:', `${endpoint}:`).replace('name: iris', `name: ${endpoint}`)],
  );
  return head + production + environments.join('');
};

/** Where a worker may be when it dies: every call it makes for a job. */
const places = [
  ['codepipeline', 'PollForJobs'],
  ['codepipeline', 'AcknowledgeJob'],
  ['codepipeline', 'GetPipelineExecution'],
  ['codepipeline', 'PutJobSuccessResult'],
  ['codepipeline', 'PutJobFailureResult'],
  ['sts', 'AssumeRole'],
  ['s3', 'GetObject'],
  ['s3', 'PutObject'],
  ['sagemaker', 'ListModelPackages'],
  ['sagemaker', 'CreateEndpointConfig'],
  ['sagemaker', 'CreateEndpoint'],
] as const;

describe(`${pipelines} pipelines at once, ${workers} workers, ${deaths} deaths`, () => {
  const random = createRandom(20_260_105, 'worker-storm');
  const living: Launched[] = [];
  const dead: Launched[] = [];
  let account: TestAccount;
  let driver: Driver;
  let folder: string;
  const call = (operation: string, input: object): Promise<Answer> =>
    account.simulator.call('codepipeline', operation, input);

  const launch = (): void => {
    living.push(
      driver.launch('job worker', resolve('codebuild/job-worker/main.ts'), {
        MODEL_DELIVERY_JOBS_AT_ONCE: '50',
        NODE_NO_WARNINGS: '1',
      }),
    );
  };

  /** One process runs at a time, so whoever asked last is the one that asks now. */
  const killCaller = (): void => {
    const caller = account.simulator.requests.findLast(({ participant }) =>
      living.some(({ id }) => id === participant),
    );
    const worker = living.find(({ id }) => id === caller?.participant);
    if (worker === undefined) return;
    living.splice(living.indexOf(worker), 1);
    dead.push(worker);
    worker.kill('SIGKILL');
  };

  beforeAll(async () => {
    account = await openAccount();
    folder = mkdtempSync(join(tmpdir(), 'storm-'));
    driver = createDriver({
      simulator: account.simulator,
      actions: 'actions',
      workspace: folder,
      temp: join(folder, 'runner'),
    });
    await account.prepare('1.0.0');
    await account.prepare('1.1.0');
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: `arn:aws:sagemaker:${rehearsedTeam.region}:${rehearsedTeam.account}:model-package/${rehearsedTeam.model}/2`,
      ModelApprovalStatus: 'Rejected',
    });
    account.simulator.objects.put(rehearsedTeam.bucket, 'storm.zip', zipOf({ 'delivery.yml': manifest() }));
    for (const operation of operationNames) await call('CreateCustomActionType', definitionOf(operation));
    for (const one of cases) await call('CreatePipeline', { pipeline: stormOf(one) });
    for (const [service, operation] of Array.from({ length: deaths }, (_, i) => places[i % places.length] ?? places[0]))
      account.simulator.faults.add({
        service,
        operation,
        times: 1,
        after: Math.floor(random() * (operation.startsWith('Create') ? 6 : 200)),
        kind: 'call',
        action: killCaller,
      });
  });
  afterAll(async () => {
    driver.close();
    await account.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('every job ends once, with the right outcome', async () => {
    const start = driver.now();
    for (let round = 0; round < 60; round++) {
      while (living.length < workers) launch();
      await driver.until(driver.now() + minutes(1));
      const open = (await executions()).filter(({ status }) => status === 'InProgress');
      if (open.length === 0) break;
      // What an operator does with an action that says nothing any more: nobody else can be given its job.
      for (const { pipeline, id, silentMs } of open) {
        if (silentMs < minutes(10)) continue;
        await call('StopPipelineExecution', { pipelineName: pipeline, pipelineExecutionId: id, abandon: true });
        await call('RetryStageExecution', {
          pipelineName: pipeline,
          pipelineExecutionId: id,
          stageName: 'Work',
          retryMode: 'FAILED_ACTIONS',
        });
      }
    }
    const ends = Object.fromEntries((await executions()).map(({ pipeline, end }) => [pipeline, end]));
    expect(ends).toEqual(Object.fromEntries(cases.map(({ name, ends: end }) => [name, end])));
    expect(driver.now() - start).toBeLessThan(minutes(60));
    expect(dead.length).toBeGreaterThan(deaths / 2);
    for (const worker of dead) expect((await worker.ended()).signal).toBe('SIGKILL');
  });

  it('no job was answered twice, or by somebody who had not acknowledged it', () => {
    const calls = account.simulator.requests.filter(
      ({ service, error }) => service === 'codepipeline' && error === undefined,
    );
    const owners = new Map(calls.filter(isCall('AcknowledgeJob')).map((one) => [jobOf(one), one.participant]));
    const answers = calls.filter(isCall('PutJobSuccessResult', 'PutJobFailureResult'));
    expect(answers.length).toBeGreaterThanOrEqual(pipelines);
    expect(new Set(answers.map(jobOf)).size).toBe(answers.length);
    for (const answer of answers) expect(answer.participant).toBe(owners.get(jobOf(answer)));
  });

  it('every endpoint was created once, and serves', async () => {
    const created = account.simulator.requests.filter(isCall('CreateEndpoint')).filter(({ mutation }) => mutation);
    expect(created.map(({ input }) => (input as { EndpointName: string }).EndpointName).sort()).toEqual(
      cases.flatMap(({ endpoint }) => endpoint ?? []).sort(),
    );
    for (const { endpoint } of cases.filter((one) => one.endpoint !== undefined)) {
      const shown = await account.simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName: endpoint });
      expect(shown['EndpointStatus']).toBe('InService');
    }
  });

  /** The latest attempt of each pipeline's one action. */
  const executions = () =>
    Promise.all(
      cases.map(async ({ name }) => {
        const listed = await call('ListActionExecutions', { pipelineName: name });
        const [latest] = listed['actionExecutionDetails'] as readonly ActionExecution[];
        if (latest === undefined) throw new Error(`${name} never began`);
        const { status, output, pipelineExecutionId: id, lastUpdateTime } = latest;
        const { errorDetails } = output.executionResult;
        const variables = output.outputVariables;
        const end = errorDetails
          ? `${errorDetails.code}: ${errorDetails.message.split(':')[0]}`
          : // A worker that died between the end of the release and its answer leaves it to the next one to find it delivered.
            `${variables['outcome']}/${variables['reason-code']?.replace(/^already-/, '')}`;
        return { pipeline: name, id, status, end, silentMs: driver.now() - lastUpdateTime.getTime() };
      }),
    );
});

interface ActionExecution {
  readonly pipelineExecutionId: string;
  readonly status: string;
  readonly lastUpdateTime: Date;
  readonly output: {
    readonly outputVariables: Readonly<Record<string, string>>;
    readonly executionResult: { readonly errorDetails?: { readonly code: string; readonly message: string } };
  };
}

const isCall =
  (...operations: readonly string[]) =>
  ({ operation }: LoggedRequest): boolean =>
    operations.includes(operation);
const jobOf = ({ input }: LoggedRequest): string => (input as { readonly jobId: string }).jobId;

const definitionOf = (operation: string) =>
  JSON.parse(readFileSync(`codebuild/action-types/${operation}.json`, 'utf8'));

const stormOf = ({ name, operation, configuration }: Case): object => {
  const { category, provider, version } = definitionOf(operation);
  const actionTypeId = { category, owner: 'Custom', provider, version };
  return pipelineOf({ name, key: 'storm.zip' }, { name: 'Work', actionTypeId, configuration });
};
