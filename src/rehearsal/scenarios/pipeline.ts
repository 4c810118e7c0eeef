import { regressionPolicy } from '../../../simulator/fixtures/fixtures.ts';
import { hours, minutes } from '../../clock.ts';
import { openPipeline, type PipelineRun, type PipelineWish } from '../pipeline.ts';
import type { ReportedRelease, Stage } from '../stage.ts';
import { delivered, inProduction, intoTheCanary, isEnd, type Require, type Scenario } from './scenario.ts';
import { addTest } from './tested.ts';

/** 1.0.0 serves, and from now on a pipeline delivers. */
const withPipeline = async (stage: Stage, require: Require, wish: PipelineWish = {}) => {
  await inProduction(stage, require);
  return openPipeline(stage, wish);
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
  processes: 'the worker is stopped by a signal',
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

export const pipelineRollbackStage: Scenario = {
  name: 'pipeline-rollback-stage',
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
  processes: 'the worker disappears',
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
  processes: 'the worker disappears',
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
  processes: 'two workers at once',
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
    jobsAreAnsweredOnce(stage, require);
    require(writes(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is called once');
    return release;
  },
};
interface JobInput {
  readonly jobId: string;
}

/** Every job was answered once, by the process that had acknowledged it. */
const jobsAreAnsweredOnce = (stage: Stage, require: Require): void => {
  const calls = stage.simulator.requests.filter(({ service }) => service === 'codepipeline');
  const owners = new Map(
    calls
      .filter(({ operation, mutation }) => operation === 'AcknowledgeJob' && mutation)
      .map(({ input, participant }) => [(input as JobInput).jobId, participant]),
  );
  const answers = calls.filter(({ operation }) => /^PutJob/.test(operation));
  require(answers.length > 0 &&
    answers.every(
      ({ input, participant }) => owners.get((input as JobInput).jobId) === participant,
    ), 'only the worker that acknowledged a job answers it');
  require(new Set(answers.map(({ input }) => (input as JobInput).jobId)).size ===
    answers.length, 'every job is answered once');
};

export const pipelineGithubFlow: Scenario = {
  name: 'pipeline-github-flow',
  about:
    'The start of an action wakes the Lambda function: register, regression test, manual approval, gate, canary; no process waits between its turns.',
  expected: delivered,
  processes: 'a process for each event',
  play: async (stage, require) => {
    await inProduction(stage, require);
    addTest(stage, regressionPolicy('iris', 'not-worse'));
    const pipeline = await openPipeline(stage, { tests: true, asks: true });
    const woken = pipeline.wakeFunction();
    const run = await pipeline.begin('A better version from a merge to its last request', '1.1.0');
    await run.approve();
    require((await run.status()) ===
      'InProgress', 'the approval in the registry alone does not pass the manual approval');
    await run.answer('Approved');
    const approved = stage.driver.now();
    require((await run.untilEnded()) === 'Succeeded', 'the execution succeeded');
    woken.stop();
    const release = await run.end();
    require(release.steps.map(({ outputs }) => outputs['reason-code']).join() ===
      'registered,regression-passed,approved,delivered', 'the actions end one after another, each as it should');
    const deploy = release.steps.at(-1);
    require(deploy !== undefined && deploy.started.at >= approved, 'nothing is deployed before the approval');
    require(writes(release, 'UpdateEndpoint') === 1, 'UpdateEndpoint is called once');
    require(woken.invocations.every(({ exit }) => exit?.code === 0), 'no invocation of the function fails');
    require(lastedShortly(stage, woken.invocations), 'no invocation lasts longer than a turn');
    jobsAreAnsweredOnce(stage, require);
    return release;
  },
};

/** From its first request to its last one. */
const lastedShortly = ({ simulator }: Stage, invocations: readonly { readonly id: string }[]): boolean =>
  invocations.every(({ id }) => {
    const own = simulator.requests.filter(({ participant }) => participant === id);
    return (own.at(-1)?.at ?? 0) - (own[0]?.at ?? 0) <= minutes(9);
  });

export const duplicateEvents: Scenario = {
  name: 'duplicate-events',
  about:
    'EventBridge delivers each event three times, late and out of order, while the schedule wakes the function, too: every job is done once.',
  expected: delivered,
  settings: { eventCopies: 3, eventJitterMs: 90_000 },
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require);
    const woken = pipeline.wakeFunction();
    // Some acknowledgements are delayed, so that another invocation polls the same job before either has it.
    stage.simulator.faults.add({ service: 'codepipeline', operation: 'AcknowledgeJob', times: 12, kind: 'throttle' });
    const started = stage.driver.now();
    const run = await pipeline.begin('Every event comes three times', '1.1.0');
    const release = await deliverByPipeline(run);
    woken.stop();
    const scheduled = Math.floor((stage.driver.now() - started) / minutes(1));
    // One STARTED event for each of the three actions.
    require(woken.invocations.length >= scheduled + 9, 'each event woke the function three times');
    const calls = stage.simulator.requests.filter(({ service }) => service === 'codepipeline');
    require(calls.some(({ error }) => error === 'InvalidNonceException'), 'one invocation lost the race for a job');
    require(woken.invocations.every(({ exit }) => exit?.code === 0), 'no invocation fails for that');
    jobsAreAnsweredOnce(stage, require);
    require(writes(release, 'CreateModelPackage') === 1 &&
      writes(release, 'UpdateEndpoint') === 1, 'the version is registered once and deployed once');
    return release;
  },
};

