import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { defaultRoles } from '../../simulator/simulator.ts';
import { hours, minutes } from '../../src/clock.ts';
import { actionTypes } from '../../src/commands/action-types.ts';
import { reasonCodes } from '../../src/reason-codes.ts';
import { createDriver, type Driver } from '../../src/rehearsal/driver.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { zipOf } from '../../src/rehearsal/zip.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { asJsonl, goldenRows, regressionText } from '../support/golden-set.ts';
import { runCommand } from '../support/run-command.ts';
import { trainedVersion } from '../support/trained-version.ts';

/** docs/codepipeline.md: its documents, given to the simulator's CodePipeline as they stand there. */

const page = readFileSync('docs/codepipeline.md', 'utf8');
const documentAt = (name: string): unknown =>
  JSON.parse(new RegExp(`<!-- ${name} -->\n\`\`\`json\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? 'null');

interface Action {
  readonly name: string;
  readonly actionTypeId: object;
}
interface Document {
  readonly pipeline: {
    readonly name: string;
    readonly roleArn: string;
    readonly stages: readonly { readonly name: string; readonly actions: readonly Action[] }[];
  };
}
const document = documentAt('pipeline') as Document;
const { name, roleArn } = document.pipeline;

let account: TestAccount;
let driver: Driver;
let temp: string;
beforeEach(async () => {
  account = await openAccount({ roles: [...defaultRoles, roleArn] });
  temp = mkdtempSync(join(tmpdir(), 'page-'));
  const workspace = dirname(account.manifest);
  driver = createDriver({ simulator: account.simulator, actions: 'actions', workspace, temp });
  const { code, out } = await runCommand(actionTypes, ['create'], { env: account.simulator.environment() });
  expect([code, out.join('\n')]).toEqual([0, expect.stringContaining('Deploy/md-deploy-endpoint/1  created')]);
  await account.inProduction('1.1.0');
});
afterEach(async () => {
  driver.close();
  await account.close();
  rmSync(temp, { recursive: true });
});

const call = (operation: string, input: object): Promise<Record<string, unknown>> =>
  account.simulator.call('codepipeline', operation, input);

/** The worker of the page. */
const launchWorker = () =>
  driver.launch('worker', resolve('codebuild/job-worker/main.ts'), {
    // One at a time: a process is one participant of the virtual clock.
    MODEL_DELIVERY_JOBS_AT_ONCE: '1',
    NODE_NO_WARNINGS: '1',
  });

/** `aws s3 cp source.zip`. */
const push = (rollout: string = rollouts.canary): void =>
  account.simulator.objects.put(
    'churn-pipeline',
    'source.zip',
    zipOf({
      'delivery.yml': `${manifestText({ rollout })}${regressionText({ dataset: 'golden/flowers.jsonl' })}`,
      'golden/flowers.jsonl': asJsonl(goldenRows),
    }),
  );

const start = async (variables: Readonly<Record<string, string>>): Promise<string> => {
  const { pipelineExecutionId } = await call('StartPipelineExecution', {
    name,
    variables: Object.entries(variables).map(([one, value]) => ({ name: one, value })),
  });
  return String(pipelineExecutionId);
};

interface Ran {
  readonly actionName: string;
  readonly status: string;
  readonly output: {
    readonly outputVariables: Readonly<Record<string, string>>;
    readonly executionResult: { readonly errorDetails?: { readonly code: string; readonly message: string } };
  };
}
/** `Deploy delivered`, or the failure: `Test JobFailed rejected/regression-failed`. The source first. */
const endsOf = async (pipelineExecutionId: string): Promise<readonly string[]> => {
  const { actionExecutionDetails } = await call('ListActionExecutions', {
    pipelineName: name,
    filter: { pipelineExecutionId },
  });
  return (actionExecutionDetails as readonly Ran[]).toReversed().map(({ actionName, status, output }) => {
    const { errorDetails } = output.executionResult;
    return errorDetails
      ? `${actionName} ${errorDetails.code} ${errorDetails.message.split(':')[0]}`
      : `${actionName} ${output.outputVariables['reason-code'] ?? status}`;
  });
};

const stateOf = async (pipelineExecutionId: string): Promise<unknown> =>
  (
    (await call('GetPipelineExecution', { pipelineName: name, pipelineExecutionId }))['pipelineExecution'] as {
      status: string;
    }
  ).status;

/** Time passes until the execution has ended, or a person is asked. */
const until = async (execution: string, reached: (ends: readonly string[]) => boolean): Promise<void> => {
  const last = driver.now() + hours(12);
  while ((await stateOf(execution)) === 'InProgress' && !reached(await endsOf(execution))) {
    expect(driver.now()).toBeLessThan(last);
    await driver.until(driver.now() + minutes(1));
  }
};
const never = (): boolean => false;

const serving = async (): Promise<string | undefined> => {
  const { EndpointConfigName } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: team.endpoint,
  });
  return /-(\d-\d-\d)-/.exec(String(EndpointConfigName))?.[1]?.replaceAll('-', '.');
};

/** From CreatePipeline to a version that waits for its approval. */
const toTheApproval = async (): Promise<{
  readonly execution: string;
  readonly variables: Readonly<Record<string, string>>;
}> => {
  push();
  await call('CreatePipeline', document);
  launchWorker();
  const variables = await trainedVersion(account, '1.0.0');
  const execution = await start(variables);
  await until(execution, (ends) => ends.includes('Approve InProgress'));
  return { execution, variables };
};

test('a person approves, the canary delivers, and the same variables again deliver nothing', async () => {
  const { execution, variables } = await toTheApproval();
  await driver.until(driver.now() + minutes(10));
  expect([await stateOf(execution), await serving()]).toEqual(['InProgress', '1.1.0']);
  await account.approve();
  await until(execution, never);
  expect([await stateOf(execution), await serving()]).toEqual(['Succeeded', '1.0.0']);
  expect(await endsOf(execution)).toEqual([
    'Repository Succeeded',
    'Register registered',
    'Test regression-passed',
    'Approve approved',
    'Deploy delivered',
  ]);

  const seen = account.watch();
  const again = await start(variables);
  await until(again, never);
  expect(await endsOf(again)).toEqual([
    'Repository Succeeded',
    'Register already-registered',
    'Test regression-passed',
    'Approve approved',
    'Deploy already-delivered',
  ]);
  const carriedOut = seen().flatMap(({ operation, mutation }) => (mutation ? operation : []));
  for (const operation of ['CreateModelPackage', 'UpdateEndpoint']) expect(carriedOut).not.toContain(operation);
});

test('what its table of failures shows: a rejected version, a worse one, and a decision taken back', async () => {
  const { execution } = await toTheApproval();
  await account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/2`,
    ModelApprovalStatus: 'Rejected',
  });
  await until(execution, never);
  expect((await endsOf(execution)).at(-1)).toBe('Approve JobFailed rejected/approval-rejected');

  const worse = await start(await trainedVersion(account, '1.2.0'));
  await until(worse, never);
  expect((await endsOf(worse)).at(-1)).toBe('Test JobFailed rejected/regression-failed');
  expect(await serving()).toBe('1.1.0');

  // The decision is taken back.
  await account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/2`,
    ModelApprovalStatus: 'Approved',
  });
  const third = await start({ VERSION: '1.0.0', TRAINING_JOB: 'iris-1-0-0' });
  await until(third, never);
  expect([await stateOf(third), await serving()]).toEqual(['Succeeded', '1.0.0']);
});

test('with its second action the stage Deploy also shifts the traffic', async () => {
  push(`${rollouts.steps}, max-step: 6h`);
  const stages = document.pipeline.stages.map((stage) =>
    stage.name === 'Deploy' ? { ...stage, actions: [...stage.actions, documentAt('shift') as Action] } : stage,
  );
  await call('CreatePipeline', { pipeline: { ...document.pipeline, stages } });
  launchWorker();
  const variables = await trainedVersion(account, '1.0.0');
  const execution = await start(variables);
  await until(execution, (ends) => ends.includes('Approve InProgress'));
  await account.approve();
  await until(execution, never);
  expect((await endsOf(execution)).slice(-2)).toEqual(['Deploy candidate-dark', 'Shift delivered']);
  expect(await serving()).toBe('1.0.0');
});

test('its reason codes and its links exist', () => {
  const codes = [...page.matchAll(/`[a-z-]+\/([a-z-]+)`/g)]
    .map(([, code = '']) => code)
    .filter((code) => code !== 'reason-code');
  expect(codes.length).toBeGreaterThan(10);
  for (const code of codes) expect(reasonCodes).toHaveProperty([code]);
  for (const [, path = ''] of page.matchAll(/\]\(([^)#h][^)#]*)/g))
    expect(readFileSync(join('docs', path), 'utf8')).not.toBe('');
});
