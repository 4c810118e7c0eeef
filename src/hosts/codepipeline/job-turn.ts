import type { Codepipeline, JobData } from '../../aws/codepipeline.ts';
import { classify, isUnreachable } from '../../aws/errors.ts';
import { AnswerLost, serviceOf, Throttled } from '../../aws/retry.ts';
import { type Clock, type Instant, iso, minutes, seconds } from '../../clock.ts';
import type { Env } from '../../env.ts';
import { longestJobSeconds } from '../../inputs/common-inputs.ts';
import { writeMemory } from '../../memory.ts';
import type { AbortReason } from '../../operation.ts';
import type { AnyOperation } from '../../operations/all.ts';
import { reasonCodes } from '../../reason-codes.ts';
import { failureOf } from '../../report/failure.ts';
import { accountsIn, type Result, scrubbed, withRemarks } from '../../report/result.ts';
import { connectionFrom, type OpenSession, openSession, type Target, targetOf } from '../../session/session.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { Run, Workspace } from '../../world.ts';
import { abortToEnd, type Ended, takeTurn, withinLimit } from '../drive.ts';
import { wireOutputs } from '../operation-run.ts';
import { unreachedPatience } from '../patience.ts';
import { pipelineRun } from '../run.ts';
import { artifactFiles } from './artifacts.ts';
import { continued, ended, evidenceText, failed, type JobAnswer, type JobState } from './job-answer.ts';
import { readJobData } from './job-data.ts';
import { readJobInputs } from './job-inputs.ts';
import { type JobToken, readToken, writeToken } from './job-token.ts';

export interface JobPlace {
  readonly env: Env;
  readonly clock: Clock;
  /** Undefined for a turn that no pipeline asks for. */
  readonly calls: Pick<Codepipeline, 'getPipelineExecution'> | undefined;
  readonly openSession?: OpenSession;
  /** The job as CodePipeline knows it, for a job that came by an event; undefined when it has its answer. */
  readonly confirm?: () => Promise<JobData | undefined>;
  /** For a turn that no pipeline asks for: its files in place of artifacts, and its run. */
  readonly instead?: { readonly run: Run; files(signal: AbortSignal): Workspace };
}

/** A person takes minutes to approve; one request a minute does not burden the registry. */
const pendingPause = minutes(1);
const throttledPause = seconds(30);
/** The limit of one turn. A Lambda function ends after 15 minutes (AWS: Lambda quotas), and the answer needs time, too. */
export const longestTurn = minutes(9);
/** Settling may take several jobs. CodePipeline's 24 hours leave an hour after the longest timeout. */
const settlePatience = minutes(30);

/**
 * One turn of an operation for one acknowledged job. The token contains everything that the next job needs. Another worker, of another
 * version, may get that job. Never throws.
 * @returns undefined for a job that has its answer
 */
export const answerJob = async (
  operation: AnyOperation,
  given: unknown,
  place: JobPlace,
): Promise<JobAnswer | undefined> => {
  let data: JobData;
  try {
    data = readJobData(given);
  } catch (error) {
    return failed(failureOf(error), undefined);
  }
  const now = place.clock.now();
  const brought = believed(readToken(data.continuationToken), now);
  // It is not time yet: this comes before any call to AWS.
  if (brought && data.continuationToken && now < brought.notBefore) return continued(data.continuationToken);
  const token = brought ?? { notBefore: now, startedAt: now, isPending: false, percent: 0 };
  let about: About = { subject: undefined };
  try {
    return await takeJobTurn(operation, data, token, place, (found) => {
      about = found;
    });
  } catch (error) {
    const cause = hopeless(error, token, place.clock) ?? error;
    const again = lookAgainAt(cause, place.clock);
    if (again === undefined) return failed(failureOf(cause), about.subject, about.account);
    const { message } = cause instanceof Error ? cause : new Error(String(cause));
    const { deadline = token.startedAt + longestJobSeconds * 1000, ...known } = about;
    const now = place.clock.now();
    // The work that was begun still has to be settled: the next job tries.
    if (now >= deadline + (token.memory === undefined ? 0 : settlePatience))
      return failed(
        {
          outcome: 'timed-out',
          reason: 'deadline-passed',
          because: `${serviceOf(cause)} could not be reached at the end: ${message}`,
        },
        known.subject,
        known.account,
      );
    const next = { ...token, notBefore: now < deadline ? Math.min(again, deadline) : again };
    return goesOn(next, place, {
      summary: `waiting for ${serviceOf(cause)} (${message}); goes on at ${iso(again)}`,
      percent: token.percent,
      evidence: token.evidence,
      ...known,
    });
  }
};

