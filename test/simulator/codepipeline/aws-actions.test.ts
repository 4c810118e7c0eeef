import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OutsideEnd, OutsideStart } from '../../../simulator/contracts.ts';
import { readZip, writeZip } from '../../../simulator/zip.ts';
import { refusalOf } from '../support/account.ts';
import { type Harbour, openHarbour, pipelineWith, ship } from './support.ts';

// CodePipeline user guide: the action references of CodeBuild, Step Functions, S3 deploy and ECR source.

let harbour: Harbour;
beforeEach(async () => {
  harbour = await openHarbour();
});
afterEach(() => harbour.simulator.close());

type Action = ReturnType<typeof ship>;
const aws = (
  category: 'Source' | 'Build' | 'Test' | 'Deploy' | 'Invoke' | 'Compute',
  provider: string,
  configuration: Record<string, string>,
  more: Partial<Action> = {},
): Action => ({
  name: 'Work',
  actionTypeId: { category, owner: 'AWS', provider, version: '1' },
  configuration,
  inputArtifacts: [{ name: 'Goods' }],
  ...more,
});
const machine = 'arn:aws:states:eu-west-1:111122223333:stateMachine:fleet';
const newest = async () => {
  const [action] = (await harbour.actions()).filter(({ actionName }) => actionName === 'Work');
  return action;
};
const failure = async () => (await newest())?.output?.executionResult?.errorDetails;
const goods = (files: Readonly<Record<string, string>>): void => {
  const zip = writeZip(new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])));
  harbour.simulator.objects.put('ml-artifacts', 'goods.zip', zip);
};
/** @returns each start, and the end of the first */
const defined = (kind: 'build' | 'state-machine', name: string) => {
  const starts: OutsideStart[] = [];
  const ends: ((end: OutsideEnd) => void)[] = [];
  harbour.simulator.outside.define(kind, name, (start) => {
    starts.push(start);
    return new Promise((resolve) => ends.push(resolve));
  });
  return {
    starts,
    end: async (end: OutsideEnd) => {
      ends[0]?.(end);
      await harbour.pass(0);
    },
  };
};

describe('CodeBuild', () => {
  const build = (more: Partial<Action> = {}) => aws('Build', 'CodeBuild', { ProjectName: 'dock' }, more);

  test('its exported variables and artifacts go to later actions', async () => {
    const { starts, end } = defined('build', 'dock');
    const later = ship('Ship', {
      runOrder: 2,
      configuration: { Where: '#{Built.PORT}' },
      inputArtifacts: [{ name: 'Boat' }],
    });
    const id = await harbour.start([[build({ namespace: 'Built', outputArtifacts: [{ name: 'Boat' }] }), later]]);
    expect(starts[0]).toMatchObject({
      configuration: { ProjectName: 'dock' },
      artifacts: { Goods: Buffer.from('goods') },
    });
    expect((await newest())?.status).toBe('InProgress');
    await end({ succeeded: true, variables: { PORT: 'Hamburg' }, artifacts: { Boat: Buffer.from('boat') } });
    expect(await newest()).toMatchObject({
      status: 'Succeeded',
      output: { executionResult: { externalExecutionId: starts[0]?.id }, outputVariables: { PORT: 'Hamburg' } },
    });
    const { data } = await harbour.take();
    expect(data?.actionConfiguration?.configuration).toEqual({ Where: 'Hamburg' });
    const location = data?.inputArtifacts?.[0]?.location?.s3Location;
    expect(harbour.simulator.objects.get(location?.bucketName ?? '', location?.objectKey ?? '')?.body).toEqual(
      Buffer.from('boat'),
    );
    expect(await harbour.status(id)).toBe('InProgress');
  });

  test.each<[string, OutsideEnd, string]>([
    ['a failed build', { succeeded: false, message: 'exit status 1' }, 'exit status 1'],
    ['a build without its artifact', { succeeded: true }, 'The output artifact Boat was not made'],
  ])('%s fails the action', async (_name, ended, message) => {
    const { end } = defined('build', 'dock');
    const id = await harbour.start([[build({ outputArtifacts: [{ name: 'Boat' }] })]]);
    await end(ended);
    expect(await failure()).toEqual({ code: 'JobFailed', message });
    expect(await harbour.status(id)).toBe('Failed');
  });

  test('a project that does not exist, and one that cannot be started, fail it', async () => {
    await harbour.start([[build()]]);
    expect(await failure()).toEqual({
      code: 'ConfigurationError',
      message: 'The project of CodeBuild dock does not exist',
    });
    harbour.simulator.close();
    harbour = await openHarbour();
    harbour.simulator.outside.define('build', 'dock', () => Promise.reject(new Error('no capacity')));
    await harbour.start([[build()]]);
    await harbour.pass(0);
    expect(await failure()).toEqual({ code: 'JobFailed', message: 'no capacity' });
  });

  test.each([
    ['Build', 36],
    ['Test', 8],
  ] as const)('an action of the category %s has %i hours', async (category, hours) => {
    const { starts, end } = defined('build', 'dock');
    await harbour.start([[aws(category, 'CodeBuild', { ProjectName: 'dock' })]]);
    await harbour.pass(hours * 3_600_000 - 1);
    expect((await newest())?.status).toBe('InProgress');
    await harbour.pass(2);
    expect(await failure()).toEqual({ code: 'JobFailed', message: `${starts[0]?.id} did not end in time` });
    await end({ succeeded: true });
    expect((await newest())?.status).toBe('Failed');
  });
});

