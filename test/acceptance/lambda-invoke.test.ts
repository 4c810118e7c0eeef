import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { hours, minutes } from '../../src/clock.ts';
import { createDriver, type Driver, type Launched } from '../../src/rehearsal/driver.ts';
import { lambdaFunction } from '../../src/rehearsal/lambda-function.ts';
import { manifestText, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { zipOf } from '../../src/rehearsal/zip.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { pipelineOf } from '../support/pipeline.ts';

// Lambda invoke actions: CodePipeline invokes the bundle of the Lambda function, a process for each event.

interface Invocation {
  readonly launched: Launched;
  settle(): boolean;
}

let account: TestAccount;
let driver: Driver;
let temp: string;
let invocations: Invocation[];
/** How much later each event comes a second time. */
let repeatedAfterMs: number | undefined;
beforeEach(async () => {
  // A process starts for each continuation.
  account = await openAccount({ settings: { continuationDelayMs: 120_000 } });
  temp = mkdtempSync(join(tmpdir(), 'invoke-'));
  driver = createDriver({
    simulator: account.simulator,
    actions: 'actions',
    workspace: dirname(account.manifest),
    temp: join(temp, 'runner'),
  });
  invocations = [];
  repeatedAfterMs = undefined;
  const launch = lambdaFunction(driver, resolve('codebuild/lambda/dist/index.cjs'), temp);
  account.simulator.functions.define('delivery-worker', (event) => {
    const launched = launch(event);
    const { clock } = account.simulator;
    if (repeatedAfterMs !== undefined)
      clock.at(clock.now() + repeatedAfterMs, 'repeated event', () => void launch(event));
    return new Promise((returned, failed) => {
      invocations.push({
        launched,
        settle: () => {
          if (launched.exit === undefined) return false;
          if (launched.exit.code === 0) returned();
          else failed(new Error('function error'));
          return true;
        },
      });
    });
  });
});
afterEach(async () => {
  driver.close();
  await account.close();
  rmSync(temp, { recursive: true });
});

const name = 'churn';
const source = { name, key: 'source.zip' };
/** The action in codebuild/README.md. */
const documented: { readonly name: string } = JSON.parse(
  /<!-- invoke -->\n```json\n([\s\S]*?)```/.exec(readFileSync('codebuild/README.md', 'utf8'))?.[1] ?? 'null',
);
const call = (operation: string, input: object): Promise<Record<string, unknown>> =>
  account.simulator.call('codepipeline', operation, input);

const invoke = (action: string, parameters: string, namespace?: string) => ({
  name: action,
  actionTypeId: { category: 'Invoke', owner: 'AWS', provider: 'Lambda', version: '1' },
  configuration: {
    FunctionName: 'delivery-worker',
    UserParameters: `{${parameters}, environment: production, pipeline: ${name}, execution: '#{codepipeline.PipelineExecutionId}'}`,
  },
  ...(namespace === undefined ? {} : { namespace }),
});

const begin = async (version: string): Promise<void> => {
  account.simulator.objects.put(team.bucket, 'source.zip', zipOf({ 'delivery.yml': manifestText() }));
  await call('CreatePipeline', {
    pipeline: pipelineOf(
      source,
      invoke('Approve', `operation: approve-gate, version: ${version}`, 'Register'),
      documented,
    ),
  });
};

interface Ran {
  readonly actionName: string;
  readonly status: string;
  readonly output: {
    readonly outputVariables: Readonly<Record<string, string>>;
    readonly executionResult: { readonly errorDetails?: { readonly code: string; readonly message: string } };
  };
}
const ends = async (): Promise<readonly string[]> => {
  const { actionExecutionDetails } = await call('ListActionExecutions', { pipelineName: name });
  return (actionExecutionDetails as readonly Ran[]).toReversed().map(({ actionName, status, output }) => {
    const { errorDetails } = output.executionResult;
    const end = errorDetails && `${errorDetails.code} ${errorDetails.message.split(':')[0]}`;
    return `${actionName} ${end ?? output.outputVariables['reason-code'] ?? status}`;
  });
};
const toTheEnd = async (): Promise<readonly string[]> => {
  const last = driver.now() + hours(3);
  let open = 0;
  while ((await ends()).at(-1)?.endsWith(' InProgress')) {
    expect(driver.now()).toBeLessThan(last);
    await driver.until(driver.now() + minutes(1));
    while (invocations[open]?.settle()) open++;
  }
  return ends();
};
const logs = (): string => invocations.flatMap(({ launched }) => launched.log.map(({ text }) => text)).join('\n');
const serving = async (): Promise<string | undefined> => {
  const { EndpointConfigName } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: team.endpoint,
  });
  return /-(\d-\d-\d)-/.exec(String(EndpointConfigName))?.[1]?.replaceAll('-', '.');
};

test('a canary is delivered, though the function dies while its update is under way: Lambda invokes it again', async () => {
  await account.inProduction('1.0.0');
  await account.prepare('1.1.0');
  account.simulator.faults.add({
    service: 'sagemaker',
    operation: 'UpdateEndpoint',
    times: 1,
    kind: 'call',
    action: () => invocations.at(-1)?.launched.kill('SIGKILL'),
  });
  const seen = account.watch();
  await begin('1.1.0');
  expect(await toTheEnd()).toEqual(['Repository Succeeded', 'Approve approved', 'Deploy delivered']);
  expect(await serving()).toBe('1.1.0');
  expect(invocations.filter(({ launched }) => launched.exit?.signal === 'SIGKILL')).toHaveLength(1);
  expect(seen().filter(({ operation, mutation }) => operation === 'UpdateEndpoint' && mutation)).toHaveLength(1);
  expect(seen().filter(({ operation }) => operation === 'PollForJobs' || operation === 'AcknowledgeJob')).toEqual([]);
  expect(logs()).toMatch(/deploy-endpoint {2}job [0-9a-f-]{36} {2}\d+ % /);
});

test('a version is delivered although each event comes twice: no repeated one takes a turn beside the next job', async () => {
  await account.inProduction('1.0.0');
  await account.prepare('1.1.0');
  repeatedAfterMs = 70_000;
  const seen = account.watch();
  await begin('1.1.0');
  expect(await toTheEnd()).toEqual(['Repository Succeeded', 'Approve approved', 'Deploy delivered']);
  expect(await serving()).toBe('1.1.0');
  const taken = seen().filter(({ operation }) => operation === 'GetPipelineExecution').length;
  const answered = seen().filter(
    ({ operation, mutation, input }) =>
      operation === 'PutJobSuccessResult' && mutation && 'executionDetails' in (input as object),
  ).length;
  expect(taken).toBe(answered);
  // A turn each for the repeated events would be twice as many.
  expect(seen().filter(({ operation }) => operation === 'ListActionExecutions').length).toBeGreaterThan(taken);
});

test('a version with errors is taken back, and the action reports it; a wrong configuration is one, too', async () => {
  await account.inProduction('1.0.0');
  await account.prepare('1.4.0');
  await begin('1.4.0');
  expect(await toTheEnd()).toEqual(['Repository Succeeded', 'Approve approved', 'Deploy JobFailed rolled-back/alarm']);
  expect(await serving()).toBe('1.0.0');

  await call('UpdatePipeline', {
    pipeline: pipelineOf(source, invoke('Deploy', 'operation: deploy, version: 1.4.0')),
  });
  await call('StartPipelineExecution', { name });
  expect((await toTheEnd()).at(-1)).toBe('Deploy ConfigurationError failed/invalid-input');
});