const goesOn = (next: JobToken, { confirm }: JobPlace, state: JobState): JobAnswer =>
  continued(writeToken(next), { ...state, goesOnAt: confirm && next.notBefore });

/** A token is a hint. A token that would let the action wait beyond its life, or that comes from the future, is ignored. */
const believed = (token: JobToken | undefined, now: Instant): JobToken | undefined =>
  token !== undefined && token.notBefore <= now + longestLife && token.startedAt <= now + clocksDiffer
    ? token
    : undefined;
/** AWS ends a custom action after 24 hours. */
const longestLife = minutes(24 * 60);
/** Largest difference between the clocks of two workers. */
const clocksDiffer = minutes(5);

/** The facts about a job that are known so far. */
type About = Pick<JobState, 'subject' | 'account'> & { readonly deadline?: Instant };

/** The error of a job that cannot reach AWS. Before anything is begun, the job does not wait for it until the deadline. */
const hopeless = (error: unknown, token: JobToken, clock: Clock): unknown =>
  error instanceof Throttled &&
  token.memory === undefined &&
  isUnreachable(error.cause) &&
  clock.now() - token.startedAt >= unreachedPatience
    ? error.cause
    : undefined;

/** DESIGN §7 rule 11: throttling never spends the failure budget. The next turn looks for the effect of a lost answer. */
const lookAgainAt = (error: unknown, clock: Clock): Instant | undefined => {
  if (error instanceof Throttled) return error.notBefore;
  // This turn's own limit: nothing else aborts it.
  if (classify(error) === 'aborted') return clock.now() + throttledPause;
  return error instanceof AnswerLost ? clock.now() + throttledPause : undefined;
};

/**
 * A turn that has begun is finished and answered, whatever happens to the worker: no other worker can take an acknowledged job. Only an
 * answer by AWS that never ends is cut off, or the job would never be answered.
 */
const takeJobTurn = (
  operation: AnyOperation,
  data: JobData,
  token: JobToken,
  place: JobPlace,
  found: (about: About) => void,
): Promise<JobAnswer | undefined> =>
  withinLimit(place.clock, place.clock.now() + longestTurn, undefined, (signal) =>
    answerWithin(signal, operation, data, token, place, found),
  );