describe('Step Functions', () => {
  test('a literal input, and the name of the execution; its variables are two ARNs', async () => {
    const { starts, end } = defined('state-machine', machine);
    const configuration = { StateMachineArn: machine, ExecutionNamePrefix: 'harbour', Input: '{"ship":"Argo"}' };
    await harbour.start([[aws('Invoke', 'StepFunctions', configuration)]]);
    const { actionExecutionId } = (await newest()) ?? {};
    expect(starts[0]).toMatchObject({ id: `harbour-${actionExecutionId}`, input: '{"ship":"Argo"}' });
    await end({ succeeded: true });
    const ExecutionArn = `arn:aws:states:eu-west-1:111122223333:execution:fleet:${starts[0]?.id}`;
    expect((await newest())?.output?.outputVariables).toEqual({ StateMachineArn: machine, ExecutionArn });
  });

  test('a file of the artifact as input; one that is not there fails the action', async () => {
    goods({ 'assets/input.json': '{"waves":3}' });
    const { starts } = defined('state-machine', machine);
    const named = (Input: string) =>
      aws('Invoke', 'StepFunctions', { StateMachineArn: machine, InputType: 'FilePath', Input });
    await harbour.start([[named('assets/input.json')]]);
    expect(starts[0]?.input).toBe('{"waves":3}');
    harbour.simulator.close();
    harbour = await openHarbour();
    await harbour.start([[named('assets/other.json')]]);
    expect(await failure()).toEqual({
      code: 'ConfigurationError',
      message: 'The input artifact has no file assets/other.json',
    });
  });

  test('without an input the machine gets an empty object', async () => {
    const { starts } = defined('state-machine', machine);
    await harbour.start([[aws('Invoke', 'StepFunctions', { StateMachineArn: machine })]]);
    expect(starts[0]?.input).toBe('{}');
  });
});

describe('S3', () => {
  const deploy = (configuration: Record<string, string>) =>
    aws('Deploy', 'S3', { BucketName: 'ml-site', ...configuration });
  const kept = (key: string) => harbour.simulator.objects.get('ml-site', key)?.body.toString();

  test('a deployment keeps the artifact as it is, or its files', async () => {
    goods({ 'index.html': 'hello', 'img/a.svg': '<svg/>' });
    await harbour.start([
      [
        { ...deploy({ Extract: 'false', ObjectKey: 'site.zip' }), name: 'Whole' },
        { ...deploy({ Extract: 'true', ObjectKey: 'v1/' }), name: 'Work' },
      ],
    ]);
    expect((await newest())?.status).toBe('Succeeded');
    expect(kept('v1/index.html')).toBe('hello');
    expect(kept('v1/img/a.svg')).toBe('<svg/>');
    expect(readZip(harbour.simulator.objects.get('ml-site', 'site.zip')?.body ?? Buffer.alloc(0)).size).toBe(2);
  });

  test('an artifact that is no zip cannot be extracted', async () => {
    await harbour.start([[deploy({ Extract: 'true' })]]);
    expect(await failure()).toMatchObject({ message: 'The input artifact is no zip file' });
  });
});

