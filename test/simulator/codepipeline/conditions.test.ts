import { PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreatePipelineCommand,
  DisableStageTransitionCommand,
  EnableStageTransitionCommand,
  GetPipelineExecutionCommand,
  GetPipelineStateCommand,
  ListPipelineExecutionsCommand,
  ListRuleExecutionsCommand,
  OverrideStageConditionCommand,
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
import { clientsOf, refusalOf } from '../support/account.ts';
import { type Harbour, openHarbour, pipelineWith, ship } from './support.ts';

// CodePipeline user guide: "How do stage conditions work?", "Configure conditions for a stage", "Configure a stage for automatic rollback",
// "How pipeline executions work".

type Stage = NonNullable<PipelineDeclaration['stages']>[number];

let harbour: Harbour;
beforeEach(async () => {
  harbour = await openHarbour();
});
afterEach(() => harbour.simulator.close());

const pipelineName = 'harbour';
const minute = 60_000;
const variable = (Value: string, Operator = 'EQ') => ({
  name: 'Check',
  ruleTypeId: { category: 'Rule', owner: 'AWS', provider: 'VariableCheck', version: '1' } as const,
  configuration: { Variable: '#{variables.SHIP}', Value, Operator },
});
const alarm = (WaitTime?: string) => ({
  name: 'Storm',
  ruleTypeId: { category: 'Rule', owner: 'AWS', provider: 'CloudWatchAlarm', version: '1' } as const,
  configuration: { AlarmName: 'storm', ...(WaitTime === undefined ? {} : { WaitTime }) },
});
const declared = (conditions: Partial<Stage>, more: Partial<PipelineDeclaration> = {}): PipelineDeclaration => {
  const pipeline = pipelineWith([[ship('Ship')], [ship('Sell')]], {
    variables: [{ name: 'SHIP', defaultValue: 'Argo' }],
    ...more,
  });
  return {
    ...pipeline,
    stages: pipeline.stages?.map((stage) => (stage.name === 'Stage1' ? { ...stage, ...conditions } : stage)),
  };
};
const start = async (conditions: Partial<Stage>, more: Partial<PipelineDeclaration> = {}): Promise<string> => {
  const { stages, ...rest } = declared(conditions, more);
  return harbour.start([], { ...rest, stages });
};
const begin = async (ship?: string) =>
  (
    await harbour.client.send(
      new StartPipelineExecutionCommand({
        name: pipelineName,
        ...(ship === undefined ? {} : { variables: [{ name: 'SHIP', value: ship }] }),
      }),
    )
  ).pipelineExecutionId ?? '';
const succeed = async () => {
  const job = await harbour.take();
  await harbour.client.send(new PutJobSuccessResultCommand({ jobId: job.id }));
  return job.data?.pipelineContext?.action?.name;
};
const fail = async () => {
  const { id } = await harbour.take();
  await harbour.client.send(
    new PutJobFailureResultCommand({ jobId: id, failureDetails: { type: 'JobFailed', message: 'no boat' } }),
  );
};
const stage = async () =>
  (await harbour.client.send(new GetPipelineStateCommand({ name: pipelineName }))).stageStates?.[1];
const stormy = async (StateValue: 'OK' | 'ALARM') => {
  const { cloudwatch } = clientsOf(harbour.simulator);
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'storm',
      Namespace: 'Sea',
      MetricName: 'Wind',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'ignore',
    }),
  );
  await cloudwatch.send(new SetAlarmStateCommand({ AlarmName: 'storm', StateValue, StateReason: 'test' }));
};
const override = (pipelineExecutionId: string, conditionType: 'BEFORE_ENTRY' | 'ON_SUCCESS') =>
  harbour.client.send(
    new OverrideStageConditionCommand({ pipelineName, stageName: 'Stage1', pipelineExecutionId, conditionType }),
  );
const newest = async () => {
  const listed = await harbour.client.send(new ListPipelineExecutionsCommand({ pipelineName }));
  return listed.pipelineExecutionSummaries?.[0];
};

