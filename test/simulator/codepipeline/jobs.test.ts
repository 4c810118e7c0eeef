import {
  AcknowledgeJobCommand,
  GetJobDetailsCommand,
  GetPipelineCommand,
  GetPipelineStateCommand,
  PollForJobsCommand,
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
} from '@aws-sdk/client-codepipeline';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientsOf, refusalOf } from '../support/account.ts';
import { actionTypeId, type Harbour, openHarbour, ship } from './support.ts';

let harbour: Harbour;
beforeEach(async () => {
  harbour = await openHarbour();
});
afterEach(() => harbour.simulator.close());

const success = (jobId: string, more: object = {}) =>
  harbour.client.send(new PutJobSuccessResultCommand({ jobId, ...more }));

describe('a job', () => {
  test('tells the worker everything, and opens the artifact store', async () => {
    const id = await harbour.start([
      [
        ship('Ship', {
          inputArtifacts: [{ name: 'Goods' }],
          configuration: { Where: '#{codepipeline.PipelineExecutionId}', Password: 'secret' },
        }),
      ],
    ]);
    const [job] = await harbour.poll();
    expect(job).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      nonce: expect.stringMatching(/^.{1,50}$/),
      accountId: '111122223333',
      data: {
        actionTypeId,
        actionConfiguration: { configuration: { Where: id, Password: 'secret' } },
        pipelineContext: {
          pipelineName: 'harbour',
          stage: { name: 'Stage1' },
          action: { name: 'Ship', actionExecutionId: expect.any(String) },
          pipelineArn: 'arn:aws:codepipeline:eu-west-1:111122223333:harbour',
          pipelineExecutionId: id,
        },
        inputArtifacts: [{ name: 'Goods', revision: expect.any(String), location: { type: 'S3' } }],
      },
    });
    const { accessKeyId = '', secretAccessKey = '', sessionToken = '' } = job?.data?.artifactCredentials ?? {};
    const { bucketName, objectKey } = job?.data?.inputArtifacts?.[0]?.location?.s3Location ?? {};
    const { s3 } = clientsOf(harbour.simulator, { accessKeyId, secretAccessKey, sessionToken });
    const object = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key: objectKey }));
    expect(await object.Body?.transformToString()).toBe('goods');
    const details = await harbour.client.send(new GetJobDetailsCommand({ jobId: job?.id }));
    expect(details.jobDetails).toMatchObject({ id: job?.id, data: { actionTypeId } });
  });

  test('names the key of the artifact store', async () => {
    const encryptionKey = { id: 'arn:aws:kms:eu-west-1:111122223333:alias/artifacts', type: 'KMS' } as const;
    await harbour.start([[ship('Ship')]], {
      artifactStore: { type: 'S3', location: 'ml-artifacts', encryptionKey },
      variables: [{ name: 'VERSION', defaultValue: '1', description: 'Version to deliver' }],
    });
    const [job] = await harbour.poll();
    expect(job?.data?.encryptionKey).toEqual(encryptionKey);
    const { pipeline } = await harbour.client.send(new GetPipelineCommand({ name: 'harbour' }));
    expect(pipeline?.variables).toEqual([{ name: 'VERSION', defaultValue: '1', description: 'Version to deliver' }]);
  });

  test('goes to whoever polled last, until it is acknowledged: the loser hears InvalidNonce', async () => {
    await harbour.start([[ship('Ship')]]);
    const [first] = await harbour.poll();
    const [second] = await harbour.poll();
    expect(second?.id).toBe(first?.id);
    expect(second?.nonce).not.toBe(first?.nonce);
    const acknowledge = (nonce: string | undefined) =>
      harbour.client.send(new AcknowledgeJobCommand({ jobId: first?.id, nonce }));
    expect(await refusalOf(acknowledge(first?.nonce))).toMatch(/^InvalidNonceException: /);
    expect((await acknowledge(second?.nonce)).status).toBe('InProgress');
    expect(await harbour.poll()).toEqual([]);
    // After a lost answer the same worker asks once more.
    expect((await acknowledge(second?.nonce)).status).toBe('InProgress');
  });

  test('with a token is followed by another one, which carries it, half a minute later', async () => {
    await harbour.start([[ship('Ship')]]);
    const job = await harbour.take();
    const executionDetails = { summary: 'half-way', percentComplete: 50, externalExecutionId: 'boat-7' };
    await success(job.id, { continuationToken: 'T1', executionDetails });
    const state = await harbour.client.send(new GetPipelineStateCommand({ name: 'harbour' }));
    expect(state.stageStates?.[1]?.actionStates?.[0]?.latestExecution).toMatchObject({
      status: 'InProgress',
      summary: 'half-way',
      percentComplete: 50,
      externalExecutionUrl: 'https://example.com/port/boat-7',
    });
    expect(await harbour.poll()).toEqual([]);
    await harbour.pass(30_000);
    const next = await harbour.take();
    expect(next.id).not.toBe(job.id);
    expect(next.data?.continuationToken).toBe('T1');
    expect(await refusalOf(success(job.id))).toMatch(/^InvalidJobStateException: /);
  });

  test('that nobody acknowledged cannot be answered; one that does not exist is not found', async () => {
    await harbour.start([[ship('Ship')]]);
    const [job] = await harbour.poll();
    expect(await refusalOf(success(job?.id ?? ''))).toMatch(/^InvalidJobStateException: /);
    expect(await refusalOf(success('00000000-0000-4000-a000-000000000000'))).toMatch(/^JobNotFoundException: /);
    expect(await refusalOf(success('no-uuid'))).toMatch(/^ValidationException: .*jobId/);
  });

  test('is limited in what it may answer', async () => {
    await harbour.start([[ship('Ship')]]);
    const job = await harbour.take();
    const refused = (more: object) => refusalOf(success(job.id, more));
    expect(await refused({ continuationToken: 'x'.repeat(2049) })).toMatch(/^ValidationException: .*continuationToken/);
    expect(await refused({ continuationToken: 'T', outputVariables: { a: '1' } })).toMatch(/^ValidationException: /);
    expect(await refused({ outputVariables: { 'a b': '1' } })).toMatch(/^ValidationException: /);
    expect(await refused({ outputVariables: { a: 'x'.repeat(122_880) } })).toMatch(
      /^OutputVariablesSizeExceededException: /,
    );
    expect(await refused({ executionDetails: { percentComplete: 101 } })).toMatch(/^ValidationException: /);
    expect(await refused({ executionDetails: { summary: 'x'.repeat(2049) } })).toMatch(/^ValidationException: /);
    const failure = (failureDetails: { type: 'JobFailed'; message: string }) =>
      refusalOf(harbour.client.send(new PutJobFailureResultCommand({ jobId: job.id, failureDetails })));
    expect(await failure({ type: 'JobFailed', message: 'x'.repeat(5001) })).toMatch(/^ValidationException: /);
    expect(await failure({ type: 'Tired' as 'JobFailed', message: 'x' })).toMatch(/^ValidationException: .*enum/);
    expect(await failure({ type: 'JobFailed', message: 'no boat' })).toBeUndefined();
    expect((await harbour.actions())[0]).toMatchObject({
      status: 'Failed',
      output: { executionResult: { errorDetails: { code: 'JobFailed', message: 'no boat' } } },
    });
  });

  test('that is acknowledged and never answered holds its action for 24 hours', async () => {
    const id = await harbour.start([[ship('Ship')]]);
    const job = await harbour.take();
    await harbour.pass(24 * 3_600_000 - 1);
    expect(await harbour.status(id)).toBe('InProgress');
    await harbour.pass(1);
    expect(await harbour.status(id)).toBe('Failed');
    expect(await refusalOf(success(job.id))).toMatch(/^InvalidJobStateException: /);
  });
});

