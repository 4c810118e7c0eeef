import { hours, minutes } from '../../clock.ts';
import { openPipeline, type PipelineRun } from '../pipeline.ts';
import type { ReportedRelease, Stage } from '../stage.ts';
import { delivered, inProduction, intoTheCanary, isEnd, type Require, type Scenario } from './scenario.ts';

/** 1.0.0 serves, and from now on a pipeline delivers. */
const withPipeline = async (stage: Stage, require: Require) => {
  await inProduction(stage, require);
  return openPipeline(stage);
};

const writes = ({ ending }: ReportedRelease, operation: string): number =>
  ending?.requests.filter((request) => request.operation === operation && request.mutation).length ?? 0;

/** Registered, approved by a person, and handed to the deploy stage. */
const toTheDeployStage = async (run: PipelineRun): Promise<void> => {
  await run.approve();
  await run.untilStage('Deploy', 'InProgress');
};

const deliverByPipeline = async (run: PipelineRun): Promise<ReportedRelease> => {
  await toTheDeployStage(run);
  await run.untilEnded();
  return run.end();
};

export const pipelineCanaryGood: Scenario = {
  name: 'pipeline-canary-good',
  about: 'CodePipeline registers, waits for a person, and delivers by canary: one job after another, one turn each.',
  expected: delivered,
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require);
    const worker = pipeline.worker();
    const run = await pipeline.begin('A better version through the pipeline', '1.1.0');
    const release = await deliverByPipeline(run);
    require((await run.status()) === 'Succeeded', 'the execution succeeded');
    require(writes(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is called once');
    const [register, gate, deploy] = release.steps;
    require(register?.outputs['version'] === '1.1.0' &&
      gate?.outputs['reason-code'] === 'approved', 'every action leaves its variables');
    require(deploy?.outputs['endpoint-config'] ===
      release.ending?.after?.endpointConfig, 'the deploy action names the serving configuration');
    require(showsEvidence(stage), 'the gate shows the evidence at each look while it waits');
    require(isPolledSlowly(stage, worker.id), 'no action type is polled more often than every 30 s');
    worker.kill('SIGTERM');
    require((await worker.ended()).code === 0, 'the worker ends on its signal');
    return release;
  },
};

const showsEvidence = ({ simulator }: Stage): boolean => {
  const waits = simulator.requests
    .filter(({ operation }) => operation === 'PutJobSuccessResult')
    .map(({ input }) => JSON.stringify(input))
    .filter((answer) => answer.includes('waits for approval'));
  return waits.length > 1 && waits.every((answer) => answer.includes('Whole evidence: model-delivery approve-gate '));
};

const isPolledSlowly = ({ simulator }: Stage, participant: string): boolean => {
  const polls = new Map<string, number[]>();
  for (const request of simulator.requests) {
    if (request.participant !== participant || request.operation !== 'PollForJobs') continue;
    const type = JSON.stringify(request.input);
    polls.set(type, [...(polls.get(type) ?? []), request.at]);
  }
  return [...polls.values()].every((times) => times.every((at, i) => i === 0 || at - (times[i - 1] ?? 0) >= 30_000));
};

export const pipelineCanaryErrors: Scenario = {
  name: 'pipeline-canary-errors',
  about:
    'A version with 5 % errors goes through the pipeline over a bad line: its alarm takes it back, and the action reports it.',
  expected: { outcome: 'rolled-back', reasonCode: 'alarm' },
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require);
    pipeline.worker();
    const { faults } = stage.simulator;
    for (const operation of ['PutJobSuccessResult', 'PutJobFailureResult'])
      faults.add({ service: 'codepipeline', operation, times: 1, kind: 'answer-lost' });
    const run = await pipeline.begin('A version with 5 % errors through the pipeline', '1.4.0');
    const release = await deliverByPipeline(run);
    require((await run.status()) === 'Failed', 'the execution failed');
    require(release.steps.at(-1)?.outputs['failure-type'] === 'JobFailed', 'the action failed as JobFailed');
    const refused = stage.simulator.requests.filter(({ error }) => error === 'InvalidJobStateException');
    require(refused.length ===
      2, 'the worker repeats a lost answer, CodePipeline refuses the repetition, and no third one follows');
    return release;
  },
};

