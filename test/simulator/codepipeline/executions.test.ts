import {
  CreatePipelineCommand,
  GetPipelineCommand,
  GetPipelineExecutionCommand,
  GetPipelineStateCommand,
  type PipelineDeclaration,
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
  RetryStageExecutionCommand,
  RollbackStageCommand,
  StartPipelineExecutionCommand,
  StopPipelineExecutionCommand,
  UpdatePipelineCommand,
} from '@aws-sdk/client-codepipeline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { refusalOf } from '../support/account.ts';
import { actionTypeId, type Harbour, openHarbour, pipelineWith, ship } from './support.ts';

let harbour: Harbour;
beforeEach(async () => {
  harbour = await openHarbour();
});
afterEach(() => harbour.simulator.close());

const pipelineName = 'harbour';
const succeed = async (outputVariables: Record<string, string> = {}) => {
  const job = await harbour.take();
  await harbour.client.send(new PutJobSuccessResultCommand({ jobId: job.id, outputVariables }));
  return job;
};
const fail = async () => {
  const job = await harbour.take();
  const failureDetails = { type: 'JobFailed', message: 'no boat' } as const;
  await harbour.client.send(new PutJobFailureResultCommand({ jobId: job.id, failureDetails }));
};
const begin = async (variables?: { name: string; value: string }[]) =>
  (
    await harbour.client.send(
      new StartPipelineExecutionCommand({ name: pipelineName, ...(variables ? { variables } : {}) }),
    )
  ).pipelineExecutionId ?? '';
const nameOf = (job: Awaited<ReturnType<Harbour['take']>>) => job.data?.pipelineContext?.action?.name;

describe('an execution', () => {
  test('goes through its stages one after another, in a stage by runOrder, and hands variables on', async () => {
    const id = await harbour.start(
      [
        [
          ship('Second', { runOrder: 2, configuration: { Where: '#{First.port}' } }),
          ship('First', { namespace: 'First' }),
        ],
        [ship('Third', { configuration: { Where: 'from #{First.port} by #{variables.SHIP}' } })],
      ],
      { variables: [{ name: 'SHIP', defaultValue: 'Argo' }] },
    );
    expect(nameOf(await succeed({ port: 'Piraeus' }))).toBe('First');
    const second = await succeed();
    expect(second.data?.actionConfiguration?.configuration).toEqual({ Where: 'Piraeus' });
    const third = await succeed();
    expect(third.data?.actionConfiguration?.configuration).toEqual({ Where: 'from Piraeus by Argo' });
    expect(await harbour.status(id)).toBe('Succeeded');
    expect((await harbour.actions()).map(({ actionName, status }) => `${actionName} ${status}`)).toEqual([
      'Third Succeeded',
      'Second Succeeded',
      'First Succeeded',
      'Goods Succeeded',
    ]);
  });

  test('fails when an action fails, when a variable is missing, when its source is', async () => {
    const id = await harbour.start([
      [ship('First', { namespace: 'First' })],
      [ship('Then', { configuration: { Where: '#{First.port}' } })],
    ]);
    await fail();
    expect(await harbour.status(id)).toBe('Failed');
    const next = await begin();
    await succeed();
    expect(await harbour.status(next)).toBe('Failed');
    expect((await harbour.actions())[0]?.output?.executionResult?.errorDetails?.message).toContain('#{First.port}');
  });

  test('waits for the one before it in QUEUED mode; a newer one takes its place in SUPERSEDED mode', async () => {
    for (const executionMode of ['QUEUED', 'SUPERSEDED'] as const) {
      await harbour.simulator.close();
      harbour = await openHarbour();
      const first = await harbour.start([[ship('Ship')]], { executionMode });
      const [second, third] = [await begin(), await begin()];
      expect(await harbour.poll()).toHaveLength(1);
      await succeed();
      expect(await harbour.status(first)).toBe('Succeeded');
      expect(await harbour.status(second)).toBe(executionMode === 'QUEUED' ? 'InProgress' : 'Superseded');
      await succeed();
      expect(await harbour.status(executionMode === 'QUEUED' ? second : third)).toBe('Succeeded');
    }
  });

  test('is the same for the same request token; unknown and missing variables are refused', async () => {
    await harbour.start([[ship('Ship')]], { variables: [{ name: 'SHIP' }] });
    const start = (more: object) =>
      harbour.client.send(new StartPipelineExecutionCommand({ name: pipelineName, ...more }));
    expect(await refusalOf(start({}))).toMatch(/^ValidationException: .*SHIP/);
    expect(await refusalOf(start({ variables: [{ name: 'BOAT', value: 'x' }] }))).toMatch(
      /^ValidationException: .*BOAT/,
    );
    const requested = { clientRequestToken: 'once', variables: [{ name: 'SHIP', value: 'Argo' }] };
    expect((await start(requested)).pipelineExecutionId).toBe((await start(requested)).pipelineExecutionId);
  });
});

