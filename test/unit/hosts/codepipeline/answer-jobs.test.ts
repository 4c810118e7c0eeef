import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LoggedRequest } from '../../../../simulator/contracts.ts';
import { startSimulator } from '../../../../simulator/simulator.ts';
import { Throttled } from '../../../../src/aws/retry.ts';
import { minutes, seconds } from '../../../../src/clock.ts';
import { actionTypeId, actionTypeOf } from '../../../../src/hosts/codepipeline/action-types.ts';
import { createWorker, type Worker } from '../../../../src/hosts/codepipeline/answer-jobs.ts';
import { Refusal } from '../../../../src/operation.ts';
import type { AnyOperation } from '../../../../src/operations/all.ts';
import { zipOf } from '../../../../src/rehearsal/zip.ts';
import { countingOperation, type FakeEndpoint } from '../../../support/fake-operation.ts';
import { fakeSession } from '../../../support/fake-world.ts';
import { pipelineOf } from '../../../support/pipeline.ts';

type Simulator = Awaited<ReturnType<typeof startSimulator>>;
type Answer = Record<string, unknown>;

const name = 'flock';
let simulator: Simulator;
let fakeEndpoint: FakeEndpoint;
let reported: string[];
let execution: string;

beforeEach(async () => {
  simulator = await startSimulator();
  // The SDK's default credential chain reads the process, whatever environment a worker is given.
  Object.assign(process.env, simulator.environment());
  fakeEndpoint = { count: 0, mutations: [] };
  reported = [];
});
afterEach(() => simulator.close());

const call = (operation: string, input: object): Promise<Answer> => simulator.call('codepipeline', operation, input);
const pass = (ms: number): Promise<void> => simulator.driver.sleepUntil(simulator.clock.now() + ms);

/** A worker whose operation acts on a far side of one number; everything about CodePipeline is the simulator's. */
const workerFor = (operation: AnyOperation = countingOperation(fakeEndpoint)): Worker =>
  createWorker({
    env: simulator.environment(),
    clock: simulator.driver,
    operations: [operation],
    jobsAtOnce: 1,
    say: (line) => reported.push(line),
    openSession: fakeSession(),
  });

/** A pipeline whose one action counts sheep. */
const begin = async (
  configuration: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
) => {
  await call('CreateCustomActionType', actionTypeOf(countingOperation(fakeEndpoint)));
  simulator.objects.put('ml-artifacts', 'source.zip', zipOf(files));
  await call('CreatePipeline', {
    pipeline: pipelineOf(
      { name, bucket: 'ml-artifacts', key: 'source.zip', artifact: 'Field' },
      {
        name: 'Count',
        actionTypeId: actionTypeId('deploy-endpoint'),
        configuration: { subject: 'sheep', ...configuration },
      },
    ),
  });
  const listed = await call('ListPipelineExecutions', { pipelineName: name });
  execution = String((listed['pipelineExecutionSummaries'] as Answer[])[0]?.['pipelineExecutionId']);
};