export const pipelineRollbackStageConverges: Scenario = {
  name: 'pipeline-rollback-stage-converges',
  about:
    'An operator rolls the deploy stage back: the old execution’s deploy runs again, and once more without doing anything.',
  expected: delivered,
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require);
    pipeline.worker();
    const good = await pipeline.begin('A better version through the pipeline', '1.1.0');
    require(isEnd(await deliverByPipeline(good), delivered), 'the better version is delivered');
    const wrong = await pipeline.begin('A version that answers fast and wrong', '1.2.0');
    require(isEnd(await deliverByPipeline(wrong), delivered), 'the wrong version passes bakes that watch only errors');
    const back = await pipeline.rollBack('The deploy stage is rolled back', good);
    await back.untilEnded();
    const release = await back.end();
    const again = await pipeline.rollBack('The deploy stage is rolled back once more', good);
    await again.untilEnded();
    const nothing = await again.end();
    require(isEnd(nothing, {
      outcome: 'succeeded',
      reasonCode: 'already-delivered',
    }), 'a second rollback finds it done');
    require(nothing.ending?.requests.every(({ mutation }) => !mutation) === true, 'and writes nothing');
    return release;
  },
};

export const workerDiesAfterAck: Scenario = {
  name: 'worker-dies-after-ack',
  about:
    'The worker is gone right after it acknowledged a job mid-canary: the action hangs for 24 hours; a retry finds it delivered.',
  expected: delivered,
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require);
    const worker = pipeline.worker();
    const run = await pipeline.begin('A worker dies after an acknowledgement', '1.1.0');
    await toTheDeployStage(run);
    await stage.driver.until(stage.driver.now() + intoTheCanary * 2);
    stage.simulator.faults.add({
      service: 'codepipeline',
      operation: 'AcknowledgeJob',
      times: 1,
      kind: 'call',
      action: () => worker.kill('SIGKILL'),
    });
    require((await worker.ended()).signal === 'SIGKILL', 'the worker dies during a job');
    run.did('sees the worker vanish', 'SIGKILL after it acknowledged a job');
    await stage.driver.until(stage.driver.now() + minutes(40));
    stage.stopTraffic();
    require((await run.untilEnded(hours(25))) === 'Failed', 'CodePipeline gives the action up after 24 hours');
    pipeline.worker();
    await run.retry('Deploy');
    await run.untilEnded();
    const release = await run.end();
    require(writes(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is called once');
    return release;
  },
};

export const workerDiesBeforeToken: Scenario = {
  name: 'worker-dies-before-token',
  about:
    'UpdateEndpoint is carried out and the worker dies before it leaves a token; the operator abandons and retries.',
  expected: delivered,
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require);
    const worker = pipeline.worker();
    stage.simulator.faults.add({
      service: 'sagemaker',
      operation: 'UpdateEndpoint',
      times: 1,
      kind: 'call',
      action: () => worker.kill('SIGKILL'),
    });
    const run = await pipeline.begin('A worker dies before it leaves a token', '1.1.0');
    await toTheDeployStage(run);
    require((await worker.ended()).signal === 'SIGKILL', 'the worker dies with its update under way');
    run.did('sees the worker vanish', 'SIGKILL while UpdateEndpoint was on its way');
    pipeline.worker();
    await stage.driver.until(stage.driver.now() + minutes(5));
    require((await run.status()) === 'InProgress', 'no other worker can take an acknowledged job');
    await run.stop(true);
    await run.retry('Deploy');
    await run.untilEnded();
    const release = await run.end();
    require(writes(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is carried out once');
    return release;
  },
};

