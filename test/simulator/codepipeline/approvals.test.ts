import {
  GetPipelineStateCommand,
  ListActionExecutionsCommand,
  type PipelineDeclaration,
  PutApprovalResultCommand,
  RetryStageExecutionCommand,
  StartPipelineExecutionCommand,
  StopPipelineExecutionCommand,
} from '@aws-sdk/client-codepipeline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { refusalOf } from '../support/account.ts';
import { type Harbour, openHarbour, ship } from './support.ts';

// Manual approvals: API PutApprovalResult; CodePipeline user guide, "Add a manual approval action to a stage".

let harbour: Harbour;
beforeEach(async () => {
  harbour = await openHarbour();
});
afterEach(() => harbour.simulator.close());

const pipelineName = 'harbour';
const hour = 3_600_000;
const ask = (more: Parameters<typeof ship>[1] = {}) =>
  ship('Ask', {
    actionTypeId: { category: 'Approval', owner: 'AWS', provider: 'Manual', version: '1' },
    configuration: { CustomData: 'ship #{codepipeline.PipelineExecutionId}?' },
    ...more,
  });
const begin = async () =>
  (await harbour.client.send(new StartPipelineExecutionCommand({ name: pipelineName }))).pipelineExecutionId ?? '';
const shown = async () => {
  const { stageStates } = await harbour.client.send(new GetPipelineStateCommand({ name: pipelineName }));
  return stageStates?.[1]?.actionStates?.[0]?.latestExecution;
};
const answer = (token: string | undefined, status: 'Approved' | 'Rejected' = 'Approved', more: object = {}) =>
  harbour.client.send(
    new PutApprovalResultCommand({
      pipelineName,
      stageName: 'Stage1',
      actionName: 'Ask',
      token,
      result: { status, summary: 'looked at it' },
      ...more,
    }),
  );
const start = (more: Partial<PipelineDeclaration> = {}, action = ask()) =>
  harbour.start([[action], [ship('Ship')]], more);

describe('an approval', () => {
  test('waits for its token; approved, the execution goes on', async () => {
    const id = await start();
    await harbour.pass(100 * hour);
    const open = await shown();
    expect(open).toMatchObject({ status: 'InProgress', token: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect((await harbour.actions())[0]?.input?.resolvedConfiguration).toEqual({ CustomData: `ship ${id}?` });
    const { approvedAt } = await answer(open?.token);
    expect(approvedAt?.getTime()).toBe(harbour.simulator.clock.now());
    expect(harbour.simulator.requests.at(-1)).toMatchObject({
      resource: 'arn:aws:codepipeline:eu-west-1:111122223333:harbour/Stage1/Ask',
      mutation: true,
    });
    expect(await shown()).toMatchObject({ status: 'Succeeded', summary: 'looked at it' });
    expect((await shown())?.token).toBeUndefined();
    expect((await harbour.take()).data?.pipelineContext?.action?.name).toBe('Ship');
    expect(await refusalOf(answer(open?.token))).toMatch(/^ApprovalAlreadyCompletedException: /);
  });

  test('rejected, it fails; a retry asks anew, with another token', async () => {
    const id = await start();
    const first = (await shown())?.token;
    await answer(first, 'Rejected');
    expect(await harbour.status(id)).toBe('Failed');
    expect((await shown())?.errorDetails?.message).toMatch(/^Rejected by .*: looked at it$/);
    const retry = { pipelineName, pipelineExecutionId: id, stageName: 'Stage1', retryMode: 'FAILED_ACTIONS' } as const;
    await harbour.client.send(new RetryStageExecutionCommand(retry));
    expect(await refusalOf(answer(first))).toMatch(/^ApprovalAlreadyCompletedException: /);
    await answer((await shown())?.token);
    expect(await harbour.poll()).toHaveLength(1);
  });

  test.each([
    ['after seven days', {}, 168],
    ['after the timeout of its own', { timeoutInMinutes: 90 }, 1.5],
  ])('expires %s', async (_when, more, hours) => {
    const id = await start({}, ask(more));
    const token = (await shown())?.token;
    await harbour.pass(hours * hour - 1);
    expect(await harbour.status(id)).toBe('InProgress');
    await harbour.pass(1);
    expect(await harbour.status(id)).toBe('Failed');
    expect(await refusalOf(answer(token))).toMatch(/^InvalidApprovalTokenException: /);
  });

  test('keeps its stage locked: in QUEUED mode the next execution waits, and has a token of its own', async () => {
    const first = await start({ executionMode: 'QUEUED' });
    const second = await begin();
    const token = (await shown())?.token;
    await answer(token);
    expect((await shown())?.token).not.toBe(token);
    expect((await harbour.actions())[0]?.pipelineExecutionId).toBe(second);
    expect(await harbour.status(first)).toBe('InProgress');
  });

  test('in PARALLEL mode has its token in ListActionExecutions only', async () => {
    const [first, second] = [await start({ executionMode: 'PARALLEL' }), await begin()];
    expect(await shown()).toBeUndefined();
    const tokenOf = async (pipelineExecutionId: string) => {
      const { actionExecutionDetails } = await harbour.client.send(
        new ListActionExecutionsCommand({ pipelineName, filter: { pipelineExecutionId } }),
      );
      return actionExecutionDetails?.[0]?.output?.executionResult?.externalExecutionId;
    };
    expect(await tokenOf(first)).not.toBe(await tokenOf(second));
    await answer(await tokenOf(second));
    const [job] = await harbour.poll();
    expect(job?.data?.pipelineContext?.pipelineExecutionId).toBe(second);
    expect(await harbour.status(first)).toBe('InProgress');
  });

  test('is still answered while its execution stops, which then ends', async () => {
    const id = await start();
    const token = (await shown())?.token;
    await harbour.client.send(
      new StopPipelineExecutionCommand({ pipelineName, pipelineExecutionId: id, abandon: false }),
    );
    expect(await harbour.status(id)).toBe('Stopping');
    await answer(token);
    expect(await harbour.status(id)).toBe('Stopped');
    expect(await harbour.poll()).toEqual([]);
  });

  test('that is abandoned, or that never was, is refused', async () => {
    const id = await start();
    const token = (await shown())?.token;
    expect(await refusalOf(answer('00000000-0000-0000-0000-000000000000'))).toMatch(/^InvalidApprovalTokenException: /);
    expect(await refusalOf(answer('no token'))).toMatch(/^ValidationException: .*regular expression/);
    expect(await refusalOf(answer(token, 'Approved', { actionName: 'Beg' }))).toMatch(/^ActionNotFoundException: /);
    expect(await refusalOf(answer(token, 'Approved', { stageName: 'Sea' }))).toMatch(/^StageNotFoundException: /);
    expect(await refusalOf(answer(token, 'Approved', { pipelineName: 'sea' }))).toMatch(/^PipelineNotFoundException: /);
    await harbour.client.send(
      new StopPipelineExecutionCommand({ pipelineName, pipelineExecutionId: id, abandon: true }),
    );
    expect(await refusalOf(answer(token))).toMatch(/^InvalidApprovalTokenException: /);
  });

  test('with a topic for notifications, and a timeout of another action, are refused by name', async () => {
    const topic = { NotificationArn: 'arn:aws:sns:eu-west-1:111122223333:harbour' };
    expect(await refusalOf(start({}, ask({ configuration: topic })))).toMatch(
      /not simulated: NotificationArn of action Ask/,
    );
    expect(await refusalOf(start({}, ship('Ask', { timeoutInMinutes: 5 })))).toMatch(/timeoutInMinutes/);
  });
});
