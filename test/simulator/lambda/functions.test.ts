import {
  CreateAliasCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  type InvokeCommandInput,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  type UpdateAliasCommandInput,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readArchive } from '../../../simulator/containers/archive.ts';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { digestOf, imageOf, minute, type OpenFunction, openFunction } from '../codedeploy/support.ts';
import { refusalOf } from '../support/account.ts';

// Lambda developer guide, "Manage Lambda function versions" and "Create an alias for a Lambda function"; API reference.

let churn: OpenFunction;
beforeEach(async () => {
  churn = await openFunction();
});
afterEach(() => churn.simulator.close());

const route = (more: Partial<UpdateAliasCommandInput>) =>
  churn.lambda.send(new UpdateAliasCommand({ FunctionName: 'churn', Name: 'live', ...more }));

test('a version keeps the image that the tag named when the version was published', async () => {
  churn.simulator.images.tag(imageOf(2), digestOf(9));
  const { Code, Configuration } = await churn.lambda.send(
    new GetFunctionCommand({ FunctionName: 'churn', Qualifier: '2' }),
  );
  expect(Code).toMatchObject({ RepositoryType: 'ECR', ImageUri: imageOf(2) });
  expect(Code?.ResolvedImageUri).toBe(`${imageOf(2).replace(/:2$/, '')}@${digestOf(2)}`);
  expect(Configuration).toMatchObject({ Version: '2', PackageType: 'Image', State: 'Active' });
  const byAlias = await churn.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: 'churn', Qualifier: 'live' }),
  );
  expect(byAlias.Version).toBe('1');
});

test('nothing is published where nothing changed', async () => {
  const publish = async () => (await churn.lambda.send(new PublishVersionCommand({ FunctionName: 'churn' }))).Version;
  expect(await publish()).toBe('2');
  await churn.lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName: 'churn',
      Environment: { Variables: { MODEL: 's3://b/k' } },
    }),
  );
  expect(await publish()).toBe('3');
  const { Versions = [] } = await churn.lambda.send(new ListVersionsByFunctionCommand({ FunctionName: 'churn' }));
  expect(Versions.map(({ Version, Environment }) => [Version, Environment?.Variables])).toEqual([
    ['$LATEST', { MODEL: 's3://b/k' }],
    ['1', undefined],
    ['2', undefined],
    ['3', { MODEL: 's3://b/k' }],
  ]);
});

test('the revision of an alias guards a change against the changes of others', async () => {
  const { RevisionId } = await route({ RoutingConfig: { AdditionalVersionWeights: { '2': 0.25 } } });
  await route({ FunctionVersion: '2', RoutingConfig: {}, RevisionId });
  expect(await churn.alias()).toEqual(['2', undefined]);
  expect(await refusalOf(route({ FunctionVersion: '1', RevisionId }))).toMatch(/^PreconditionFailedException/);
  const { Aliases } = await churn.lambda.send(new ListAliasesCommand({ FunctionName: 'churn' }));
  expect(Aliases).toMatchObject([{ Name: 'live', FunctionVersion: '2' }]);
});

const create = (more: Partial<CreateFunctionCommandInput>) =>
  churn.lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'other',
      Role: 'arn:aws:iam::111122223333:role/model-serving',
      PackageType: 'Image',
      Code: { ImageUri: imageOf(1) },
      ...more,
    }),
  );
