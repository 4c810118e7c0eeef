import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createDriver, type Driver, type Launched, type StepResult } from '../../src/rehearsal/driver.ts';
import { lambdaFunction } from '../../src/rehearsal/lambda-function.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount } from '../support/account.ts';
import { type AliasAccount, type ModelVersion, withAlias } from '../support/alias.ts';
import { putGoldenSet } from '../support/golden-set.ts';
import { hookedManifest } from '../support/hooked.ts';

// The lifecycle hook: CodeDeploy invokes the bundle of its function, a process for each event, before and after the traffic of a deployment.

const hook = 'CodeDeployHook_iris';
const releases = `model-delivery-${team.account}-${team.region}`;

let account: AliasAccount;
let driver: Driver;
let temp: string;
let launch: (event: object) => Launched;
let invocations: Launched[];
/** The event comes so often. */
let copies: number;
beforeEach(async () => {
  account = await withAlias(await openAccount());
  temp = mkdtempSync(join(tmpdir(), 'hook-'));
  driver = createDriver({
    simulator: account.simulator,
    actions: 'actions',
    workspace: dirname(account.manifest),
    temp: join(temp, 'runner'),
  });
  invocations = [];
  copies = 1;
  launch = lambdaFunction(driver, resolve('codebuild/hook/dist/index.cjs'), temp, {
    MODEL_DELIVERY_ENVIRONMENT: team.environment,
    AWS_LAMBDA_FUNCTION_NAME: hook,
  });
  account.simulator.functions.define(hook, (event) => {
    for (let copy = 0; copy < copies; copy++) invocations.push(launch({ ...event }));
    return new Promise(() => {});
  });
  putGoldenSet(account);
  await account.ready('1.0.0');
  expect((await account.deploy('1.0.0'))?.result.reason).toBe('delivered');
  hooked('{ before-allow-traffic: CodeDeployHook_iris }');
});
afterEach(async () => {
  driver.close();
  await account.close();
  rmSync(temp, { recursive: true });
});

const hooked = (hooks: string): void => account.writeManifest(() => hookedManifest(hooks));

const delivered = async (version: ModelVersion): Promise<StepResult> =>
  driver.finish(
    driver.start({
      action: 'deploy-endpoint',
      inputs: { environment: team.environment, version },
      job: { runId: version, attempt: 1, job: 'deliver', actor: 'mina', commit: 'c0ffee' },
    }),
  );
const endOf = ({ outputs }: StepResult): string => `${outputs['outcome']}/${outputs['reason-code']}`;
const becauseOf = ({ outputs }: StepResult): string => JSON.parse(outputs['result'] ?? '{}').because;
const logs = (): string => invocations.flatMap(({ log }) => log.map(({ text }) => text)).join('\n');
const statuses = () =>
  account.simulator.requests.filter(({ operation }) => operation === 'PutLifecycleEventHookExecutionStatus');
const verdicts = () =>
  account.simulator.objects
    .under(releases, 'lambda/iris/live/regression/')
    .filter(({ key }) => key.endsWith('/test.json'))
    .map(({ body }) => JSON.parse(body.toString()).verdict?.verdict);

/** By the addresses in the log. */
const reports = () =>
  [...logs().matchAll(/report: s3:\/\/([^/]+)\/(\S+evaluation\.json)/g)].map(([, bucket = '', key = '']) =>
    JSON.parse(account.simulator.objects.get(bucket, key)?.body.toString() ?? 'null'),
  );

test('a good candidate passes its test before the first request goes to it, and is delivered', async () => {
  await account.ready('1.1.0');
  const seen = account.simulator.events.length;
  const step = await delivered('1.1.0');
  expect(logs()).toMatch(/Succeeded: succeeded\/regression-passed: /);
  expect(endOf(step)).toBe('succeeded/delivered');
  expect(await account.alias()).toEqual(['3', undefined]);
  expect(verdicts()).toEqual(['pass']);
  expect(statuses().map(({ input, error }) => [(input as { status: string }).status, error])).toEqual([
    ['Succeeded', undefined],
  ]);
  const order = account.simulator.requests.map(({ operation }) => operation);
  const asked = account.simulator.requests.filter(({ operation }) => operation === 'Invoke');
  // Every row to both versions, and the first 50 once more.
  expect(asked).toHaveLength(2 * (150 + 50));
  expect(new Set(asked.map(({ input }) => (input as { Qualifier: string }).Qualifier))).toEqual(new Set(['2', '3']));
  expect(order.indexOf('PutLifecycleEventHookExecutionStatus')).toBeGreaterThan(order.lastIndexOf('Invoke'));
  expect(account.simulator.events.slice(seen).filter(({ what }) => what === 'traffic-shifted')[0]).toBeDefined();
  expect(reports()).toMatchObject([{ model_delivery: { verdict: 'pass' } }]);
});

