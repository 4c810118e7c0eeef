import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import nock from 'nock';
import type { CredentialSource } from '../../../../src/aws/credentials.ts';
import { invokeFunction, sendEvent } from '../../../../src/aws/lambda-invoke.ts';
import { signedService } from '../../../../src/aws/signed.ts';
import { minutes } from '../../../../src/clock.ts';
import { answerHook, type HookSeams } from '../../../../src/hosts/codedeploy/hook.ts';
import { url } from '../../../support/aws.ts';
import { virtualClock } from '../../../support/virtual-clock.ts';

// The hook on the wire: what it asks CodeDeploy and Lambda, and that it always reports.

const event = { DeploymentId: 'd-ABCDEF123', LifecycleEventHookExecutionId: 'eyJlbmMiOiJ4In0=' };
const saved = { ...process.env };
let temp: string;
let said: string[];
beforeAll(() => nock.disableNetConnect());
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'hook-'));
  said = [];
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' });
});
afterEach(() => {
  process.env = { ...saved };
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
  rmSync(temp, { recursive: true });
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

const manifest = `version: 1
model: churn
environments:
  production:
    target: lambda-alias
    lambda: { function: churn, alias: live, application: churn, deployment-group: live }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
`;

const call = (operation: string) => nock(url).matchHeader('x-amz-target', `CodeDeploy_20141006.${operation}`).post('/');
const running = (lifecycleEvents: readonly object[]): void => {
  call('GetDeployment').reply(200, { deploymentInfo: { status: 'InProgress', description: 'live-1.4.0-x-1' } });
  call('ListDeploymentTargets').reply(200, { targetIds: ['churn:live'] });
  call('GetDeploymentTarget').reply(200, {
    deploymentTarget: {
      lambdaTarget: {
        lifecycleEvents,
        lambdaFunctionInfo: { functionName: 'churn', functionAlias: 'live', currentVersion: '6', targetVersion: '7' },
      },
    },
  });
};
const before = { lifecycleEventName: 'BeforeAllowTraffic', status: 'InProgress', startTime: 1_767_603_600 };
/** @returns the status that CodeDeploy got */
const put = (status = 200, body: object = {}): (() => unknown) => {
  let got: unknown;
  nock(url)
    .matchHeader('x-amz-target', 'CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus')
    .post('/', (sent) => {
      got = sent;
      return true;
    })
    .reply(status, body);
  return () => got;
};
const failedStatus = {
  deploymentId: event.DeploymentId,
  lifecycleEventHookExecutionId: event.LifecycleEventHookExecutionId,
  status: 'Failed',
};

const hook = (given: unknown = event, seams: HookSeams = {}, remainingMs = minutes(15)): Promise<void> => {
  writeFileSync(join(temp, 'delivery.yml'), manifest);
  const env = {
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL: url,
    MODEL_DELIVERY_ENVIRONMENT: 'production',
    MODEL_DELIVERY_MANIFEST: join(temp, 'delivery.yml'),
  };
  const context = { awsRequestId: 'r-1', getRemainingTimeInMillis: () => remainingMs };
  return answerHook(given, context, env, { clock: virtualClock(), say: (line) => said.push(line), ...seams });
};

test('an error becomes the status Failed, with its reason in the log', async () => {
  running([before]);
  const got = put();
  await hook(event, {
    openSession: async () => {
      throw new TypeError('a defect');
    },
  });
  expect(got()).toEqual(failedStatus);
  expect(said.at(-1)).toMatch(/d-ABCDEF123 {2}Failed: failed\/internal-error: a defect$/);
});

test('a call that never ends becomes a failure before the function ends', async () => {
  running([before]);
  const got = put();
  const clock = virtualClock();
  const began = clock.now();
  await hook(event, {
    clock,
    openSession: async () => {
      // Time passes, and no answer comes.
      await clock.sleepUntil(began + minutes(14.5));
      return new Promise(() => {});
    },
  });
  expect(got()).toEqual(failedStatus);
  expect(said.at(-1)).toContain('timed-out/deadline-passed: a call did not end before the time of the function');
});

test('a throttled status is sent again; one that is not taken fails the function, so that Lambda repeats the event', async () => {
  const defect = {
    openSession: async () => {
      throw new TypeError('a defect');
    },
  };
  running([before]);
  for (let throttled = 0; throttled < 3; throttled++)
    put(400, { __type: 'ThrottlingException', message: 'Rate exceeded' });
  const got = put();
  await hook(event, defect);
  expect(got()).toEqual(failedStatus);

  running([before]);
  put(400, { __type: 'AccessDeniedException', message: 'no' });
  await expect(hook(event, defect)).rejects.toThrow('no');
});

test.each(['LifecycleEventAlreadyCompletedException', 'InvalidLifecycleEventHookExecutionIdException'])(
  'a status that nothing waits for any more (%s) is no error',
  async (name) => {
    running([before]);
    put(400, { __type: name, message: 'late' });
    await hook(event, {
      openSession: async () => {
        throw new TypeError('a defect');
      },
    });
    expect(said.at(-1)).toContain('needs no status any more');
  },
);

test('a deployment that has ended, or whose hooks have, is left alone', async () => {
  call('GetDeployment').reply(200, { deploymentInfo: { status: 'Stopped' } });
  await hook();
  running([
    { ...before, status: 'Succeeded' },
    { lifecycleEventName: 'AllowTraffic', status: 'InProgress' },
    { lifecycleEventName: 'AfterAllowTraffic', status: 'Skipped' },
  ]);
  await hook();
  expect(said).toHaveLength(2);
  expect(said[1]).toMatch(/waits for no hook any more$/);
});

test('an invocation that is too short says so; an event that is no hook is refused', async () => {
  const got = put();
  await hook(event, {}, 3_000);
  expect(got()).toEqual(failedStatus);
  expect(said.at(-1)).toContain('the function has 3 s for an invocation: set its timeout to 900 seconds');
  await expect(hook({ 'CodePipeline.job': {} })).rejects.toThrow('the event has no DeploymentId');
});

test('a version is invoked by its number; its error is the model’s, and an event waits for no answer', async () => {
  const credentials = {
    provide: async () => ({ accessKeyId: 'A', secretAccessKey: 's' }),
  } as unknown as CredentialSource;
  const service = signedService('lambda', { region: 'eu-west-1', endpointUrl: url, version: '1' }, credentials);
  const sending = { retry: <Answer>(_call: string, attempt: () => Promise<Answer>) => attempt() };
  const invoke = invokeFunction(service, sending, virtualClock());
  const asked = { FunctionName: 'churn', Qualifier: '7', Payload: Buffer.from('{"age":30}') };
  const path = '/2015-03-31/functions/churn/invocations';
  nock(url)
    .matchHeader('x-amz-invocation-type', 'RequestResponse')
    .post(`${path}?Qualifier=7`, { age: 30 })
    .reply(200, { label: 'stays' }, { 'x-simulator-duration-ms': '12' });
  const { Body, ContentType, durationMs } = await invoke(asked);
  expect([Buffer.from(Body).toString(), ContentType, durationMs]).toEqual([
    '{"label":"stays"}',
    'application/json',
    12,
  ]);
  nock(url).post(`${path}?Qualifier=7`).reply(200, { errorMessage: 'x' }, { 'x-amz-function-error': 'Unhandled' });
  await expect(invoke(asked)).rejects.toMatchObject({ name: 'ModelError' });
  nock(url).matchHeader('x-amz-invocation-type', 'Event').post(path, event).reply(202, '');
  await sendEvent(service, sending, 'churn', event);
});