test('an image of ECR is pinned by its digest', async () => {
  const repository = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn';
  const digest = `sha256:${'a'.repeat(64)}`;
  harbour.simulator.images.tag(`${repository}:latest`, digest);
  const image = aws(
    'Source',
    'ECR',
    { RepositoryName: 'churn' },
    { inputArtifacts: [], outputArtifacts: [{ name: 'Image' }] },
  );
  const { stages = [] } = pipelineWith([[ship('Ship', { inputArtifacts: [{ name: 'Image' }] })]]);
  await harbour.start([], { stages: [{ name: 'Source', actions: [image] }, ...stages.slice(1)] });
  expect((await newest())?.output?.outputVariables).toEqual({
    RegistryId: '111122223333',
    RepositoryName: 'churn',
    ImageTag: 'latest',
    ImageDigest: digest,
    ImageURI: `${repository}@${digest}`,
  });
  const { data } = await harbour.take();
  const location = data?.inputArtifacts?.[0]?.location?.s3Location;
  const artifact = harbour.simulator.objects.get(location?.bucketName ?? '', location?.objectKey ?? '');
  const detail = readZip(artifact?.body ?? Buffer.alloc(0)).get('imageDetail.json');
  expect(JSON.parse(String(detail))).toMatchObject({ Version: '1.0', ImageURI: `${repository}@${digest}` });
});

test('an image without the tag fails the source', async () => {
  const image = aws(
    'Source',
    'ECR',
    { RepositoryName: 'churn', ImageTag: 'v9' },
    { inputArtifacts: [], outputArtifacts: [{ name: 'Image' }] },
  );
  const { stages = [] } = pipelineWith([[ship('Ship')]]);
  await harbour.start([], { stages: [{ name: 'Source', actions: [image] }, ...stages.slice(1)] });
  expect(await failure()).toMatchObject({ message: "The image with tag 'v9' does not exist in repository 'churn'" });
});

test.each<[string, Action, RegExp]>([
  [
    'an action of AWS that nothing plays',
    aws('Compute', 'Commands', {}),
    /not simulated: the action type Compute\/AWS\/Commands\/1/,
  ],
  [
    'an encrypted deployment',
    aws('Deploy', 'S3', { BucketName: 'b', Extract: 'true', CannedACL: 'private' }),
    /not simulated: KMSEncryptionKeyARN, CannedACL or CacheControl/,
  ],
  ['a deployment without a key', aws('Deploy', 'S3', { BucketName: 'b', Extract: 'false' }), /needs ObjectKey/],
  [
    'a deployment that may be extracted',
    aws('Deploy', 'S3', { BucketName: 'b', Extract: 'yes' }),
    /is not one of true, false/,
  ],
  [
    'an input of no kind',
    aws('Invoke', 'StepFunctions', { StateMachineArn: machine, InputType: 'Stream' }),
    /is not one of Literal, FilePath/,
  ],
  [
    'a file of no artifact',
    aws(
      'Invoke',
      'StepFunctions',
      { StateMachineArn: machine, InputType: 'FilePath', Input: 'a' },
      { inputArtifacts: [] },
    ),
    /needs Input and an input artifact/,
  ],
  [
    'a build without a source',
    aws('Build', 'CodeBuild', { ProjectName: 'dock' }, { inputArtifacts: [] }),
    /declares 0 input artifacts/,
  ],
  [
    'another region',
    aws('Build', 'CodeBuild', { ProjectName: 'dock' }, { region: 'us-east-1' }),
    /not simulated: the region us-east-1 of action Work/,
  ],
])('%s is refused', async (_name, action, expected) => {
  expect(await refusalOf(harbour.start([[action]]))).toMatch(expected);
});

test('an action may name its own region', async () => {
  const own = aws('Build', 'CodeBuild', { ProjectName: 'dock' }, { region: 'eu-west-1' });
  expect(await refusalOf(harbour.start([[own]]))).toBeUndefined();
});