describe('an entry condition', () => {
  test('lets an execution in, fails it, or lets it skip the stage', async () => {
    const entry = (result: 'FAIL' | 'SKIP') => ({
      beforeEntry: { conditions: [{ result, rules: [variable('Argo|Nautilus', 'MATCHES')] }] },
    });
    await start(entry('FAIL'));
    expect(await succeed()).toBe('Ship');
    await succeed();
    const other = await begin('Titanic');
    expect(await harbour.status(other)).toBe('Failed');
    expect((await stage())?.beforeEntryConditionState?.latestExecution?.status).toBe('Failed');
    await harbour.client.send(new UpdatePipelineCommand({ pipeline: declared(entry('SKIP')) }));
    const skipping = await begin('Titanic');
    expect((await stage())?.latestExecution?.status).toBe('Skipped');
    expect(await succeed()).toBe('Sell');
    expect(await harbour.status(skipping)).toBe('Succeeded');
    const { ruleExecutionDetails } = await harbour.client.send(new ListRuleExecutionsCommand({ pipelineName }));
    expect(ruleExecutionDetails?.map(({ status, ruleName }) => `${ruleName} ${status}`)).toEqual([
      'Check Failed',
      'Check Failed',
      'Check Succeeded',
    ]);
    expect(ruleExecutionDetails?.[0]?.input?.resolvedConfiguration?.['Variable']).toBe('Titanic');
    expect(await refusalOf(override(skipping, 'BEFORE_ENTRY'))).toMatch(/^ConditionNotOverridableException: /);
    const rollBack = { pipelineName, stageName: 'Stage1', targetPipelineExecutionId: skipping };
    expect(await refusalOf(harbour.client.send(new RollbackStageCommand(rollBack)))).toMatch(
      /^UnableToRollbackStageException: /,
    );
  });

  test('that failed can be overridden, and cannot be retried: there is no failed action', async () => {
    const id = await start({ beforeEntry: { conditions: [{ result: 'FAIL', rules: [variable('Nautilus')] }] } });
    expect(await harbour.status(id)).toBe('Failed');
    for (const retryMode of ['FAILED_ACTIONS', 'ALL_ACTIONS'] as const)
      expect(
        await refusalOf(
          harbour.client.send(
            new RetryStageExecutionCommand({ pipelineName, pipelineExecutionId: id, stageName: 'Stage1', retryMode }),
          ),
        ),
      ).toMatch(/^StageNotRetryableException: /);
    expect(await refusalOf(override(id, 'ON_SUCCESS'))).toMatch(/^ConditionNotOverridableException: /);
    await override(id, 'BEFORE_ENTRY');
    expect((await stage())?.beforeEntryConditionState?.latestExecution?.status).toBe('Overridden');
    expect(await succeed()).toBe('Ship');
    expect(await succeed()).toBe('Sell');
    expect(await harbour.status(id)).toBe('Succeeded');
  });

  test('about a variable that nothing sets fails', async () => {
    const rule = variable('Argo');
    const unset = { ...rule, configuration: { ...rule.configuration, Variable: '#{Source.Nothing}', Operator: 'NE' } };
    const id = await start({ beforeEntry: { conditions: [{ result: 'FAIL', rules: [unset] }] } });
    expect(await harbour.status(id)).toBe('Failed');
    const { ruleExecutionDetails } = await harbour.client.send(new ListRuleExecutionsCommand({ pipelineName }));
    expect(ruleExecutionDetails?.[0]?.output?.executionResult?.externalExecutionSummary).toBe(
      'The variable #{Source.Nothing} could not be resolved',
    );
  });

  test('waits as long as it may for an alarm to end', async () => {
    await stormy('ALARM');
    const id = await start({ beforeEntry: { conditions: [{ result: 'FAIL', rules: [alarm('20')] }] } });
    await harbour.pass(19 * minute);
    expect(await harbour.poll()).toEqual([]);
    await stormy('OK');
    await harbour.pass(minute / 2);
    expect(await succeed()).toBe('Ship');
    await stormy('ALARM');
    await succeed();
    expect(await harbour.status(id)).toBe('Succeeded');
    const next = await begin();
    await harbour.pass(20 * minute);
    expect(await harbour.status(next)).toBe('Failed');
  });

  test('in progress ends with a stopped execution', async () => {
    await stormy('ALARM');
    const id = await start({ beforeEntry: { conditions: [{ result: 'FAIL', rules: [alarm('20')] }] } });
    await harbour.client.send(
      new StopPipelineExecutionCommand({ pipelineName, pipelineExecutionId: id, abandon: false }),
    );
    expect(await harbour.status(id)).toBe('Stopped');
    await harbour.pass(30 * minute);
    expect(await harbour.status(id)).toBe('Stopped');
  });
});

