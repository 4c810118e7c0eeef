import { type CodedeployHook, codedeployHook } from '../../aws/codedeploy-hook.ts';
import { base } from '../../aws/credentials.ts';
import { describe } from '../../aws/errors.ts';
import { invokeFunction, sendEvent } from '../../aws/lambda-invoke.ts';
import { retrying, Throttled } from '../../aws/retry.ts';
import { signedSender, signedService } from '../../aws/signed.ts';
import { type Clock, type Instant, iso, limitAt, minutes, seconds } from '../../clock.ts';
import type { Env } from '../../env.ts';
import { folder } from '../../inputs/folder.ts';
import { readInputs } from '../../inputs/read-inputs.ts';
import { codeDeployOf } from '../../manifest/load.ts';
import type { AliasEnvironment, LambdaAlias, Manifest, S3Location } from '../../manifest/manifest.ts';
import { nameOfAlias, refuseForeignTarget } from '../../mechanisms/codedeploy/alias.ts';
import { aliasDeploymentOf } from '../../mechanisms/codedeploy/target.ts';
import { Refusal } from '../../operation.ts';
import { sharedInputs } from '../../operations/shared-inputs.ts';
import { oneLine } from '../../plain-text.ts';
import { placedIn, releasesOf } from '../../release/location.ts';
import type { Release, ReleaseRecord } from '../../release/record.ts';
import { storeFor } from '../../release/store.ts';
import { failureOf } from '../../report/failure.ts';
import { InputError } from '../../schema.ts';
import { aliasTest } from '../../scoring/alias-test.ts';
import type { Invoke } from '../../scoring/ask.ts';
import { keepSecretsOf, redacted } from '../../secrets.ts';
import { connectionFrom, type OpenSession, openSession, targetOf } from '../../session/session.ts';
import { type Run, type World, writesOf } from '../../world.ts';
import { chooseClock } from '../clock.ts';
import { drive } from '../drive.ts';
import { processTerminal } from '../terminal.ts';
import { type Answer, type Checkpoint, type Checkpoints, checkpointsOf } from './checkpoint.ts';
import { type Execution, executionIn, lookAtDeployment, type Waiting } from './execution.ts';