test('a wrong candidate fails before any traffic, and the report has the reason', async () => {
  await account.ready('1.2.0');
  const seen = account.simulator.events.length;
  const step = await delivered('1.2.0');
  expect(JSON.parse(step.outputs['result'] ?? '{}')).toMatchObject({ outcome: 'rolled-back', reason: 'hook-failed' });
  expect(becauseOf(step)).toMatch(
    /HOOK_EXECUTION_FAILURE .*; the reason is in the log of CodeDeployHook_iris; version 2 /,
  );
  expect(logs()).toMatch(/Failed: rejected\/regression-failed: .*accuracy/);
  expect(reports()[0]).toMatchObject({ model_delivery: { verdict: 'fail' } });
  const [name] = account.simulator.requests
    .filter(({ operation, mutation }) => operation === 'UpdateModelPackage' && mutation)
    .map(({ input }) => input as { CustomerMetadataProperties?: Readonly<Record<string, string>> })
    .flatMap(({ CustomerMetadataProperties: entries }) => entries?.['regression-test'] ?? []);
  expect(name).toMatch(/^fail for production at /);
  expect(await account.alias()).toEqual(['2', undefined]);
  expect(verdicts()).toEqual(['fail']);
  const shifted = account.simulator.events
    .slice(seen)
    .filter(({ what, detail }) => what === 'traffic-shifted' && /version 3/.test(detail));
  expect(shifted).toEqual([]);
});

test('an event that comes three times has one test and one status that counts', async () => {
  copies = 3;
  await account.ready('1.1.0');
  expect(endOf(await delivered('1.1.0'))).toBe('succeeded/delivered');
  expect(verdicts()).toEqual(['pass']);
  expect(statuses().filter(({ error }) => error === undefined)).toHaveLength(1);
  expect(invocations.map(({ exit }) => exit?.code)).toEqual([0, 0, 0]);
});

test('after the last shift the same rows are asked anew', async () => {
  hooked('{ before-allow-traffic: CodeDeployHook_iris, after-allow-traffic: CodeDeployHook_iris }');
  await account.ready('1.1.0');
  expect(endOf(await delivered('1.1.0'))).toBe('succeeded/delivered');
  expect(logs()).toMatch(/AfterAllowTraffic: tests version 3 of iris/);
  expect(account.simulator.requests.filter(({ operation }) => operation === 'Invoke')).toHaveLength(2 * 2 * 200);
  expect(statuses()).toHaveLength(2);
  const [record] = account.simulator.objects
    .under(releases, 'lambda/iris/live/regression/')
    .filter(({ key }) => key.endsWith('/test.json'))
    .map(({ body }) => JSON.parse(body.toString()));
  expect(record).toMatchObject({ attempt: 2, verdict: { attempt: 2, verdict: 'pass' } });
});

test('a version that fails once it has all requests is taken back after the shift', async () => {
  hooked('{ before-allow-traffic: CodeDeployHook_iris, after-allow-traffic: CodeDeployHook_iris }');
  const version = await account.ready('1.1.0');
  account.simulator.faults.add({
    service: 'codedeploy',
    operation: 'PutLifecycleEventHookExecutionStatus',
    times: 1,
    kind: 'call',
    // Everything is well until the first hook has reported.
    action: () => account.simulator.functions.fail('iris', version, 1),
  });
  const step = await delivered('1.1.0');
  expect(step.outputs['outcome']).toBe('rolled-back');
  expect(await account.alias()).toEqual(['2', undefined]);
});

test('a hook that dies is invoked again, and goes on where it was', async () => {
  await account.ready('1.1.0');
  account.simulator.functions.define(hook, (event) => {
    const launched = launch(event);
    invocations.push(launched);
    return new Promise((_, fail) => {
      const look = account.simulator.clock.every(1_000, 'death of a function', () => {
        if (launched.exit === undefined) return;
        look.cancel();
        if (launched.exit.code !== 0) fail(new Error('the function died'));
      });
    });
  });
  let asked = 0;
  account.simulator.faults.add({
    service: 'lambda',
    operation: 'Invoke',
    times: 200,
    kind: 'call',
    action: () => {
      if (++asked === 200) invocations.at(-1)?.kill('SIGKILL');
    },
  });
  expect(endOf(await delivered('1.1.0'))).toBe('succeeded/delivered');
  expect(invocations).toHaveLength(2);
  // The rows of the pieces that were whole are not asked again.
  expect(account.simulator.requests.filter(({ operation }) => operation === 'Invoke').length).toBeLessThan(560);
});

