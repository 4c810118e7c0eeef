import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSimulator } from '../../../../simulator/simulator.ts';
import { Throttled } from '../../../../src/aws/retry.ts';
import { minutes, seconds } from '../../../../src/clock.ts';
import {
  answerPatience,
  createWorker,
  longestJob,
  type Worker,
} from '../../../../src/hosts/codepipeline/answer-jobs.ts';
import { type InvokedJob, invokedJob, readInvokedJob } from '../../../../src/hosts/codepipeline/invoked-job.ts';
import { longestTurn } from '../../../../src/hosts/codepipeline/job-turn.ts';
import { answerEvent } from '../../../../src/hosts/codepipeline/job-worker.ts';
import { InputError } from '../../../../src/schema.ts';
import { countingOperation, type FakeEndpoint } from '../../../support/fake-operation.ts';
import { fakeSession } from '../../../support/fake-world.ts';
import { pipelineOf } from '../../../support/pipeline.ts';

// Jobs of Lambda invoke actions, over HTTP with the simulator's CodePipeline; the function is this process.

type Simulator = Awaited<ReturnType<typeof startSimulator>>;
type Answer = Record<string, unknown>;

const name = 'flock';
const before = { ...process.env };
let simulator: Simulator;
let endpoint: FakeEndpoint;
let reported: string[];
let events: object[];
let execution: string;

beforeEach(async () => {
  simulator = await startSimulator();
  // The SDK's default credential chain reads the process, whatever environment a worker is given.
  Object.assign(process.env, simulator.environment());
  endpoint = { count: 0, mutations: [] };
  reported = [];
  events = [];
  simulator.functions.define('delivery', async (event) => void events.push(event));
});
afterEach(async () => {
  process.env = { ...before };
  await simulator.close();
});

const call = (operation: string, input: object): Promise<Answer> => simulator.call('codepipeline', operation, input);
const pass = (ms: number): Promise<void> => simulator.driver.sleepUntil(simulator.clock.now() + ms);

const openWorker = (): Worker =>
  createWorker({
    env: simulator.environment(),
    clock: simulator.driver,
    operations: [countingOperation(endpoint)],
    jobsAtOnce: 1,
    say: (line) => reported.push(line),
    openSession: fakeSession(),
  });

const parameters = {
  operation: 'deploy-endpoint',
  subject: 'sheep',
  pipeline: name,
  execution: '#{codepipeline.PipelineExecutionId}',
};

const begin = async (userParameters: string | undefined = JSON.stringify(parameters)): Promise<void> => {
  simulator.objects.put('ml-artifacts', 'source.zip', Buffer.from('field'));
  await call('CreatePipeline', {
    pipeline: pipelineOf(
      { name, bucket: 'ml-artifacts', key: 'source.zip', artifact: 'Field' },
      {
        name: 'Count',
        actionTypeId: { category: 'Invoke', owner: 'AWS', provider: 'Lambda', version: '1' },
        configuration: {
          FunctionName: 'delivery',
          ...(userParameters === '' ? {} : { UserParameters: userParameters }),
        },
      },
    ),
  });
  const listed = await call('ListPipelineExecutions', { pipelineName: name });
  execution = String((listed['pipelineExecutionSummaries'] as Answer[])[0]?.['pipelineExecutionId']);
  await pass(0);
};

interface Shown {
  readonly status: string;
  readonly output: {
    readonly outputVariables: Readonly<Record<string, string>>;
    readonly executionResult: { readonly errorDetails?: { readonly code: string; readonly message: string } };
  };
}
const action = async (): Promise<Shown> => {
  const listed = await call('ListActionExecutions', { pipelineName: name });
  const [latest] = listed['actionExecutionDetails'] as readonly Shown[];
  if (latest === undefined) throw new Error('nothing began');
  return latest;
};
const failure = async (): Promise<string> => {
  const { errorDetails } = (await action()).output.executionResult;
  return `${errorDetails?.code} ${errorDetails?.message.split('\n')[0]}`;
};