/** Of an invocation (Lambda developer guide, "Using the Lambda context object to retrieve Node.js function information"). */
export interface HookContext {
  /** Of the event: the same one when Lambda repeats it after an error. */
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface HookSeams {
  readonly clock?: Clock;
  readonly openSession?: OpenSession;
  readonly say?: (line: string) => void;
}

/** CodeDeploy waits for an hour (user guide, "AppSpec 'hooks' section"). The rest is for the report of a failure. */
const longestTest = minutes(55);
/** Below it no invocation is worth its beginning: a turn may ask for rows for seven minutes. */
const shortestInvocation = minutes(10);
/** Before its end an invocation takes no other turn, and hands over. */
const handOverMs = seconds(90);
/** Before its end it reports a failure, whatever still works. */
const guardMs = seconds(45);
/** The time to put a status is over: Lambda repeats the event. */
const reserveMs = seconds(5);
/** A function may answer for 15 minutes (Lambda quotas); the wait for one row ends sooner. */
const slowestAnswerMs = minutes(5);

/**
 * A lifecycle hook of CodeDeploy: tests the version that the deployment brings against the one that it leaves, and reports a status however
 * that ends. An invocation that runs out of time hands the test over to the next one, by an event to itself.
 * @throws {InputError} for an event that is not of a hook
 * @throws when CodeDeploy did not take the status: Lambda invokes the function with the event again
 */
export const answerHook = async (
  event: unknown,
  context: HookContext,
  env: Env,
  seams: HookSeams = {},
): Promise<void> => {
  keepSecretsOf(env);
  const clock = seams.clock ?? (await chooseClock(env));
  const ends = clock.now() + context.getRemainingTimeInMillis();
  const execution = executionIn(event);
  const print = seams.say ?? ((line: string): void => processTerminal.out(oneLine(redacted(line))));
  const say = (line: string): void => print(`${iso(clock.now())}  ${execution.deployment}  ${line}`);
  const own = ownServices(env, clock);
  const at: Invocation = { execution, clock, env, own, ends, holder: context.awsRequestId, say, seams };
  const answer = await guarded(at, context);
  if (answer === undefined) return;
  say(`${answer.status}: ${answer.because}`);
  await putStatus(at, answer);
};

interface Invocation {
  readonly execution: Execution;
  readonly clock: Clock;
  readonly env: Env;
  readonly own: ReturnType<typeof ownServices>;
  /** The function's time is over then. */
  readonly ends: Instant;
  readonly holder: string;
  readonly say: (line: string) => void;
  readonly seams: HookSeams;
}

const failed = (error: unknown): Answer => {
  const { outcome, reason, because } = failureOf(error);
  return { status: 'Failed', because: `${outcome}/${reason}: ${because}` };
};

/** The answer of the test; a failure for every error, and before the function's time is over. */
const guarded = async (at: Invocation, context: HookContext): Promise<Answer | undefined> => {
  const given = context.getRemainingTimeInMillis();
  if (given < shortestInvocation)
    return failed(
      new InputError(
        `the function has ${Math.floor(given / 1000)} s for an invocation: set its timeout to 900 seconds; a row may take minutes, and nothing was begun`,
      ),
    );
  const limit = limitAt(at.clock, at.ends - guardMs);
  const late = new Promise<Answer>((resolve) => {
    const fail = (): void =>
      resolve({
        status: 'Failed',
        because: 'timed-out/deadline-passed: a call did not end before the time of the function',
      });
    if (limit.signal.aborted) fail();
    limit.signal.addEventListener('abort', fail, { once: true });
  });
  try {
    return await Promise.race([late, tested(at, limit.signal).catch(failed)]);
  } finally {
    limit.release();
  }
};

/** @returns undefined when there is nothing to report now: another invocation works or goes on, or CodeDeploy waits no more */
const tested = async (at: Invocation, signal: AbortSignal): Promise<Answer | undefined> => {
  const { execution, clock, env, say } = at;
  const place = placeOf(env);
  const waiting = await lookAtDeployment(callsOf(at, signal), execution, clock);
  if (waiting === undefined) {
    say('waits for no hook any more');
    return undefined;
  }
  const { manifest, environment, lambda } = place;
  const { role: _own, ...target } = targetOf({ manifest, environment }, 'regression-test');
  const session = await (at.seams.openSession ?? openSession)({
    ...{ target, env, clock, signal, dryRun: false },
    run: runOf(at),
    workspace: folder(process.cwd()),
  });
  const world = session.worldFor(signal);
  const releases = placedIn(releasesOf(place.delivery, session.account), place.delivery);
  const checkpoints = checkpointsOf(world, releases, lambda, execution);
  const before = await checkpoints.read();
  if (before?.checkpoint.answer !== undefined) return before.checkpoint.answer;
  if (before !== undefined && before.checkpoint.holder !== at.holder && before.checkpoint.until > clock.now()) {
    say(`another invocation works on it until ${iso(before.checkpoint.until)}`);
    return undefined;
  }
  const claim: Checkpoint = {
    ...{ schemaVersion: 1, startedAt: clock.now() },
    ...before?.checkpoint,
    ...{ holder: at.holder, until: at.ends },
  };
  const etag = await checkpoints.write(claim, before?.etag);
  if (etag === undefined) {
    say('another invocation began in the same moment');
    return undefined;
  }

  const { release, record } = await releaseOf(place, waiting, at, world);
  const { to } = aliasDeploymentOf(release);
  const deadline = waiting.event.startedAt + longestTest;
  say(
    `${waiting.event.name}: tests version ${to} of ${lambda.function} (${release.version}), until ${iso(deadline)} at the latest`,
  );
  const end = await drive(
    aliasTest,
    {
      ...{ manifest, environment, lambda, release, record, version: release.version },
      // After the shift the version has its users' load, and earlier answers say nothing about that.
      again: waiting.event.name === 'AfterAllowTraffic',
    },
    (turnSignal) => asking(at, session.worldFor(turnSignal), turnSignal),
    {
      deadline: Math.min(deadline, at.ends - handOverMs),
      ...{ dryRun: false, wait: true, signal },
      ...(claim.token === undefined ? {} : { token: claim.token }),
      onPlan: ({ title }) => say(title),
      onProgress: ({ percent, because }) => say(`${percent} % ${because}`),
      onWait: (because, until) => say(`${because}; again at ${iso(until)}`),
    },
  );
  const token = end.token ?? claim.token;
  const kept: Checkpoint = { ...claim, ...(token === undefined ? {} : { token }) };
  if (end.reason === 'deadline-passed' && clock.now() < deadline) {
    // The next invocation is to find no claim.
    if ((await checkpoints.write({ ...kept, until: clock.now() }, etag)) === undefined) return lost(at, checkpoints);
    await handOver(at, signal);
    say('hands over to the next invocation');
    return undefined;
  }
  for (const remark of end.remarks ?? []) say(`warning: ${remark}`);
  if (end.outputs.answers !== undefined) say(`report: ${reportAt(releases, end.outputs.answers)}`);
  const answer: Answer = {
    status: end.outcome === 'succeeded' ? 'Succeeded' : 'Failed',
    because: `${end.outcome}/${end.reason}: ${end.because}`,
  };
  return (await checkpoints.write({ ...kept, answer }, etag)) === undefined ? lost(at, checkpoints) : answer;
};

/** Lambda gave the event twice, and the other invocation took the checkpoint over: it reports, or has done so. */
const lost = async ({ say }: Invocation, checkpoints: Checkpoints): Promise<Answer | undefined> => {
  say('another invocation of the same event went on');
  return (await checkpoints.read())?.checkpoint.answer;
};

/** The object that the report of every regression test is. */
const reportAt = ({ bucket }: S3Location, folderOfAnswers: string): string =>
  `s3://${bucket}/${folderOfAnswers}evaluation.json`;

interface Place {
  readonly manifest: Manifest;
  readonly environment: string;
  readonly lambda: LambdaAlias;
  readonly delivery: AliasEnvironment;
}

/** The manifest lies beside the code, so that the function's code and its rules change together. @throws {InputError} */
const placeOf = (env: Env): Place => {
  const environment = env['MODEL_DELIVERY_ENVIRONMENT'];
  if (!environment)
    throw new InputError(
      'MODEL_DELIVERY_ENVIRONMENT is missing: set this variable of the function to the name of the environment in the manifest',
    );
  const { manifest } = readInputs({ manifest: sharedInputs.manifest }, () => env['MODEL_DELIVERY_MANIFEST']);
  const delivery = codeDeployOf(manifest, environment);
  if (delivery !== undefined && 'lambda' in delivery)
    return { manifest, environment, lambda: delivery.lambda, delivery };
  throw new InputError(
    `MODEL_DELIVERY_ENVIRONMENT: ${environment} is ${delivery === undefined ? 'a SageMaker endpoint' : 'a service of ECS'} in the manifest, and a lifecycle hook belongs to target: lambda-alias`,
  );
};

/**
 * The release that the deployment carries. Its description is a hint (rule 21): the release record must say the same of alias, versions and hooks.
 * @throws {Refusal} `foreign-record`
 */
const releaseOf = async (
  place: Place,
  { description, versions }: Waiting,
  { execution }: Invocation,
  world: World,
): Promise<{ readonly release: Release; readonly record: ReleaseRecord }> => {
  const { lambda } = place;
  const record = (await storeFor(place, world).read())?.record;
  const release = record?.live;
  const refuse = (why: string): never => {
    throw new Refusal('foreign-record', `deployment ${execution.deployment} ${why}; no version is tested by it`);
  };
  if (record === undefined || release === undefined || release.id !== description)
    return refuse(`is of no live release of ${nameOfAlias(lambda)}: deploy by deploy-endpoint`);
  refuseForeignTarget(release, lambda);
  const { from, to } = aliasDeploymentOf(release);
  const { functionName, functionAlias, currentVersion, targetVersion } = versions;
  if (
    (functionName ?? '').split(':').at(-1) !== lambda.function ||
    functionAlias !== lambda.alias ||
    currentVersion !== from ||
    targetVersion !== to
  )
    return refuse(
      `moves ${functionName}:${functionAlias} from version ${currentVersion} to ${targetVersion}, and release ${release.id} moves ${nameOfAlias(lambda)} from ${from} to ${to}`,
    );
  return { release, record };
};

/** The world of a turn, in which models are published versions. */
const asking = ({ own, clock }: Invocation, world: World, signal: AbortSignal): World => {
  const ask = invokeFunction(own.models, { retry: own.retry, signal }, clock);
  const write = writesOf(world);
  const invoke: Invoke = ({ EndpointName, TargetVariant = '', Body }) =>
    ask({ FunctionName: EndpointName, Qualifier: TargetVariant, Payload: Body });
  // Nothing reads another member of its answers.
  const invokeEndpoint = invoke as unknown as typeof write.runtime.invokeEndpoint;
  const runtime: typeof write.runtime = Object.create(write.runtime, { invokeEndpoint: { value: invokeEndpoint } });
  return { ...world, write: Object.create(write, { runtime: { value: runtime } }) };
};

/** As long as there is time: without the next invocation the test has no end. */
const handOver = async ({ execution, own, env, clock, ends }: Invocation, signal: AbortSignal): Promise<void> => {
  const next = { DeploymentId: execution.deployment, LifecycleEventHookExecutionId: execution.id };
  for (;;) {
    try {
      return await sendEvent(own.lambda, { retry: own.retry, signal }, env['AWS_LAMBDA_FUNCTION_NAME'] ?? '', next);
    } catch (error) {
      if (!(error instanceof Throttled) || error.notBefore >= ends - guardMs) throw error;
      await clock.sleepUntil(error.notBefore, signal);
    }
  }
};

/** The function works with its own role alone. */
const ownServices = (env: Env, clock: Clock) => {
  const connection = connectionFrom(env);
  const credentials = base({ ...connection, clock });
  return {
    retry: retrying({ clock, forgetCredentials: credentials.forget }),
    codedeploy: signedService('codedeploy', connection, credentials),
    lambda: signedService('lambda', connection, credentials),
    models: signedService('lambda', connection, credentials, slowestAnswerMs),
  };
};

const callsOf = ({ own }: Pick<Invocation, 'own'>, signal?: AbortSignal): CodedeployHook =>
  codedeployHook(signedSender(own.codedeploy, { retry: own.retry, ...(signal === undefined ? {} : { signal }) }));

/** CodeDeploy has its answer, or wants none: the deployment was stopped, or another invocation reported (API: PutLifecycleEventHookExecutionStatus). */
const needless = [
  'LifecycleEventAlreadyCompletedException',
  'InvalidLifecycleEventHookExecutionIdException',
  'DeploymentDoesNotExistException',
];

const putStatus = async (at: Invocation, { status }: Answer): Promise<void> => {
  const { execution, clock, ends, say } = at;
  const calls = callsOf(at);
  for (;;) {
    try {
      await calls.putLifecycleEventHookExecutionStatus({
        deploymentId: execution.deployment,
        lifecycleEventHookExecutionId: execution.id,
        status,
      });
      return;
    } catch (error) {
      if (error instanceof Error && needless.includes(error.name)) {
        say(`needs no status any more: ${describe(error)}`);
        return;
      }
      if (!(error instanceof Throttled) || error.notBefore > ends - reserveMs) throw error;
      await clock.sleepUntil(error.notBefore);
    }
  }
};

const runOf = ({ execution: { deployment }, env }: Invocation): Run => {
  const { region } = connectionFrom(env);
  return {
    // A function of AWS's, as a job of a pipeline is: no checkout, no person at a terminal.
    host: 'codepipeline',
    holder: `codedeploy/${deployment}`,
    url: `https://${region}.console.aws.amazon.com/codesuite/codedeploy/deployments/${deployment}?region=${region}`,
  };
};
