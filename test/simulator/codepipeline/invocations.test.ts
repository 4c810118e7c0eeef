import { PutJobSuccessResultCommand, StopPipelineExecutionCommand } from '@aws-sdk/client-codepipeline';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { clientsOf } from '../support/account.ts';
import { type Harbour, openHarbour, ship } from './support.ts';

// Lambda invoke actions: CodePipeline user guide, "AWS Lambda invoke action reference" and "Quotas".

interface Job {
  readonly id: string;
  readonly accountId: string;
  readonly data: {
    readonly continuationToken?: string;
    readonly artifactCredentials: {
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string;
    };
    readonly inputArtifacts: readonly {
      readonly location: { readonly s3Location: { readonly bucketName: string; readonly objectKey: string } };
    }[];
  };
}

const minute = 60_000;
let harbour: Harbour;
let jobs: Job[];
let runs: (() => Promise<void>)[];
beforeEach(async () => {
  harbour = await openHarbour();
  jobs = [];
  runs = [];
  harbour.simulator.functions.define('porter', async (event) => {
    jobs.push((event as { readonly 'CodePipeline.job': Job })['CodePipeline.job']);
    await runs.shift()?.();
  });
});
afterEach(() => harbour.simulator.close());

const invoke = (FunctionName = 'porter') =>
  ship('Carry', {
    actionTypeId: { category: 'Invoke', owner: 'AWS', provider: 'Lambda', version: '1' },
    configuration: { FunctionName, UserParameters: 'to #{codepipeline.PipelineExecutionId}' },
    inputArtifacts: [{ name: 'Goods' }],
  });
const answer = (jobId: string | undefined, more: object = {}) =>
  harbour.client.send(new PutJobSuccessResultCommand({ jobId, ...more }));
const failure = async () => (await harbour.actions())[0]?.output?.executionResult?.errorDetails;

test('the function gets the job, without the pipeline, and opens the artifact with it; its answer ends the action', async () => {
  const execution = await harbour.start([[invoke()]]);
  await harbour.pass(0);
  const [job] = jobs;
  expect(job).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    accountId: '111122223333',
    data: {
      actionConfiguration: { configuration: { FunctionName: 'porter', UserParameters: `to ${execution}` } },
      inputArtifacts: [
        { name: 'Goods', revision: expect.any(String), location: { type: 'S3', s3Location: expect.anything() } },
      ],
      outputArtifacts: [],
      artifactCredentials: expect.anything(),
    },
  });
  if (job === undefined) return;
  const { bucketName, objectKey } = job.data.inputArtifacts[0]?.location.s3Location ?? {};
  const { s3 } = clientsOf(harbour.simulator, job.data.artifactCredentials);
  const object = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key: objectKey }));
  expect(await object.Body?.transformToString()).toBe('goods');

  await answer(job.id, { outputVariables: { carried: 'all' } });
  expect(await harbour.status(execution)).toBe('Succeeded');
  expect((await harbour.actions())[0]?.output?.outputVariables).toEqual({ carried: 'all' });
  await expect(answer(job.id)).rejects.toMatchObject({ name: 'InvalidJobStateException' });
});

test('a continuation invokes it again with another job; each reply restarts the 20 minutes, after which the action fails', async () => {
  const execution = await harbour.start([[invoke()]]);
  await harbour.pass(15 * minute);
  await answer(jobs[0]?.id, { continuationToken: 'half' });
  await harbour.pass(15 * minute);
  expect(jobs.map(({ data }) => data.continuationToken)).toEqual([undefined, 'half']);
  expect(jobs[1]?.id).not.toBe(jobs[0]?.id);
  await answer(jobs[1]?.id, { continuationToken: 'more' });
  await harbour.pass(19 * minute);
  expect(await harbour.status(execution)).toBe('InProgress');
  await harbour.pass(minute);
  expect(await harbour.status(execution)).toBe('Failed');
  expect(await failure()).toEqual({
    code: 'JobFailed',
    message:
      'The AWS Lambda function porter failed to return a result. Check the function to verify that it has permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult.',
  });
  await expect(answer(jobs[2]?.id)).rejects.toMatchObject({ name: 'InvalidJobStateException' });
});

test('with a reply every 15 minutes it still ends after 24 hours', async () => {
  const execution = await harbour.start([[invoke()]]);
  for (let quarter = 0; quarter < 95; quarter++) {
    await harbour.pass(15 * minute);
    await answer(jobs.at(-1)?.id, { continuationToken: 'on' });
  }
  expect(await harbour.status(execution)).toBe('InProgress');
  await harbour.pass(15 * minute);
  expect(await harbour.status(execution)).toBe('Failed');
});

test('a function that fails is invoked with the same job after one minute and after two more, and not again', async () => {
  const fail = () => Promise.reject(new Error('the function timed out'));
  runs = [fail, fail, fail];
  await harbour.start([[invoke()]]);
  const attempts: number[] = [];
  for (const pause of [0, minute - 1, 1, 2 * minute - 1, 1, 10 * minute]) {
    await harbour.pass(pause);
    attempts.push(jobs.length);
  }
  expect(attempts).toEqual([1, 1, 2, 2, 3, 3]);
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
});

test('a function that does not exist fails the action', async () => {
  const execution = await harbour.start([[invoke('nobody')]]);
  await harbour.pass(0);
  expect(await harbour.status(execution)).toBe('Failed');
  expect((await failure())?.message).toContain('nobody does not exist');
});

test('a continuation of an abandoned action invokes nothing', async () => {
  const execution = await harbour.start([[invoke()]]);
  await harbour.pass(0);
  await answer(jobs[0]?.id, { continuationToken: 'half' });
  await harbour.client.send(
    new StopPipelineExecutionCommand({ pipelineName: 'harbour', pipelineExecutionId: execution, abandon: true }),
  );
  await harbour.pass(30 * minute);
  expect(jobs).toHaveLength(1);
  expect(await harbour.status(execution)).toBe('Stopped');
});