const nextJob = (): InvokedJob => {
  const job = invokedJob(events.shift());
  if (job === undefined) throw new Error('the function has no event');
  return job;
};
const toTheEnd = async (worker: Worker): Promise<void> => {
  for (let i = 0; i < 40 && (await action()).status === 'InProgress'; i++) {
    if (events.length > 0) await worker.answer(nextJob());
    await pass(seconds(30));
  }
};

describe('the job of a Lambda invoke action', () => {
  it('is one turn; its token comes with the next event, until the operation is done', async () => {
    await begin();
    await toTheEnd(openWorker());
    expect(endpoint.mutations).toEqual(['count 1', 'count 2', 'count 3']);
    const { status, output } = await action();
    expect(status).toBe('Succeeded');
    expect(output.outputVariables).toMatchObject({ counted: '3', outcome: 'succeeded', 'reason-code': 'delivered' });
    const operations = new Set(
      simulator.requests.filter(({ service }) => service === 'codepipeline').map(({ operation }) => operation),
    );
    expect([...operations].sort()).toEqual(['GetPipelineExecution', 'ListActionExecutions', 'PutJobSuccessResult']);
    expect(reported[0]).toMatch(/deploy-endpoint {2}job [0-9a-f-]{36} {2}0 % planned to count sheep$/);
  });

  it('takes YAML as well', async () => {
    await begin(
      `{operation: deploy-endpoint, subject: sheep, pipeline: ${name}, execution: '#{codepipeline.PipelineExecutionId}'}`,
    );
    await toTheEnd(openWorker());
    expect((await action()).status).toBe('Succeeded');
  });

  it.each([
    [
      'no parameters',
      '',
      /^ConfigurationError failed\/invalid-input: UserParameters is missing; expected YAML such as /,
    ],
    ['no YAML', '{operation: [}', /^ConfigurationError failed\/invalid-input: UserParameters: /],
    ['no map', 'deploy-endpoint', /UserParameters: not a map; expected YAML such as \{operation: deploy-endpoint/],
    ['no operation', JSON.stringify({ ...parameters, operation: undefined }), /UserParameters: operation is missing/],
    ['no pipeline', JSON.stringify({ ...parameters, pipeline: undefined }), /UserParameters: pipeline is missing/],
    ['no execution', JSON.stringify({ ...parameters, execution: undefined }), /UserParameters: execution is missing/],
    [
      'an unknown operation',
      JSON.stringify({ ...parameters, operation: 'deploy' }),
      /UserParameters: operation "deploy" is not one of deploy-endpoint$/,
    ],
    [
      'an unknown input',
      JSON.stringify({ ...parameters, subjct: 'goats' }),
      /^ConfigurationError failed\/invalid-input: .*subjct/,
    ],
    [
      'the key of custom actions',
      JSON.stringify({ ...parameters, 'further-inputs': '{pace: fast}' }),
      /UserParameters: further-inputs is a key of custom actions; write its inputs beside the others/,
    ],
  ])('with %s fails as a wrong configuration, and nothing changes', async (_what, userParameters, expected) => {
    await begin(userParameters);
    await openWorker().answer(nextJob());
    expect(await failure()).toMatch(expected);
    expect(endpoint.mutations).toEqual([]);
  });

  it('of a pipeline that does not exist fails, and nothing changes', async () => {
    await begin(JSON.stringify({ ...parameters, pipeline: 'herd' }));
    await openWorker().answer(nextJob());
    expect(await failure()).toMatch(/^JobFailed failed\/.*herd/);
    expect(endpoint.mutations).toEqual([]);
  });

  it.each([
    ['for another subject', { subject: 'wolves' }, {}],
    ['with files of another bucket', {}, { bucketName: 'wolves' }],
    ['without its files', {}, undefined],
  ])('that CodePipeline does not know, %s, is refused, and nothing changes', async (_what, other, at) => {
    await begin();
    const worker = openWorker();
    const known = nextJob();
    const data = known.data as {
      readonly actionConfiguration: { readonly configuration: { readonly UserParameters: string } };
      readonly inputArtifacts: readonly { readonly location: { readonly s3Location: object } }[];
    };
    const written = data.actionConfiguration.configuration.UserParameters;
    // Byte for byte the same where only the files differ.
    const asked = 'subject' in other ? JSON.stringify({ ...JSON.parse(written), ...other }) : written;
    const forged = ({
      id,
      data: { continuationToken },
    }: {
      id: string;
      data: { continuationToken?: string };
    }): InvokedJob => ({
      ...known,
      id,
      data: {
        ...data,
        ...(continuationToken === undefined ? {} : { continuationToken }),
        actionConfiguration: { configuration: { UserParameters: asked } },
        inputArtifacts:
          at === undefined
            ? []
            : data.inputArtifacts.map(({ location, ...artifact }) => ({
                ...artifact,
                location: { ...location, s3Location: { ...location.s3Location, ...at } },
              })),
      },
    });
    // The list may lag behind the start of an action: the first job is looked at once more.
    await worker.answer(forged({ id: known.id, data: {} }));
    expect(reported.at(-1)).toMatch(
      /waiting for AWS \(execution \S+ of pipeline flock has no running Lambda invoke action with these parameters and artifacts\)/,
    );
    await pass(seconds(30));
    const next = nextJob();
    await worker.answer(forged({ id: next.id, data: next.data as { continuationToken: string } }));
    expect(await failure()).toMatch(
      /^ConfigurationError failed\/invalid-input: UserParameters: execution \S+ of pipeline flock has no running Lambda invoke action/,
    );
    expect(endpoint.mutations).toEqual([]);
  });

  it('notices before its turn that the execution is stopped', async () => {
    await begin();
    const worker = openWorker();
    await worker.answer(nextJob());
    await pass(seconds(30));
    await worker.answer(nextJob());
    expect(endpoint.mutations).toEqual(['count 1']);
    await call('StopPipelineExecution', { pipelineName: name, pipelineExecutionId: execution, abandon: false });
    await pass(minutes(1));
    await worker.answer(nextJob());
    expect(await failure()).toMatch(/^JobFailed cancelled\/cancelled: /);
    expect(endpoint.mutations).not.toContain('count 2');
  });

  it('that is delivered twice is answered once', async () => {
    await begin();
    const worker = openWorker();
    const job = nextJob();
    await worker.answer(job);
    await worker.answer(job);
    expect(reported.at(-1)).toMatch(/needs no answer any more: the action was stopped, or has its answer$/);
    await pass(seconds(30));
    await toTheEnd(worker);
    expect(endpoint.mutations).toEqual(['count 1', 'count 2', 'count 3']);
    expect((await action()).status).toBe('Succeeded');
  });

  it('that is delivered again after its answer takes no turn beside the next one', async () => {
    await begin();
    const worker = openWorker();
    const first = nextJob();
    const turns = () => simulator.requests.filter(({ operation }) => operation === 'GetPipelineExecution').length;
    await worker.answer(first);
    await pass(seconds(30));
    const second = nextJob();
    await worker.answer(first);
    expect([turns(), endpoint.mutations]).toEqual([1, []]);
    expect(reported.at(-1)).toMatch(/deploy-endpoint {2}job \S+ {2}needs no answer any more: .* has its answer$/);
    await worker.answer(second);
    expect([turns(), endpoint.mutations]).toEqual([2, ['count 1']]);
    await pass(minutes(2));
    for (const repeated of [first, second]) await worker.answer(repeated);
    expect([turns(), endpoint.mutations]).toEqual([2, ['count 1']]);
    await toTheEnd(worker);
    expect(endpoint.mutations).toEqual(['count 1', 'count 2', 'count 3']);
  });

  it('is worked on although the list of actions lags behind its token', async () => {
    await begin();
    const worker = openWorker();
    await worker.answer(nextJob());
    const listed = await call('ListActionExecutions', { pipelineName: name });
    await pass(seconds(30));
    await worker.answer(nextJob());
    await pass(minutes(2));
    const job = readInvokedJob(nextJob(), [countingOperation(endpoint)], simulator.environment());
    // With the next job's token, though the list is that of the first answer.
    const known = await job.confirm({ listActionExecutions: async () => listed as never }, simulator.driver);
    expect(known?.pipelineContext?.action?.name).toBe('Count');
  });

  it('whose answer CodePipeline does not take in time is left to the next invocation by Lambda', async () => {
    await begin();
    simulator.faults.add({ service: 'codepipeline', operation: 'PutJobSuccessResult', times: 1000, kind: 'throttle' });
    const began = simulator.clock.now();
    await expect(openWorker().answer(nextJob())).rejects.toThrow(Throttled);
    expect(simulator.clock.now() - began).toBeLessThanOrEqual(minutes(5));
  });

  it('has its turn and its answer within the 15 minutes of a function', () => {
    expect(longestTurn + answerPatience).toBeLessThanOrEqual(longestJob);
    expect(longestJob).toBeLessThan(minutes(15));
  });

  it('whose turn took long is answered within the time of the function', async () => {
    await begin();
    const slow = createWorker({
      env: simulator.environment(),
      clock: simulator.driver,
      operations: [countingOperation(endpoint)],
      jobsAtOnce: 1,
      say: (line) => reported.push(line),
      openSession: async (options) => {
        await simulator.driver.sleepUntil(simulator.clock.now() + minutes(11));
        return fakeSession()(options);
      },
    });
    simulator.faults.add({ service: 'codepipeline', operation: 'PutJobSuccessResult', times: 1000, kind: 'throttle' });
    const began = simulator.clock.now();
    await expect(slow.answer(nextJob())).rejects.toThrow(Throttled);
    expect(simulator.clock.now() - began).toBeLessThanOrEqual(longestJob);
  });

  it('never has its credentials in a log or in an answer', async () => {
    await begin();
    const job = nextJob();
    const { artifactCredentials } = job.data as { readonly artifactCredentials: Readonly<Record<string, string>> };
    expect(Object.keys(artifactCredentials).sort()).toEqual(['accessKeyId', 'secretAccessKey', 'sessionToken']);
    await openWorker().answer({ ...job, data: { ...(job.data as object), continuationToken: 7 } });
    expect(await failure()).toMatch(
      /^ConfigurationError failed\/invalid-input: the job's continuationToken does not match/,
    );
    for (const secret of Object.values(artifactCredentials)) {
      expect(reported.join('\n')).not.toContain(secret);
      expect(JSON.stringify(simulator.requests.map(({ input }) => input))).not.toContain(secret);
    }
  });
});

describe('an event of the function', () => {
  it.each([
    {},
    null,
    undefined,
    { 'CodePipeline.job': null },
    { 'CodePipeline.job': { id: 7 } },
    { source: 'aws.codepipeline' },
  ])('%j is no job: it wakes a sweep', async (event) => {
    let sweeps = 0;
    const worker = { sweep: async () => void sweeps++, answer: () => Promise.reject(new Error('there is no job')) };
    await answerEvent(event, {}, async () => worker);
    expect(sweeps).toBe(1);
  });

  it('with a job is answered also when the function has wrong variables; Lambda need not invoke it again', async () => {
    await begin();
    const event = events.shift();
    const wrong = () => Promise.reject(new InputError('MODEL_DELIVERY_OPERATIONS: "deploy" is not an operation'));
    await answerEvent(event, simulator.environment(), wrong);
    expect(await failure()).toMatch(/^ConfigurationError failed\/invalid-input: MODEL_DELIVERY_OPERATIONS: "deploy"/);
    await expect(answerEvent({}, simulator.environment(), wrong)).rejects.toThrow(InputError);
  });
});