const answerWithin = async (
  signal: AbortSignal,
  operation: AnyOperation,
  given: JobData,
  token: JobToken,
  place: JobPlace,
  found: (about: About) => void,
): Promise<JobAnswer | undefined> => {
  const { clock, env } = place;
  const data = place.confirm ? await place.confirm() : given;
  if (data === undefined) return undefined;
  const { run, workspace } = place.instead
    ? { run: place.instead.run, workspace: place.instead.files(signal) }
    : { run: runOf(data, env), workspace: artifactFiles(data, { env, clock, signal }) };
  const { inputs, common } = await readJobInputs(operation, data, workspace);
  const target = targetOf(inputs, operation.name);
  const subject = subjectOf(inputs, target);
  const deadline = token.startedAt + seconds(common.timeout);
  found({ subject, deadline });
  const session = await (place.openSession ?? openSession)({
    target,
    env,
    run,
    workspace,
    clock,
    dryRun: common['dry-run'],
    signal,
  });
  const account = session.account.id;
  found({ subject, account, deadline });

  const goOn = (next: Partial<JobToken>, summary: string): JobAnswer => {
    const percent = Math.max(token.percent, next.percent ?? 0);
    const evidence = next.evidence ?? token.evidence;
    const left = { ...token, isPending: false, ...next, percent, ...withoutUndefined({ evidence }) };
    return goesOn(left, place, { summary, percent, subject, account, evidence });
  };
  const resultOf = ({ outcome, reason, because, outputs, plan, findings, remarks }: Ended<object>): Result =>
    scrubbed(
      {
        'schema-version': 1,
        operation: operation.name,
        outcome,
        reason,
        because,
        outputs: wireOutputs(operation.outputs, outputs),
        ...withoutUndefined({ plan, findings }),
        ...(remarks?.length ? { remarks } : {}),
        dryRun: common['dry-run'],
        startedAt: iso(token.startedAt),
        endedAt: iso(clock.now()),
      },
      account,
      target.registry?.account,
      target.elsewhere?.account,
      ...accountsIn(inputs),
    );
  const end = (last: Ended<object>): JobAnswer => {
    const result = resultOf(last);
    return ended(result, subject, account, evidenceText(result) ?? token.evidence);
  };

  const why = await stopping(data, token, deadline, place);
  if (why !== undefined) {
    const last = await abortToEnd(operation, inputs, token.memory, why, session.worldFor, common['dry-run'], 0);
    // The next job finds the execution stopped, or the deadline passed, and goes on settling it.
    return last.unsettled && clock.now() < deadline + settlePatience
      ? goOn({ notBefore: clock.now() + throttledPause, ...withoutUndefined({ memory: last.token }) }, last.because)
      : end(last);
  }

  // A dry run has no memory, so that it plans, whatever the token contains.
  const memoryNow = common['dry-run'] ? undefined : token.memory;
  const turn = await takeTurn(operation, inputs, memoryNow, session.worldFor(signal));
  if (turn === 'interrupted')
    return goOn(
      { notBefore: clock.now() + throttledPause },
      'the turn was cut off before its answer ended; it is taken again',
    );
  // The caller reports it, as for the calls before the turn.
  if ('lookAgainAt' in turn) throw turn.error;
  if (turn.is === 'done') {
    if (turn.outcome !== 'pending' || clock.now() >= deadline) return end(turn);
    const evidence = evidenceText(resultOf(turn));
    const notBefore = Math.min(clock.now() + pendingPause, deadline);
    return goOn({ notBefore, isPending: true, ...withoutUndefined({ evidence }) }, turn.because);
  }
  if (turn.plan && token.memory === undefined && !common['dry-run']) await session.refuseShortCredentials(turn.plan);
  if (common['dry-run'])
    return end({
      is: 'done',
      outcome: 'succeeded',
      reason: 'planned',
      outputs: {},
      because: turn.because,
      ...withoutUndefined({ plan: turn.plan }),
    });
  const memory = writeMemory(turn.memory, account);
  const { because, findings } = turn;
  const evidence = evidenceText(resultOf({ ...asked, because, ...withoutUndefined({ findings }) }));
  return goOn(
    { notBefore: Math.min(turn.notBefore, deadline), percent: turn.percent, memory, ...withoutUndefined({ evidence }) },
    withRemarks(turn.because, turn.remarks),
  );
};

/** The result of a turn that waits for people, if it were the last one. */
const asked = {
  is: 'done',
  outcome: reasonCodes['approval-pending'].outcome,
  reason: 'approval-pending',
  outputs: {},
} as const;

/** CodePipeline does not report a stopped execution to its worker, so it is read before every turn: any turn may be irreversible. */
const stopping = async (
  { pipelineContext }: JobData,
  token: JobToken,
  deadline: Instant,
  { calls, clock }: JobPlace,
): Promise<AbortReason | undefined> => {
  const { pipelineName, pipelineExecutionId } = pipelineContext ?? {};
  const answer = await calls?.getPipelineExecution({ pipelineName, pipelineExecutionId });
  const status = answer?.pipelineExecution?.status;
  if (status === 'Stopping' || status === 'Stopped') return 'cancelled';
  return clock.now() >= deadline && !token.isPending ? 'timed-out' : undefined;
};

const runOf = ({ pipelineContext = {}, inputArtifacts = [] }: JobData, env: Env): Run => {
  const revision = inputArtifacts[0]?.revision;
  return pipelineRun({
    region: connectionFrom(env).region,
    pipeline: pipelineContext.pipelineName ?? '',
    execution: pipelineContext.pipelineExecutionId ?? '',
    stage: pipelineContext.stage?.name ?? '',
    action: pipelineContext.action?.name ?? '',
    ...withoutUndefined({ revision }),
  });
};

/** The subject of the action: its endpoint. Only the action types for endpoints have a link with it. */
const subjectOf = (_inputs: unknown, target: Target): string | undefined => target.endpoint?.name;