const refusals: Readonly<Record<string, () => Promise<unknown>>> = {
  'ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:111122223333:function:none': () =>
    churn.lambda.send(new GetFunctionCommand({ FunctionName: 'none' })),
  'ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:111122223333:function:churn:7': () =>
    route({ FunctionVersion: '7' }),
  'ResourceNotFoundException: Cannot find alias arn': () => route({ Name: 'none' }),
  'ResourceConflictException: Function already exist': () => create({ FunctionName: 'churn' }),
  'ResourceConflictException: Alias already exist': () =>
    churn.lambda.send(new CreateAliasCommand({ FunctionName: 'churn', Name: 'live', FunctionVersion: '1' })),
  'InvalidParameterValueException: Source image .* does not exist': () => create({ Code: { ImageUri: imageOf(7) } }),
  'InvalidParameterValueException: The role defined for the function cannot be assumed': () =>
    create({ Role: 'arn:aws:iam::111122223333:role/none' }),
  'NotSimulated: not simulated: functions of PackageType Zip': () => create({ PackageType: 'Zip', Code: {} }),
  'NotSimulated: not simulated: lambda CreateFunction, member Layers': () => create({ Layers: [] }),
  'InvalidParameterValueException: Number of items': () =>
    route({ RoutingConfig: { AdditionalVersionWeights: { '1': 0.1, '2': 0.1 } } }),
  'InvalidParameterValueException: Invalid function version 1': () =>
    route({ RoutingConfig: { AdditionalVersionWeights: { '1': 0.1 } } }),
  'InvalidParameterValueException: \\$LATEST is not supported': () =>
    route({ FunctionVersion: '$LATEST', RoutingConfig: { AdditionalVersionWeights: { '1': 0.1 } } }),
  'PreconditionFailedException: The Revision Id': () =>
    churn.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'churn', ImageUri: imageOf(1), RevisionId: 'x' })),
  'InvalidParameterValueException: CodeSHA256': () =>
    churn.lambda.send(new PublishVersionCommand({ FunctionName: 'churn', CodeSha256: 'abc' })),
};
test.each(Object.keys(refusals))('%s', async (expected) => {
  expect(await refusalOf(refusals[expected]?.() ?? Promise.resolve())).toMatch(new RegExp(`^${expected}`));
});

test('invocations by the alias count for the version that ran, and those of a failing version as errors', async () => {
  churn.simulator.functions.fail('churn', '2', 0.5);
  await route({ RoutingConfig: { AdditionalVersionWeights: { '2': 0.25 } } });
  churn.simulator.functions.traffic({ function: 'churn', alias: 'live', requestsPerSecond: 20, seed: 1 });
  const from = churn.simulator.clock.now();
  await churn.pass(12 * minute);
  const sum = async (metric: string, version?: string): Promise<number> => {
    const { Datapoints } = (await churn.simulator.call('cloudwatch', 'GetMetricStatistics', {
      Namespace: 'AWS/Lambda',
      MetricName: metric,
      Dimensions: [
        { Name: 'FunctionName', Value: 'churn' },
        { Name: 'Resource', Value: 'churn:live' },
        ...(version === undefined ? [] : [{ Name: 'ExecutedVersion', Value: version }]),
      ],
      StartTime: from / 1000,
      EndTime: (from + 10 * minute) / 1000,
      Period: 600,
      Statistics: ['Sum'],
    })) as { readonly Datapoints: readonly { readonly Sum: number }[] };
    return Datapoints.reduce((all, { Sum }) => all + Sum, 0);
  };
  const [all, one, two] = [await sum('Invocations'), await sum('Invocations', '1'), await sum('Invocations', '2')];
  expect(one + two).toBe(all);
  expect(all).toBeGreaterThan(11_900);
  expect(two / all).toBeGreaterThan(0.23);
  expect(two / all).toBeLessThan(0.27);
  expect(await sum('Errors', '1')).toBe(0);
  expect((await sum('Errors', '2')) / two).toBeGreaterThan(0.45);
});