describe('stopping', () => {
  const stop = (pipelineExecutionId: string, abandon: boolean) =>
    harbour.client.send(new StopPipelineExecutionCommand({ pipelineName, pipelineExecutionId, abandon }));

  test('waits for the action in progress, and starts nothing after it', async () => {
    const id = await harbour.start([[ship('Ship')], [ship('Sell')]]);
    const job = await harbour.take();
    await stop(id, false);
    expect(await harbour.status(id)).toBe('Stopping');
    expect(await refusalOf(stop(id, false))).toMatch(/^DuplicatedStopRequestException: /);
    await harbour.client.send(new PutJobSuccessResultCommand({ jobId: job.id }));
    expect(await harbour.status(id)).toBe('Stopped');
    expect(await harbour.poll()).toEqual([]);
    expect(await refusalOf(stop(id, false))).toMatch(/^PipelineExecutionNotStoppableException: /);
  });

  test('abandons the action when it is told to; its job is nobody’s any more, and the stage can be retried', async () => {
    const id = await harbour.start([[ship('Ship')]]);
    const job = await harbour.take();
    await stop(id, true);
    expect(await harbour.status(id)).toBe('Stopped');
    expect((await harbour.actions())[0]?.status).toBe('Abandoned');
    expect(await refusalOf(harbour.client.send(new PutJobSuccessResultCommand({ jobId: job.id })))).toMatch(
      /^InvalidJobStateException: /,
    );
    await harbour.client.send(
      new RetryStageExecutionCommand({
        pipelineName,
        pipelineExecutionId: id,
        stageName: 'Stage1',
        retryMode: 'FAILED_ACTIONS',
      }),
    );
    expect((await succeed()).id).not.toBe(job.id);
    expect(await harbour.status(id)).toBe('Succeeded');
  });
});

describe('retrying a stage', () => {
  const retry = (
    pipelineExecutionId: string,
    more: { retryMode?: 'ALL_ACTIONS' | 'FAILED_ACTIONS'; stageName?: string } = {},
  ) =>
    harbour.client.send(
      new RetryStageExecutionCommand({
        pipelineName,
        pipelineExecutionId,
        stageName: 'Stage1',
        retryMode: 'FAILED_ACTIONS',
        ...more,
      }),
    );

  test('repeats the failed actions under new ids, or all of them', async () => {
    const id = await harbour.start([[ship('Load'), ship('Ship', { runOrder: 2 })]]);
    await succeed();
    await fail();
    await retry(id);
    expect(nameOf(await harbour.take())).toBe('Ship');
    const [again, before] = (await harbour.actions()).filter(({ actionName }) => actionName === 'Ship');
    expect([again?.status, before?.status]).toEqual(['InProgress', 'Failed']);
    expect(again?.actionExecutionId).not.toBe(before?.actionExecutionId);
  });

  test('of all actions begins with the first', async () => {
    const id = await harbour.start([[ship('Load'), ship('Ship', { runOrder: 2 })]]);
    await succeed();
    await fail();
    await retry(id, { retryMode: 'ALL_ACTIONS' });
    expect(nameOf(await succeed())).toBe('Load');
    expect(nameOf(await succeed())).toBe('Ship');
    expect(await harbour.status(id)).toBe('Succeeded');
  });

  test('is refused for a stage that goes on, succeeded, is unknown, or belongs to a newer execution by now', async () => {
    const id = await harbour.start([[ship('Ship')]]);
    expect(await refusalOf(retry(id))).toMatch(/^StageNotRetryableException: /);
    await fail();
    expect(await refusalOf(retry(id, { stageName: 'Nowhere' }))).toMatch(/^StageNotFoundException: /);
    const newer = await begin();
    expect(await refusalOf(retry(id))).toMatch(/^NotLatestPipelineExecutionException: /);
    await succeed();
    expect(await refusalOf(retry(newer))).toMatch(/^StageNotRetryableException: /);
  });
});