interface Shown {
  readonly status: string;
  readonly output: {
    readonly outputVariables: Readonly<Record<string, string>>;
    readonly executionResult: {
      readonly externalExecutionSummary?: string;
      readonly errorDetails?: { readonly code: string; readonly message: string };
    };
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
  return `${errorDetails?.code} ${errorDetails?.message}`;
};
const sweepToTheEnd = async (worker: Worker, most = 40): Promise<void> => {
  for (let i = 0; i < most && (await action()).status === 'InProgress'; i++) {
    await worker.sweep();
    await pass(seconds(30));
  }
};
const requested = (...operations: readonly string[]): readonly LoggedRequest[] =>
  simulator.requests.filter(({ operation }) => operations.includes(operation));

describe('a job', () => {
  it('is one turn; its token leads to the next one, until the operation is done', async () => {
    await begin();
    await sweepToTheEnd(workerFor());
    expect(fakeEndpoint.mutations).toEqual(['count 1', 'count 2', 'count 3']);
    const { status, output } = await action();
    expect(status).toBe('Succeeded');
    expect(output.outputVariables).toMatchObject({ counted: '3', outcome: 'succeeded', 'reason-code': 'delivered' });
    expect(JSON.parse(output.outputVariables['result'] ?? '')).toMatchObject({
      'schema-version': 1,
      outcome: 'succeeded',
    });
    expect(JSON.stringify(output.outputVariables)).not.toMatch(/arn:aws|\d{12}/);
    const answers = requested('PutJobSuccessResult').map(
      ({ input }) => input as { readonly continuationToken?: string; readonly executionDetails?: object },
    );
    expect(answers.map(({ executionDetails }) => executionDetails).filter(Boolean)).toEqual([
      { summary: 'planned to count sheep', percentComplete: 0 },
      { summary: 'counted 1 sheep', percentComplete: 30 },
      { summary: 'counted 2 sheep', percentComplete: 60 },
      { summary: 'counted 3 sheep', percentComplete: 90 },
      { summary: 'counted sheep', percentComplete: 100 },
    ]);
    for (const { continuationToken = '' } of answers) expect(continuationToken.length).toBeLessThanOrEqual(2048);
  });

  it('that comes back too early is returned unchanged, before any call', async () => {
    await begin();
    const worker = workerFor();
    for (const pause of [30, 30, 30]) {
      await worker.sweep();
      await pass(seconds(pause));
    }
    // The second turn asked for a minute; the job is back after half of it.
    const before = simulator.requests.length;
    const [, left, handed] = requested('PutJobSuccessResult').map(({ input }) => input as Answer);
    expect(handed).toEqual({ jobId: expect.any(String), continuationToken: left?.['continuationToken'] });
    expect(reported.at(-1)).toMatch(/is not due yet: returned$/);
    const operations = simulator.requests.slice(0, before).map(({ operation }) => operation);
    expect(operations.slice(-3)).toEqual(['PollForJobs', 'AcknowledgeJob', 'PutJobSuccessResult']);
  });

  it('that somebody else has is left alone', async () => {
    await begin();
    const [mine, theirs] = [workerFor(), workerFor()];
    // Between this worker's poll and its acknowledgement the other one polls and acknowledges.
    simulator.faults.add({
      service: 'codepipeline',
      operation: 'AcknowledgeJob',
      times: 1,
      kind: 'call',
      action: () => theirs.sweep(),
    });
    await mine.sweep();
    expect(reported.filter((line) => line.endsWith('another worker has it'))).toHaveLength(1);
    expect(requested('AcknowledgeJob').map(({ error }) => error)).toEqual([undefined, 'InvalidNonceException']);
    expect(requested('PutJobSuccessResult', 'PutJobFailureResult')).toHaveLength(1);
    expect((await action()).status).toBe('InProgress');
  });

  it.each(['throttle', 'server-error'] as const)('that could not be acknowledged (%s) is not touched', async (kind) => {
    await begin();
    simulator.faults.add({ service: 'codepipeline', operation: 'AcknowledgeJob', times: 30, kind });
    await workerFor().sweep();
    expect(reported.at(-1)).toMatch(/not acknowledged, so left alone/);
    expect(requested('PutJobSuccessResult', 'PutJobFailureResult')).toEqual([]);
  });

  it('is answered, however long the answer takes', async () => {
    await begin();
    simulator.faults.add({ service: 'codepipeline', operation: 'PutJobSuccessResult', times: 12, kind: 'throttle' });
    await workerFor().sweep();
    expect(requested('PutJobSuccessResult').filter(({ error }) => error === undefined)).toHaveLength(1);
  });

  it('of an action that was abandoned meanwhile ends quietly', async () => {
    await begin();
    const abandon = () =>
      call('StopPipelineExecution', { pipelineName: name, pipelineExecutionId: execution, abandon: true });
    simulator.faults.add({
      service: 'codepipeline',
      operation: 'PutJobSuccessResult',
      times: 1,
      kind: 'call',
      action: async () => void (await abandon()),
    });
    await workerFor().sweep();
    expect(reported.at(-1)).toMatch(/needs no answer any more/);
  });

  it('with a token of another version begins anew, and the operation finds its way', async () => {
    await begin();
    const worker = workerFor();
    await worker.sweep();
    await pass(seconds(30));
    const polled = await call('PollForJobs', { actionTypeId: actionTypeId('deploy-endpoint') });
    const [job] = polled['jobs'] as readonly { readonly id: string; readonly nonce: string }[];
    await call('AcknowledgeJob', { jobId: job?.id, nonce: job?.nonce });
    await call('PutJobSuccessResult', { jobId: job?.id, continuationToken: '2.zzz.from the future' });
    await pass(seconds(30));
    await sweepToTheEnd(worker);
    expect(fakeEndpoint.mutations).toEqual(['count 1', 'count 2', 'count 3']);
  });
});

describe('an action', () => {
  it('whose execution is stopped settles its release before it does anything else', async () => {
    await begin();
    const worker = workerFor();
    for (let i = 0; i < 3; i++) {
      await worker.sweep();
      await pass(seconds(60));
    }
    await call('StopPipelineExecution', { pipelineName: name, pipelineExecutionId: execution });
    await sweepToTheEnd(worker);
    expect(fakeEndpoint.mutations).toEqual(['count 1', 'count 2', 'stop: cancelled']);
    expect(await failure()).toMatch(/^JobFailed cancelled\/cancelled: stopped at 2\n/);
  });

  it('is out of time by its own timeout, counted from its first job', async () => {
    await begin({ timeout: '2m' });
    await sweepToTheEnd(workerFor());
    expect(fakeEndpoint.mutations).toEqual(['count 1', 'count 2', 'stop: timed-out']);
    expect(await failure()).toMatch(/^JobFailed timed-out\/deadline-passed: /);
  });

  it('that is pending asks again, until its deadline', async () => {
    await begin({ timeout: '5m' });
    let turns = 0;
    const pending: AnyOperation = {
      ...countingOperation(fakeEndpoint),
      advance: async () => {
        turns += 1;
        return {
          is: 'done',
          outcome: 'pending',
          reason: 'approval-pending',
          outputs: {},
          because: 'waits for the shepherd',
        };
      },
    };
    await sweepToTheEnd(workerFor(pending));
    expect(await failure()).toMatch(/^JobFailed pending\/approval-pending: waits for the shepherd\n/);
    expect(turns).toBe(6);
    expect(fakeEndpoint.mutations).toEqual([]);
  });

  it('that AWS throttles goes on later, and spends nothing of its patience', async () => {
    await begin();
    let first = true;
    const operation = countingOperation(fakeEndpoint, {
      before: (_turn, world) => {
        if (!first) return;
        first = false;
        throw new Throttled(world.clock.now() + minutes(2), new Error('Rate exceeded'));
      },
    });
    await sweepToTheEnd(workerFor(operation));
    expect((await action()).status).toBe('Succeeded');
  });

  it.each([
    ['Rate exceeded', {}, /JobFailed timed-out\/deadline-passed: /, minutes(20)],
    ['connect ECONNREFUSED', { code: 'ECONNREFUSED' }, /JobFailed failed\/.*ECONNREFUSED/, minutes(5)],
  ])('that AWS never lets begin (%s) ends, with its cause', async (message, more, expected, after) => {
    await begin({ timeout: '20m' });
    const start = simulator.clock.now();
    const operation = countingOperation(fakeEndpoint, {
      before: (_turn, { clock }) => {
        throw new Throttled(clock.now() + seconds(30), Object.assign(new Error(message), more));
      },
    });
    await sweepToTheEnd(workerFor(operation), 80);
    expect(await failure()).toMatch(expected);
    expect(simulator.clock.now() - start).toBeGreaterThanOrEqual(after);
    expect(simulator.clock.now() - start).toBeLessThan(after + minutes(2));
    expect(fakeEndpoint.mutations.filter((mutation) => mutation.startsWith('count'))).toEqual([]);
  });

  it('that is a dry run writes nothing and succeeds with its plan', async () => {
    await begin({ 'dry-run': 'true' });
    await sweepToTheEnd(workerFor());
    expect(fakeEndpoint.mutations).toEqual([]);
    const { outputVariables } = (await action()).output;
    expect(outputVariables).toMatchObject({ outcome: 'succeeded', 'reason-code': 'planned' });
    expect(JSON.parse(outputVariables['result'] ?? '')).toMatchObject({
      dryRun: true,
      plan: { title: 'count to three' },
    });
  });
});

describe('a failure is typed:', () => {
  const refusing = (thrown: Error) =>
    countingOperation(fakeEndpoint, {
      before: () => {
        throw thrown;
      },
    });
  const aws = (error: string, message: string) =>
    Object.assign(new Error(message), { name: error, call: 'sagemaker:DescribeEndpoint' });

  it.each<[string, Readonly<Record<string, string>>, AnyOperation | undefined, RegExp]>([
    [
      'an input that is not allowed',
      { subject: 'Sheep 7' },
      undefined,
      /^ConfigurationError failed\/invalid-input: subject: "Sheep 7"/,
    ],
    [
      'a timeout CodePipeline does not give',
      { timeout: '24h' },
      undefined,
      /^ConfigurationError failed\/invalid-input: timeout: "24h"/,
    ],
    [
      'what the operation refuses',
      {},
      refusing(new Refusal('unknown-version', 'no such flock')),
      /^ConfigurationError failed\/unknown-version: no such flock\n/,
    ],
    [
      'a missing permission',
      {},
      refusing(
        aws(
          'AccessDeniedException',
          'User: arn:aws:sts::111122223333:assumed-role/x/y is not authorized to perform: sagemaker:DescribeEndpoint on resource: z',
        ),
      ),
      /^PermissionError failed\/access-denied: .*grant sagemaker:DescribeEndpoint/,
    ],
    [
      'another release',
      {},
      refusing(new Refusal('held-by-another-release', 'x is live')),
      /^JobFailed failed\/held-by-another-release: /,
    ],
    ['a defect', {}, refusing(new TypeError('undefined is not a sheep')), /^JobFailed failed\/internal-error: /],
  ])('%s', async (_, configuration, operation, expected) => {
    await begin(configuration);
    await sweepToTheEnd(workerFor(operation));
    expect(await failure()).toMatch(expected);
    expect(await failure()).not.toMatch(/\d{12}/);
    expect(fakeEndpoint.mutations).toEqual([]);
  });
});

it('polls no faster than it is told to, and goes on when an action type is missing', async () => {
  const worker = workerFor();
  await worker.sweep();
  expect(requested('PollForJobs')).toHaveLength(1);
  expect(reported).toEqual([
    expect.stringMatching(/deploy-endpoint {2}no jobs: codepipeline:PollForJobs failed: ActionTypeNotFoundException/),
  ]);
});