/** Of the alias on version 1, in ten minutes. */
const seen = async (MetricName: string, statistic: string, version?: string): Promise<number | undefined> => {
  const from = churn.simulator.clock.now();
  const callers = churn.simulator.functions.traffic({
    function: 'churn',
    alias: 'live',
    requestsPerSecond: 5,
    seed: 1,
  });
  await churn.pass(12 * minute);
  callers.stop();
  const { Datapoints } = (await churn.simulator.call('cloudwatch', 'GetMetricStatistics', {
    Namespace: 'AWS/Lambda',
    MetricName,
    Dimensions: [
      { Name: 'FunctionName', Value: 'churn' },
      { Name: 'Resource', Value: 'churn:live' },
      ...(version === undefined ? [] : [{ Name: 'ExecutedVersion', Value: version }]),
    ],
    StartTime: from / 1000,
    EndTime: (from + 10 * minute) / 1000,
    Period: 600,
    Statistics: [statistic],
  })) as { readonly Datapoints: readonly Readonly<Record<string, number>>[] };
  return Datapoints[0]?.[statistic];
};

test('an invocation takes about as long as its version', async () => {
  expect(await seen('Duration', 'Average')).toBeCloseTo(40, 0);
  churn.simulator.functions.slow('churn', '1', 400);
  expect(await seen('Duration', 'Average')).toBeGreaterThan(390);
});

test('the settings decide whether one version alone has metrics, and whether a minute without errors has a data point', async () => {
  expect(await seen('Invocations', 'Sum', '1')).toBeGreaterThan(2900);
  expect(await seen('Errors', 'SampleCount')).toBeGreaterThan(2900);
  churn.simulator.close();
  churn = await openFunction({}, { settings: { executedVersionMetrics: 'weighted', lambdaZeroErrors: false } });
  expect(await seen('Invocations', 'Sum', '1')).toBeUndefined();
  expect(await seen('Errors', 'SampleCount')).toBeUndefined();
  expect(await seen('Invocations', 'Sum')).toBeGreaterThan(2900);
});

const invoke = (more: Partial<InvokeCommandInput> = {}) =>
  churn.lambda.send(new InvokeCommand({ FunctionName: 'churn', ...more }));

test('a version whose image has a model answers a payload; its errors are results (API: Invoke, FunctionError)', async () => {
  churn.simulator.images.fill(imageOf(2), readArchive(irisFixture('1.1.0').artifact));
  const Payload = JSON.stringify({ instances: [[5.1, 3.5, 1.4, 0.2]] });
  const answer = await invoke({ Qualifier: '2', Payload });
  expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '2' });
  expect(JSON.parse(answer.Payload?.transformToString() ?? '')).toMatchObject({
    predictions: [{ predicted_label: 'setosa' }],
  });
  const failed = await invoke({ Qualifier: '2', Payload: '{}' });
  expect(failed).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
  churn.simulator.functions.fail('churn', '2', 1);
  expect(await invoke({ Qualifier: '2', Payload })).toMatchObject({ FunctionError: 'Unhandled' });
  expect(await refusalOf(invoke({ Qualifier: '1', Payload }))).toMatch(/^NotSimulated: .*has no model/);
  expect(await refusalOf(invoke({ Qualifier: '9', Payload }))).toMatch(/^ResourceNotFoundException/);
  expect(await refusalOf(invoke({ Qualifier: '2', Payload: 'no' }))).toMatch(/^InvalidRequestContentException/);
  expect(await refusalOf(invoke({ Qualifier: '2', InvocationType: 'DryRun' }))).toMatch(/^NotSimulated: .*DryRun/);
  const large = JSON.stringify('x'.repeat(6 * 1024 * 1024));
  expect(await refusalOf(invoke({ Qualifier: '2', Payload: large }))).toMatch(/^RequestTooLargeException/);
});

test('an event goes to a function of the driver, which answers nothing', async () => {
  const events: object[] = [];
  churn.simulator.functions.define('watch', async (event) => void events.push(event));
  const answer = await invoke({ FunctionName: 'watch', InvocationType: 'Event', Payload: '{"a":1}' });
  expect([answer.StatusCode, answer.Payload?.length ?? 0, events]).toEqual([202, 0, [{ a: 1 }]]);
  expect(await refusalOf(invoke({ FunctionName: 'absent', InvocationType: 'Event' }))).toMatch(/^ResourceNotFound/);
});