describe('a condition for success', () => {
  const bake = { onSuccess: { conditions: [{ result: 'ROLLBACK' as const, rules: [alarm('60')] }] } };

  test('bakes the stage: an alarm within its time rolls the stage back to the execution before', async () => {
    await stormy('OK');
    const good = await start(bake);
    await succeed();
    await harbour.pass(59 * minute);
    expect(await harbour.poll()).toEqual([]);
    await harbour.pass(minute);
    expect(await succeed()).toBe('Sell');
    const bad = await begin('Titanic');
    await succeed();
    await harbour.pass(30 * minute);
    await stormy('ALARM');
    await harbour.pass(minute);
    expect(await harbour.status(bad)).toBe('Failed');
    expect(await newest()).toMatchObject({
      executionType: 'ROLLBACK',
      rollbackMetadata: { rollbackTargetPipelineExecutionId: good },
      trigger: { triggerType: 'AutomatedRollback' },
    });
    await stormy('OK');
    const id = (await newest())?.pipelineExecutionId ?? '';
    const shown = await harbour.client.send(new GetPipelineExecutionCommand({ pipelineName, pipelineExecutionId: id }));
    expect(shown.pipelineExecution?.variables).toEqual([{ name: 'SHIP', resolvedValue: 'Argo' }]);
    await succeed();
    await harbour.pass(60 * minute);
    expect(await harbour.status(id)).toBe('Succeeded');
  });

  test('waits for the alarm’s end instead, by the setting for the rule’s other description', async () => {
    await harbour.simulator.close();
    harbour = await openHarbour({ settings: { successAlarmRule: 'waits-for-ok' } });
    await stormy('ALARM');
    const id = await start(bake);
    await succeed();
    await harbour.pass(30 * minute);
    await stormy('OK');
    await harbour.pass(minute);
    expect(await succeed()).toBe('Sell');
    expect(await harbour.status(id)).toBe('Succeeded');
  });

  test('without an execution to go back to, the stage fails; overridden, the execution goes on', async () => {
    await stormy('ALARM');
    const id = await start(bake);
    await succeed();
    expect(await harbour.status(id)).toBe('Failed');
    expect((await newest())?.pipelineExecutionId).toBe(id);
    await override(id, 'ON_SUCCESS');
    expect(await succeed()).toBe('Sell');
    expect(await harbour.status(id)).toBe('Succeeded');
  });
});

describe('a stage that fails', () => {
  test('is rolled back by itself, before executions that wait, once, and never to a rollback', async () => {
    const good = await start({ onFailure: { result: 'ROLLBACK' } }, { executionMode: 'QUEUED' });
    await succeed();
    await succeed();
    const bad = await begin();
    const waiting = await begin();
    await fail();
    expect(await harbour.status(bad)).toBe('Failed');
    const rollback = await newest();
    expect(rollback).toMatchObject({ rollbackMetadata: { rollbackTargetPipelineExecutionId: good } });
    await fail();
    expect(await harbour.status(rollback?.pipelineExecutionId ?? '')).toBe('Failed');
    expect((await newest())?.pipelineExecutionId).toBe(rollback?.pipelineExecutionId);
    expect((await harbour.take()).data?.pipelineContext?.pipelineExecutionId).toBe(waiting);
  });

  test('is rolled back when its condition holds, and only then', async () => {
    await stormy('OK');
    await start({ onFailure: { conditions: [{ result: 'ROLLBACK', rules: [alarm()] }] } });
    await succeed();
    await succeed();
    const bad = await begin();
    await fail();
    expect((await newest())?.pipelineExecutionId).toBe(bad);
    await stormy('ALARM');
    await begin();
    await fail();
    expect((await newest())?.executionType).toBe('ROLLBACK');
  });

  test('is not rolled back across structure versions', async () => {
    await start({ onFailure: { result: 'ROLLBACK' } });
    await succeed();
    await succeed();
    await harbour.client.send(new UpdatePipelineCommand({ pipeline: declared({ onFailure: { result: 'ROLLBACK' } }) }));
    const bad = await begin();
    await fail();
    expect((await newest())?.pipelineExecutionId).toBe(bad);
  });

  test('is retried by itself once', async () => {
    const id = await start({ onFailure: { result: 'RETRY', retryConfiguration: { retryMode: 'FAILED_ACTIONS' } } });
    await fail();
    expect(await harbour.status(id)).toBe('InProgress');
    expect((await stage())?.retryStageMetadata).toEqual({
      autoStageRetryAttempt: 1,
      latestRetryTrigger: 'AutomatedStageRetry',
    });
    await fail();
    expect(await harbour.status(id)).toBe('Failed');
  });
});