/** Invocations that get no further than the beginning of the test. @param isStuck by their number, from 1 */
const standing = (isStuck: (nth: number) => boolean): void =>
  account.simulator.functions.define(hook, async (event) => {
    const launched = launch(event);
    const nth = invocations.push(launched);
    if (isStuck(nth))
      account.simulator.faults.add({
        ...{ service: 'lambda', operation: 'GetFunction', participant: launched.id, kind: 'throttle', times: 10_000 },
      });
  });

test('an invocation without time left hands over, and the next one ends the test', async () => {
  await account.ready('1.1.0');
  standing((nth) => nth === 1);
  const step = await delivered('1.1.0');
  expect(logs()).toContain('hands over to the next invocation');
  expect(endOf(step)).toBe('succeeded/delivered');
  expect(invocations).toHaveLength(2);
  const events = account.simulator.requests.filter(
    ({ operation, input }) =>
      operation === 'Invoke' && (input as { InvocationType?: string }).InvocationType === 'Event',
  );
  expect(events.map(({ error }) => error)).toEqual([undefined]);
});

test('rows that cannot be had within the hour fail the deployment before CodeDeploy gives up', async () => {
  await account.ready('1.1.0');
  standing(() => true);
  const step = await delivered('1.1.0');
  expect(endOf(step)).toBe('rolled-back/hook-failed');
  expect(becauseOf(step)).toContain('hook reported a failure');
  expect(logs()).toMatch(/Failed: timed-out\/deadline-passed/);
  expect(await account.alias()).toEqual(['2', undefined]);
});

test('a function that cannot work says so to CodeDeploy at once', async () => {
  await account.ready('1.1.0');
  const unfit = (remainingMs: number | undefined, environment: Readonly<Record<string, string>>) => {
    const start = lambdaFunction(driver, resolve('codebuild/hook/dist/index.cjs'), temp, environment, remainingMs);
    account.simulator.functions.define(hook, async (event) => void invocations.push(start(event)));
  };
  const rows = [
    [3_000, { MODEL_DELIVERY_ENVIRONMENT: team.environment }, 'set its timeout to 900 seconds'],
    [undefined, {}, 'MODEL_DELIVERY_ENVIRONMENT is missing'],
    [undefined, { MODEL_DELIVERY_ENVIRONMENT: 'test' }, 'no environment "test"'],
    [undefined, { MODEL_DELIVERY_ENVIRONMENT: team.environment, MODEL_DELIVERY_MANIFEST: 'x.yml' }, '"x.yml"'],
  ] as const;
  for (const [remainingMs, environment, because] of rows) {
    unfit(remainingMs, environment);
    invocations = [];
    const step = await driver.finish(
      driver.start({
        action: 'deploy-endpoint',
        inputs: { environment: team.environment, version: '1.1.0', retry: 'true' },
        job: { runId: because, attempt: 1, job: 'deliver', actor: 'mina', commit: 'c0ffee' },
      }),
    );
    expect([because, endOf(step)]).toEqual([because, 'rolled-back/hook-failed']);
    expect(logs()).toContain(because);
    expect(logs()).toMatch(/Failed: failed\/invalid-input: /);
  }
  expect(await account.alias()).toEqual(['2', undefined]);
});

test('a deployment of others is not tested', async () => {
  await account.simulator.call('codedeploy', 'CreateDeployment', {
    applicationName: 'iris',
    deploymentGroupName: 'live',
    revision: {
      revisionType: 'AppSpecContent',
      appSpecContent: {
        content: JSON.stringify({
          version: 0,
          Resources: [
            {
              iris: {
                Type: 'AWS::Lambda::Function',
                Properties: { Name: 'iris', Alias: 'live', CurrentVersion: '2', TargetVersion: '1' },
              },
            },
          ],
          Hooks: [{ BeforeAllowTraffic: hook }],
        }),
      },
    },
  });
  await driver.until(driver.now() + 60_000);
  expect(logs()).toMatch(/Failed: .*foreign-record: deployment d-\S+ is of no live release of iris:live/);
  expect(account.simulator.requests.filter(({ operation }) => operation === 'Invoke')).toEqual([]);
  expect(await account.alias()).toEqual(['2', undefined]);
});
