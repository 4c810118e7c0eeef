import {
  BatchGetDeploymentTargetsCommand,
  CreateDeploymentGroupCommand,
  GetApplicationRevisionCommand,
  GetDeploymentTargetCommand,
  ListDeploymentsCommand,
  ListDeploymentTargetsCommand,
  PutLifecycleEventHookExecutionStatusCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-codedeploy';
import { afterEach, describe, expect, test } from '@jest/globals';
import { refusalOf } from '../support/account.ts';
import { appSpec, minute, type OpenFunction, openFunction, revisionOf } from './support.ts';

// CodeDeploy user guide, "Working with deployment configurations", "AppSpec hooks section", "Redeploy and roll back a deployment".

let churn: OpenFunction;
afterEach(() => churn.simulator.close());

const everyEvent = {
  enabled: true,
  events: ['DEPLOYMENT_FAILURE' as const, 'DEPLOYMENT_STOP_ON_ALARM' as const, 'DEPLOYMENT_STOP_ON_REQUEST' as const],
};
const complaints = { enabled: true, alarms: [{ name: 'complaints' }] };

test('a canary gives the new version its part, and everything after its interval', async () => {
  churn = await openFunction();
  const id = await churn.deploy();
  expect(await churn.deployment(id)).toMatchObject({ status: 'Created', creator: 'user', computePlatform: 'Lambda' });
  expect(await refusalOf(churn.codedeploy.send(new ListDeploymentTargetsCommand({ deploymentId: id })))).toMatch(
    /^DeploymentNotStartedException/,
  );
  await churn.pass(5_000);
  expect(await churn.alias()).toEqual(['1', { '2': 0.1 }]);
  const { targetIds } = await churn.codedeploy.send(new ListDeploymentTargetsCommand({ deploymentId: id }));
  const { deploymentTargets } = await churn.codedeploy.send(
    new BatchGetDeploymentTargetsCommand({ deploymentId: id, targetIds }),
  );
  const { deploymentTarget } = await churn.codedeploy.send(
    new GetDeploymentTargetCommand({ deploymentId: id, targetId: targetIds?.[0] }),
  );
  expect(deploymentTarget).toEqual(deploymentTargets?.[0]);
  expect(deploymentTargets?.[0]?.lambdaTarget).toMatchObject({
    status: 'InProgress',
    lambdaFunctionInfo: {
      functionName: 'churn',
      functionAlias: 'live',
      currentVersion: '1',
      targetVersion: '2',
      targetVersionWeight: 10,
    },
  });
  const targetOf = (targetId = '') =>
    churn.codedeploy.send(new GetDeploymentTargetCommand({ deploymentId: id, targetId }));
  expect((await targetOf(targetIds?.[0])).deploymentTarget).toEqual(deploymentTargets?.[0]);
  expect(await refusalOf(targetOf('none'))).toMatch(/^DeploymentTargetDoesNotExistException/);
  await churn.pass(5 * minute - 1);
  expect(await churn.alias()).toEqual(['1', { '2': 0.1 }]);
  await churn.pass(1);
  expect(await churn.alias()).toEqual(['2', undefined]);
  expect(await churn.deployment(id)).toMatchObject({ status: 'Succeeded', deploymentOverview: { Succeeded: 1 } });
});

test('a linear deployment adds a part each interval, and all at once waits for nothing', async () => {
  churn = await openFunction();
  const id = await churn.deploy('LambdaLinear10PercentEvery2Minutes');
  const seen: unknown[] = [];
  await churn.pass(5_000);
  for (let step = 0; step < 10; step++) {
    seen.push((await churn.alias())[1]);
    await churn.pass(2 * minute);
  }
  expect(seen).toEqual([
    ...[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((weight) => ({ '2': weight })),
    undefined,
  ]);
  expect(await churn.deployment(id)).toMatchObject({ status: 'Succeeded' });

  await churn.deploy('LambdaAllAtOnce', { revision: revisionOf(appSpec([], '1', '2')) });
  await churn.pass(5_000);
  expect(await churn.alias()).toEqual(['1', undefined]);
});

test('an alarm stops the deployment, and a deployment of its own takes the alias back', async () => {
  churn = await openFunction({ alarmConfiguration: complaints, autoRollbackConfiguration: everyEvent });
  await churn.alarm('complaints');
  const id = await churn.deploy();
  await churn.pass(minute);
  await churn.redden('complaints');
  // Polls are 15 s apart, and the first was at 5 s.
  await churn.pass(5_000);
  const stopped = await churn.deployment(id);
  expect(stopped).toMatchObject({
    status: 'Stopped',
    errorInformation: { code: 'ALARM_ACTIVE', message: expect.stringContaining('complaints') },
  });
  const back = stopped?.rollbackInfo?.rollbackDeploymentId ?? '';
  expect(await churn.alias()).toEqual(['1', { '2': 0.1 }]);
  await churn.pass(10_000);
  expect(await churn.alias()).toEqual(['1', undefined]);
  expect(await churn.deployment(back)).toMatchObject({
    status: 'Succeeded',
    creator: 'codeDeployRollback',
    rollbackInfo: { rollbackTriggeringDeploymentId: id },
  });
});

test('an alarm that is red already stops the next deployment, unless the deployment brings a list of its own', async () => {
  churn = await openFunction({ alarmConfiguration: complaints, autoRollbackConfiguration: everyEvent });
  await churn.alarm('complaints');
  await churn.redden('complaints');
  const id = await churn.deploy('LambdaAllAtOnce');
  await churn.pass(minute);
  expect(await churn.deployment(id)).toMatchObject({ status: 'Stopped', errorInformation: { code: 'ALARM_ACTIVE' } });
  expect(await churn.alias()).toEqual(['1', undefined]);

  const overrideAlarmConfiguration = { enabled: false, ignorePollAlarmFailure: true };
  const over = await churn.deploy('LambdaAllAtOnce', { overrideAlarmConfiguration });
  await churn.pass(minute);
  expect(await churn.deployment(over)).toMatchObject({ status: 'Succeeded', overrideAlarmConfiguration });
  expect(await churn.alias()).toEqual(['2', undefined]);
});

test.each([
  [false, 'Stopped'],
  [true, 'InProgress'],
] as const)(
  'alarms that cannot be read: with ignorePollAlarmFailure %s the deployment is %s',
  async (ignorePollAlarmFailure, status) => {
    churn = await openFunction({ alarmConfiguration: { ...complaints, ignorePollAlarmFailure } });
    const id = await churn.deploy();
    await churn.pass(minute);
    expect(await churn.deployment(id)).toMatchObject({ status });
  },
);

test.each([
  [false, 'Stopped'],
  [true, 'InProgress'],
] as const)(
  'alarms that come with the deployment: with ignorePollAlarmFailure %s it is %s',
  async (ignorePollAlarmFailure, status) => {
    churn = await openFunction();
    const id = await churn.deploy(undefined, { overrideAlarmConfiguration: { ...complaints, ignorePollAlarmFailure } });
    await churn.pass(minute);
    expect(await churn.deployment(id)).toMatchObject({ status });
  },
);

describe('the service role', () => {
  const role = 'arn:aws:iam::111122223333:role/model-serving';
  const lambda = ['lambda:GetAlias', 'lambda:UpdateAlias'];
  const denied = {
    status: 'Failed',
    errorInformation: {
      code: 'IAM_ROLE_PERMISSIONS',
      message: expect.stringContaining(
        `The IAM role ${role} does not give you permission to perform operations in the following AWS service: AWSLambda.`,
      ),
    },
  };

  test('must be able to move the alias', async () => {
    churn = await openFunction();
    churn.simulator.permit(role, ['lambda:GetAlias']);
    const id = await churn.deploy();
    await churn.pass(minute);
    expect(await churn.deployment(id)).toMatchObject(denied);
    expect(await churn.alias()).toEqual(['1', undefined]);
    churn.simulator.permit(role, lambda);
    const again = await churn.deploy('LambdaAllAtOnce');
    await churn.pass(minute);
    expect(await churn.deployment(again)).toMatchObject({ status: 'Succeeded' });
  });

  test('invokes the hooks', async () => {
    churn = await openFunction();
    churn.simulator.functions.define('before', async () => {});
    churn.simulator.permit(role, lambda);
    const hook = [{ BeforeAllowTraffic: 'before' }];
    const id = await churn.deploy('LambdaAllAtOnce', { revision: revisionOf(appSpec(hook)) });
    await churn.pass(minute);
    expect(await churn.deployment(id)).toMatchObject(denied);
    churn.simulator.permit(role, ['lambda:InvokeFunction']);
    const again = await churn.deploy('LambdaAllAtOnce', { revision: revisionOf(appSpec(hook)) });
    await churn.pass(minute);
    expect(await churn.deployment(again)).toMatchObject({ status: 'InProgress' });
  });

  test('reads the alarms', async () => {
    churn = await openFunction({ alarmConfiguration: complaints });
    await churn.alarm('complaints');
    churn.simulator.permit(role, lambda);
    const id = await churn.deploy();
    await churn.pass(minute);
    expect(await churn.deployment(id)).toMatchObject({ status: 'Stopped' });
    churn.simulator.permit(role, ['cloudwatch:DescribeAlarms']);
    const again = await churn.deploy('LambdaCanary10Percent5Minutes');
    await churn.pass(minute);
    expect(await churn.deployment(again)).toMatchObject({ status: 'InProgress' });
  });

  test('lets CodeDeploy in', async () => {
    churn = await openFunction();
    const Statement = [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }];
    churn.simulator.trust(role, { Version: '2012-10-17', Statement });
    const group = new CreateDeploymentGroupCommand({
      ...{ applicationName: 'churn', deploymentGroupName: 'other', serviceRoleArn: role },
      deploymentConfigName: 'CodeDeployDefault.LambdaAllAtOnce',
    });
    expect(await refusalOf(churn.codedeploy.send(group))).toMatch(/^InvalidRoleException: /);
  });
});

test.each([
  ['stays', { '2': 0.1 }],
  ['returns', undefined],
] as const)('a stop without a rollback, where the alias %s', async (stoppedAlias, weights) => {
  churn = await openFunction({}, { settings: { stoppedAlias } });
  const id = await churn.deploy();
  await churn.pass(minute);
  await churn.codedeploy.send(new StopDeploymentCommand({ deploymentId: id }));
  expect(await churn.deployment(id)).toMatchObject({ status: 'Stopped', errorInformation: { code: 'MANUAL_STOP' } });
  await churn.pass(10 * minute);
  expect(await churn.alias()).toEqual(['1', weights]);
  expect(await refusalOf(churn.codedeploy.send(new StopDeploymentCommand({ deploymentId: id })))).toMatch(
    /^DeploymentAlreadyCompletedException/,
  );
});

test('a stop with a rollback takes the alias back', async () => {
  churn = await openFunction();
  const id = await churn.deploy();
  await churn.pass(minute);
  await churn.codedeploy.send(new StopDeploymentCommand({ deploymentId: id, autoRollbackEnabled: true }));
  await churn.pass(minute);
  expect(await churn.alias()).toEqual(['1', undefined]);
  expect((await churn.deployment(id))?.rollbackInfo?.rollbackDeploymentId).toMatch(/^d-/);
});

interface HookEvent {
  readonly DeploymentId: string;
  readonly LifecycleEventHookExecutionId: string;
}
const before = { BeforeAllowTraffic: 'CodeDeployHook_test' };
const answer = (
  { DeploymentId, LifecycleEventHookExecutionId }: HookEvent,
  status: 'Succeeded' | 'Failed' | 'Skipped',
) =>
  churn.codedeploy.send(
    new PutLifecycleEventHookExecutionStatusCommand({
      deploymentId: DeploymentId,
      lifecycleEventHookExecutionId: LifecycleEventHookExecutionId,
      status,
    }),
  );
const hooked = async (): Promise<{ readonly id: string; readonly event: HookEvent }> => {
  churn = await openFunction({ autoRollbackConfiguration: everyEvent });
  const events: HookEvent[] = [];
  churn.simulator.functions.define('CodeDeployHook_test', async (event) => void events.push(event as HookEvent));
  const id = await churn.deploy('LambdaAllAtOnce', { revision: revisionOf(appSpec([before])) });
  await churn.pass(5_000);
  const [event] = events;
  if (event === undefined) throw new Error('the hook was not invoked');
  return { id, event };
};

test('a hook before traffic holds the traffic until it reports success', async () => {
  const { id, event } = await hooked();
  expect(event).toEqual({ DeploymentId: id, LifecycleEventHookExecutionId: expect.any(String) });
  await churn.pass(59 * minute);
  expect(await churn.alias()).toEqual(['1', undefined]);
  expect(await refusalOf(answer(event, 'Skipped'))).toMatch(/^InvalidLifecycleEventHookExecutionStatusException/);
  expect(await refusalOf(answer({ ...event, LifecycleEventHookExecutionId: 'x' }, 'Failed'))).toMatch(
    /^InvalidLifecycleEventHookExecutionIdException/,
  );
  await answer(event, 'Succeeded');
  expect(await churn.alias()).toEqual(['2', undefined]);
  expect(await churn.deployment(id)).toMatchObject({ status: 'Succeeded' });
  expect(await refusalOf(answer(event, 'Failed'))).toMatch(/^LifecycleEventAlreadyCompletedException/);
});

test('a hook that fails, or is silent for an hour, or does not exist, fails the deployment', async () => {
  const { id, event } = await hooked();
  await answer(event, 'Failed');
  expect(await churn.deployment(id)).toMatchObject({
    status: 'Failed',
    errorInformation: { code: 'HOOK_EXECUTION_FAILURE' },
  });
  await churn.pass(minute);
  const silent = await churn.deploy('LambdaAllAtOnce', { revision: revisionOf(appSpec([before])) });
  await churn.pass(60 * minute + 5_000);
  expect(await churn.deployment(silent)).toMatchObject({
    status: 'Failed',
    errorInformation: { code: 'HOOK_EXECUTION_FAILURE' },
  });
  await churn.pass(minute);
  const absent = await churn.deploy('LambdaAllAtOnce', {
    revision: revisionOf(appSpec([{ AfterAllowTraffic: 'CodeDeployHook_absent' }])),
  });
  await churn.pass(5_000);
  expect(await churn.deployment(absent)).toMatchObject({
    status: 'Failed',
    errorInformation: { code: 'HOOK_EXECUTION_FAILURE' },
  });
  expect(await churn.alias()).toEqual(['2', undefined]);
  await churn.pass(minute);
  expect(await churn.alias()).toEqual(['1', undefined]);
});

test.each([
  ['INVALID_REVISION', 'version: 0.0\nResources: []'],
  ['INVALID_LAMBDA_FUNCTION', appSpec([], '3')],
  ['INVALID_LAMBDA_CONFIGURATION', appSpec([], '2', '2')],
])('the deployment of a wrong AppSpec fails: %s', async (code, content) => {
  churn = await openFunction();
  const id = await churn.deploy('LambdaAllAtOnce', { revision: revisionOf(content) });
  await churn.pass(minute);
  expect(await churn.deployment(id)).toMatchObject({ status: 'Failed', errorInformation: { code } });
  expect(await churn.alias()).toEqual(['1', undefined]);
});

test('one deployment at a time; the list has the newest first, and the revision by its hash', async () => {
  churn = await openFunction();
  const first = await churn.deploy();
  expect(await refusalOf(churn.deploy())).toBe(
    `DeploymentLimitExceededException: The Deployment Group 'live' already has an active Deployment '${first}'`,
  );
  await churn.pass(10 * minute);
  const second = await churn.deploy('LambdaAllAtOnce', {
    revision: revisionOf(appSpec([], '1', '2')),
    description: 'back',
  });
  const names = { applicationName: 'churn', deploymentGroupName: 'live' };
  expect((await churn.codedeploy.send(new ListDeploymentsCommand(names))).deployments).toEqual([second, first]);
  expect(
    (await churn.codedeploy.send(new ListDeploymentsCommand({ ...names, includeOnlyStatuses: ['Created'] })))
      .deployments,
  ).toEqual([second]);
  const { revision, description } = (await churn.deployment(second)) ?? {};
  expect(description).toBe('back');
  expect(revision?.appSpecContent?.content).toBeUndefined();
  expect(
    await churn.codedeploy.send(new GetApplicationRevisionCommand({ applicationName: 'churn', revision })),
  ).toMatchObject({ revision: { appSpecContent: { content: appSpec([], '1', '2') } } });
});

test('the time that a hook has is a setting', async () => {
  churn = await openFunction({}, { settings: { codeDeployHookMs: 5 * minute } });
  churn.simulator.functions.define('CodeDeployHook_test', async () => {});
  const silent = await churn.deploy('LambdaAllAtOnce', { revision: revisionOf(appSpec([before])) });
  await churn.pass(4 * minute);
  expect(await churn.deployment(silent)).toMatchObject({ status: 'InProgress' });
  await churn.pass(2 * minute);
  expect(await churn.deployment(silent)).toMatchObject({
    status: 'Failed',
    errorInformation: { message: expect.stringContaining('reported no status within 5 minutes') },
  });
});