export const approvalParallelMode: Scenario = {
  name: 'approval-parallel-mode',
  about:
    'Two executions in PARALLEL mode wait for their approvals side by side: each answer reaches its own execution, and only the approved version is delivered.',
  expected: delivered,
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require, { mode: 'PARALLEL', asks: true });
    pipeline.worker();
    const other = await pipeline.begin('A version that nobody wants', '1.2.0');
    await other.untilStage('Approve', 'InProgress');
    const run = await pipeline.begin('A better version beside it', '1.1.0');
    await run.approve();
    require((await other.status()) === 'InProgress', 'the first execution does not hold the second one up');
    await run.answer('Approved');
    await run.untilStage('Deploy', 'InProgress');
    await other.answer('Rejected');
    require((await other.untilEnded()) === 'Failed', 'the rejected execution fails');
    require((await run.untilEnded()) === 'Succeeded', 'the approved one succeeds');
    const release = await run.end();
    const deployed = stage.simulator.requests.filter(
      ({ operation, mutation }) => operation === 'UpdateEndpoint' && mutation,
    );
    require(deployed.length === 1, 'one of the two versions is deployed');
    return release;
  },
};

export const doubleRollback: Scenario = {
  name: 'double-rollback',
  about:
    'SageMaker takes a version with 5 % errors back, and CodePipeline then rolls the failed stage back, too: its deploy of the older version finds it serving and writes nothing.',
  expected: { outcome: 'succeeded', reasonCode: 'already-delivered' },
  play: async (stage, require) => {
    const pipeline = await withPipeline(stage, require, { rollsBack: true });
    pipeline.worker();
    const good = await pipeline.begin('A better version through the pipeline', '1.1.0');
    require(isEnd(await deliverByPipeline(good), delivered), 'the better version is delivered');
    const bad = await pipeline.begin('A version with 5 % errors through the pipeline', '1.4.0');
    await toTheDeployStage(bad);
    require((await bad.untilEnded()) === 'Failed', 'the execution of the bad version fails');
    const back = await pipeline.ownRollBack('CodePipeline rolls the deploy stage back');
    require(isEnd(await bad.end(), { outcome: 'rolled-back', reasonCode: 'alarm' }), 'SageMaker took the version back');
    require((await back.untilEnded()) === 'Succeeded', 'the rollback of the stage succeeds');
    const release = await back.end();
    require(release.version === '1.1.0', 'it deploys the older version');
    require(release.ending?.requests.every(({ mutation }) => !mutation) === true, 'and writes nothing');
    return release;
  },
};

/** Together more than the 122,880 bytes that CodePipeline takes of an action's variables; each within SageMaker's limits. */
const longNames = (letter: string): readonly string[] =>
  Array.from({ length: 100 }, (_, i) => `${letter.repeat(1000)}${i}`);

const variablesOf = (names: readonly string[]): string =>
  `environment: { ${names.map((one) => `${one}: "1"`).join(', ')} }`;

export const variablesTooLarge: Scenario = {
  name: 'variables-too-large',
  about:
    'A plan of two hundred long lines is larger than all variables of an action may be: the action leaves its result out, keeps the others, and ends once.',
  expected: { outcome: 'succeeded', reasonCode: 'planned' },
  play: async (stage, require) => {
    const instance = 'instance: { type: ml.m5.large, count: 4 }';
    stage.writeManifest({ endpoint: [instance, variablesOf(longNames('a'))] });
    const pipeline = await withPipeline(stage, require, { plans: true });
    stage.writeManifest({ endpoint: [instance, variablesOf(longNames('b'))] });
    pipeline.worker();
    const first = await pipeline.begin('A version that is registered and approved', '1.1.0');
    require(isEnd(await deliverByPipeline(first), variablesTooLarge.expected), 'the first execution plans it');
    // Nothing is left to register: the execution that is judged writes nothing.
    const run = await pipeline.begin('Every variable of the container would be replaced', '1.1.0');
    require((await run.untilEnded()) === 'Succeeded', 'the execution succeeded');
    const release = await run.end();
    const outputs = release.steps.at(-1)?.outputs ?? {};
    require(outputs['result'] === undefined, 'the result is left out');
    require(outputs['outcome'] === 'succeeded' &&
      outputs['reason-code'] === 'planned', 'the other variables are there');
    const calls = stage.simulator.requests.filter(({ service }) => service === 'codepipeline');
    require(calls.every(({ error }) => error === undefined), 'CodePipeline refuses nothing');
    jobsAreAnsweredOnce(stage, require);
    return release;
  },
};

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
  processes: 'the worker is stopped by a signal',
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