describe('polling', () => {
  test('is for custom action types that exist', async () => {
    const poll = (id: object) =>
      refusalOf(harbour.client.send(new PollForJobsCommand({ actionTypeId: { ...actionTypeId, ...id } })));
    expect(await poll({ owner: 'AWS' })).toBe("ValidationException: ActionType with owner 'AWS' is not supported");
    expect(await poll({ provider: 'Nobody' })).toMatch(/^ActionTypeNotFoundException: /);
  });

  test('asks for as many as it can take, and only those with the configuration it wants', async () => {
    await harbour.start([[ship('A'), ship('B'), ship('C', { configuration: { Where: 'lake' } })]]);
    expect(await harbour.poll(2)).toHaveLength(2);
    const { jobs } = await harbour.client.send(
      new PollForJobsCommand({ actionTypeId, maxBatchSize: 10, queryParam: { Where: 'lake' } }),
    );
    expect(jobs?.map(({ data }) => data?.pipelineContext?.action?.name)).toEqual(['C']);
    expect(
      await refusalOf(harbour.client.send(new PollForJobsCommand({ actionTypeId, queryParam: { Password: 'x' } }))),
    ).toMatch(/^ValidationException: /);
  });
});

describe('what AWS leaves open', () => {
  test('a polled job may be kept from others for a while', async () => {
    await harbour.simulator.close();
    harbour = await openHarbour({ settings: { jobOfferedAgainMs: 60_000, repeatedAcknowledge: 'refused' } });
    await harbour.start([[ship('Ship')]]);
    expect(await harbour.poll()).toHaveLength(1);
    expect(await harbour.poll()).toEqual([]);
    await harbour.pass(60_000);
    const job = await harbour.take();
    const again = new AcknowledgeJobCommand({ jobId: job.id, nonce: job.nonce });
    expect(await refusalOf(harbour.client.send(again))).toMatch(/^InvalidNonceException: /);
  });
});