export const twoWorkersRace: Scenario = {
  name: 'two-workers-race',
  about: 'Two workers get the same job: the one with the outdated nonce leaves it alone, and nothing is done twice.',
  expected: delivered,
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require);
    pipeline.worker();
    pipeline.worker();
    const run = await pipeline.begin('Two workers, one pipeline', '1.1.0');
    // The first acknowledgement is delayed, so that the other worker also polls the job before either has it.
    stage.simulator.faults.add({ service: 'codepipeline', operation: 'AcknowledgeJob', times: 3, kind: 'throttle' });
    const release = await deliverByPipeline(run);
    const calls = stage.simulator.requests.filter(({ service }) => service === 'codepipeline');
    require(calls.some(({ error }) => error === 'InvalidNonceException'), 'one worker lost the race for a job');
    const owners = new Map(
      calls
        .filter(({ operation, mutation }) => operation === 'AcknowledgeJob' && mutation)
        .map(({ input, participant }) => [(input as JobInput).jobId, participant]),
    );
    const answers = calls.filter(({ operation }) => /^PutJob/.test(operation));
    require(answers.every(
      ({ input, participant }) => owners.get((input as JobInput).jobId) === participant,
    ), 'only the worker that acknowledged a job answers it');
    require(new Set(answers.map(({ input }) => (input as JobInput).jobId)).size ===
      answers.length, 'every job is answered once');
    require(writes(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is called once');
    return release;
  },
};
interface JobInput {
  readonly jobId: string;
}

export const executionStopped: Scenario = {
  name: 'execution-stopped',
  about:
    'An operator stops the execution during the bake: the next job sees it, and SageMaker finishes under the alarms.',
  expected: { outcome: 'cancelled', reasonCode: 'cancelled' },
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require);
    pipeline.worker();
    const run = await pipeline.begin('An execution stopped during the bake', '1.1.0');
    await toTheDeployStage(run);
    await stage.driver.until(stage.driver.now() + intoTheCanary * 2);
    await run.stop(false);
    const stopped = stage.driver.now();
    require((await run.untilEnded()) === 'Stopped', 'the execution stops');
    require(stage.driver.now() - stopped <= minutes(3), 'within a few jobs');
    return run.end();
  },
};

export const tokenTooOld: Scenario = {
  name: 'token-too-old',
  about:
    'A newer version of the workers replaces them mid-canary and returns two hours later: a foreign token does no harm.',
  expected: delivered,
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require);
    const old = pipeline.worker();
    const run = await pipeline.begin('Workers are replaced during the canary', '1.1.0');
    await toTheDeployStage(run);
    await stage.driver.until(stage.driver.now() + intoTheCanary * 2);
    // In the middle of a turn: the job is acknowledged, and its answer comes much later.
    stage.simulator.faults.add({
      service: 'codepipeline',
      operation: 'GetPipelineExecution',
      times: 1,
      kind: 'call',
      action: () => old.kill('SIGTERM'),
    });
    require((await old.ended()).code === 0, 'the old worker ends on its signal');
    const last = stage.simulator.requests.findLast(({ participant }) => participant === old.id);
    require(last?.operation === 'PutJobSuccessResult', 'and answers the job it has first');
    await stage.driver.until(stage.driver.now() + minutes(5));
    // The token of a worker of another version.
    const call = (operation: string, input: object) => stage.simulator.call('codepipeline', operation, input);
    const polled = await call('PollForJobs', { actionTypeId: pipeline.actionType('deploy-endpoint'), maxBatchSize: 1 });
    const [job] = polled['jobs'] as readonly { readonly id: string; readonly nonce: string }[];
    require(job !== undefined, 'the job waits for a worker');
    await call('AcknowledgeJob', { jobId: job?.id, nonce: job?.nonce });
    await call('PutJobSuccessResult', { jobId: job?.id, continuationToken: '{"version":0,"phase":"baking"}' });
    run.did('replaces the workers', 'the token in CodePipeline is of another version');
    await stage.driver.until(stage.driver.now() + hours(2));
    pipeline.worker();
    await run.untilEnded();
    const release = await run.end();
    require(writes(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is called once');
    return release;
  },
};