describe('a declaration is refused', () => {
  test.each<[string, Partial<Stage>, Partial<PipelineDeclaration>, RegExp]>([
    ['conditions of a V1 pipeline', { onFailure: { result: 'ROLLBACK' } }, { pipelineType: 'V1' }, /type V2/],
    ['QUEUED of a V1 pipeline', {}, { pipelineType: 'V1', executionMode: 'QUEUED' }, /type V2/],
    ['a rollback in PARALLEL mode', { onFailure: { result: 'ROLLBACK' } }, { executionMode: 'PARALLEL' }, /PARALLEL/],
    [
      'an alarm that skips',
      { beforeEntry: { conditions: [{ result: 'SKIP', rules: [alarm()] }] } },
      {},
      /cannot skip a stage/,
    ],
    [
      'an entry that rolls back',
      { beforeEntry: { conditions: [{ result: 'ROLLBACK', rules: [alarm()] }] } },
      {},
      /not one of FAIL, SKIP/,
    ],
    [
      'retry beside conditions',
      { onFailure: { result: 'RETRY', conditions: [{ result: 'ROLLBACK', rules: [alarm()] }] } },
      {},
      /automatic retry excludes/,
    ],
    [
      'an operator of no rule',
      { beforeEntry: { conditions: [{ result: 'FAIL', rules: [variable('7', 'GT')] }] } },
      {},
      /'GT' is not one of EQ, NE, CONTAINS, MATCHES/,
    ],
    [
      'a rule that nothing here runs',
      {
        beforeEntry: {
          conditions: [
            {
              result: 'FAIL',
              rules: [{ name: 'Oracle', ruleTypeId: { category: 'Rule', provider: 'Oracle' } }],
            },
          ],
        },
      },
      {},
      /not simulated: the rule Oracle of rule Oracle/,
    ],
    ['triggers', {}, { triggers: [] }, /not simulated: .*triggers/],
  ])('for %s', async (_what, conditions, more, expected) => {
    expect(await refusalOf(start(conditions, more))).toMatch(expected);
  });
});

describe('executions that meet', () => {
  test('a disabled transition holds executions; in SUPERSEDED mode the newest one enters', async () => {
    const first = await start({});
    await succeed();
    await succeed();
    expect(await harbour.status(first)).toBe('Succeeded');
    const transition = { pipelineName, stageName: 'Stage1', transitionType: 'Inbound' } as const;
    await harbour.client.send(new DisableStageTransitionCommand({ ...transition, reason: 'ebb' }));
    const [older, newer] = [await begin(), await begin()];
    expect(await harbour.status(older)).toBe('Superseded');
    expect(await stage()).toMatchObject({
      inboundTransitionState: { enabled: false, disabledReason: 'ebb' },
      inboundExecution: { pipelineExecutionId: newer },
    });
    expect(await harbour.poll()).toEqual([]);
    await harbour.client.send(new EnableStageTransitionCommand(transition));
    expect((await harbour.take()).data?.pipelineContext?.pipelineExecutionId).toBe(newer);
    expect(
      await refusalOf(
        harbour.client.send(new EnableStageTransitionCommand({ ...transition, transitionType: 'Outbound' })),
      ),
    ).toMatch(/^NotSimulated: not simulated: Outbound transitions/);
  });

  test('an update of the pipeline cancels those that wait at once, the others after their action', async () => {
    const active = await start({}, { executionMode: 'QUEUED' });
    const pending = await begin();
    const job = await harbour.take();
    await harbour.client.send(new UpdatePipelineCommand({ pipeline: declared({}, { executionMode: 'QUEUED' }) }));
    expect([await harbour.status(active), await harbour.status(pending)]).toEqual(['InProgress', 'Cancelled']);
    await harbour.client.send(new PutJobSuccessResultCommand({ jobId: job.id }));
    expect(await harbour.status(active)).toBe('Cancelled');
    expect(await harbour.poll()).toEqual([]);
  });

  test('in PARALLEL mode none waits, and none is cancelled by an update; the fifty-first is refused', async () => {
    const first = await start({}, { executionMode: 'PARALLEL' });
    await begin();
    expect(await harbour.poll()).toHaveLength(2);
    await harbour.client.send(new UpdatePipelineCommand({ pipeline: declared({}, { executionMode: 'PARALLEL' }) }));
    expect(await harbour.status(first)).toBe('InProgress');
    for (let i = 2; i < 50; i++) await begin();
    expect(await refusalOf(begin())).toMatch(/^ConcurrentPipelineExecutionsLimitExceededException: /);
  });

  test('a pipeline with tags is refused: they are not simulated', async () => {
    const tags = [{ key: 'team', value: 'sea' }];
    expect(await refusalOf(harbour.client.send(new CreatePipelineCommand({ pipeline: declared({}), tags })))).toMatch(
      /^NotSimulated: not simulated: .*tags/i,
    );
  });

  test('a start with another source revision is refused: it is not simulated', async () => {
    await start({});
    const sourceRevisions = [
      { actionName: 'Goods', revisionType: 'S3_OBJECT_VERSION_ID' as const, revisionValue: 'x' },
    ];
    expect(
      await refusalOf(harbour.client.send(new StartPipelineExecutionCommand({ name: pipelineName, sourceRevisions }))),
    ).toMatch(/not simulated/);
  });
});