describe('rolling a stage back', () => {
  const rollBack = (targetPipelineExecutionId: string, stageName = 'Stage1') =>
    harbour.client.send(new RollbackStageCommand({ pipelineName, stageName, targetPipelineExecutionId }));

  test('runs the old execution’s stage again, with its variables and artifacts, as an execution of its own', async () => {
    const old = await harbour.start(
      [
        [ship('Ship', { configuration: { Where: '#{variables.SHIP}' }, inputArtifacts: [{ name: 'Goods' }] })],
        [ship('Sell')],
      ],
      { variables: [{ name: 'SHIP', defaultValue: 'Argo' }] },
    );
    const first = await succeed();
    await succeed();
    harbour.simulator.objects.put('ml-artifacts', 'goods.zip', Buffer.from('other goods'));
    await begin([{ name: 'SHIP', value: 'Titanic' }]);
    await succeed();
    await succeed();
    const id = (await rollBack(old)).pipelineExecutionId ?? '';
    const { pipelineExecution } = await harbour.client.send(
      new GetPipelineExecutionCommand({ pipelineName, pipelineExecutionId: id }),
    );
    expect(pipelineExecution).toMatchObject({
      executionType: 'ROLLBACK',
      rollbackMetadata: { rollbackTargetPipelineExecutionId: old },
      trigger: { triggerType: 'ManualRollback' },
    });
    const again = await succeed();
    expect(again.data?.actionConfiguration).toEqual(first.data?.actionConfiguration);
    expect(again.data?.inputArtifacts).toEqual(first.data?.inputArtifacts);
    expect(await harbour.status(id)).toBe('Succeeded');
    expect(await harbour.poll()).toEqual([]);
    expect(await refusalOf(rollBack(id))).toMatch(/^UnableToRollbackStageException: /);
  });

  test('is refused to an execution that failed, from the source stage, and across structure versions', async () => {
    const old = await harbour.start([[ship('Ship')]]);
    await succeed();
    expect(await refusalOf(rollBack(old, 'Source'))).toMatch(/^UnableToRollbackStageException: /);
    const failed = await begin();
    await fail();
    expect(await refusalOf(rollBack(failed))).toMatch(/^UnableToRollbackStageException: /);
    await harbour.client.send(new UpdatePipelineCommand({ pipeline: pipelineWith([[ship('Ship')]]) }));
    expect(await refusalOf(rollBack(old))).toMatch(/^PipelineExecutionOutdatedException: /);
  });
});

describe('a pipeline', () => {
  const create = (pipeline: PipelineDeclaration) =>
    refusalOf(harbour.client.send(new CreatePipelineCommand({ pipeline })));

  test.each<[string, Parameters<typeof pipelineWith>, RegExp]>([
    ['with one stage', [[]], /^InvalidStructureException: .*2 and 50/],
    [
      'with an unknown action type',
      [[[ship('Ship', { actionTypeId: { ...actionTypeId, version: '2' } })]]],
      /not available/,
    ],
    ['with two actions of a name', [[[ship('Ship'), ship('Ship')]]], /more than once/],
    [
      'with an artifact from nowhere',
      [[[ship('Ship', { inputArtifacts: [{ name: 'Gold' }] })]]],
      /not produced by an earlier action/,
    ],
    [
      'with a configuration key nobody declared',
      [[[ship('Ship', { configuration: { Where: 'x', Colour: 'red' } })]]],
      /unknown configuration 'Colour'/,
    ],
    ['without a required key', [[[ship('Ship', { configuration: {} })]]], /missing required configuration 'Where'/],
    [
      'that reads variables of an action beside it',
      [[[ship('A', { namespace: 'A' }), ship('B', { configuration: { Where: '#{A.x}' } })]]],
      /namespace A/,
    ],
  ])('%s is refused', async (_, declared, expected) => {
    expect(await create(pipelineWith(...declared))).toMatch(expected);
  });

  test('has one name, versions, and no visible secrets', async () => {
    await harbour.start([[ship('Ship', { configuration: { Where: 'port', Password: 'hush' } })]]);
    expect(await create(pipelineWith([[ship('Ship')]]))).toMatch(/^PipelineNameInUseException: /);
    await harbour.client.send(new UpdatePipelineCommand({ pipeline: pipelineWith([[ship('Ship')]]) }));
    const get = (version?: number) =>
      harbour.client.send(new GetPipelineCommand({ name: pipelineName, ...(version ? { version } : {}) }));
    expect((await get()).pipeline?.version).toBe(2);
    expect((await get(1)).pipeline?.stages?.[1]?.actions?.[0]?.configuration?.['Password']).toMatch(/^\*+$/);
    expect(await refusalOf(get(3))).toMatch(/^PipelineVersionNotFoundException: /);
    const state = await harbour.client.send(new GetPipelineStateCommand({ name: pipelineName }));
    expect(state.stageStates?.map(({ stageName }) => stageName)).toEqual(['Source', 'Stage1']);
    expect(await refusalOf(harbour.client.send(new GetPipelineStateCommand({ name: 'nowhere' })))).toMatch(
      /^PipelineNotFoundException: /,
    );
  });
});
