import type { DeploymentInfo } from '../../aws/codedeploy.ts';
import { isRefused } from '../../aws/errors.ts';
import { type Instant, iso, minutes, seconds } from '../../clock.ts';
import type { Figures } from '../../judge/verdict.ts';
import { Refusal } from '../../operation.ts';
import type { ReasonCode } from '../../reason-codes.ts';
import type { CodeDeployment, Release } from '../../release/record.ts';
import { judgesWhys } from '../../rollout/event.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { writesOf } from '../../world.ts';
import { lookAtApproval, remarksOf } from '../approval.ts';
import type { UpdateCause } from '../mechanism.ts';
import { statesOf } from '../release-alarms.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { deploymentOf, describeDeployment, groupInfo, isOver } from './deployment.ts';
import { lookAtVersions, readableAt, requestsInShift, toleranceMs } from './judge.ts';
import { alarmsOf, notReady } from './submit.ts';
import { shown, submissionOf, type TargetLook, targetOf } from './target.ts';

/** How long a rollback may be missing after its deployment ended: CodeDeploy creates it as a deployment of its own. */
const rollbackGraceMs = minutes(10);
/** How long a service may take to get steady after its deployment, and to lose the task set before. */
const steadyGraceMs = minutes(10);
/** How long a deployment that has ended waits for a registry that cannot be read. */
const lagMs = minutes(5);

/**
 * One look at the deployment. CodeDeploy moves the traffic by its own timer and takes it back by alarms. The suite stops it when the
 * version loses its approval, when the judge convicts it, by command, or at the rollout's timeout; and it verifies the alias or the service at
 * the end. There is no SDK waiter here: that one gives up after 30 minutes.
 */
export const superviseDeployment = async (turn: Turn): Promise<TurnResult> => {
  const { world, release } = turn;
  const target = targetOf(submissionOf(release));
  // A look at the target from before the deployment's end would show no end.
  world.lookAgain?.();
  const deployment = await deploymentOf(turn);
  if (deployment === undefined)
    return turn.conclude(
      'changed-by-others',
      `CodeDeploy has no deployment ${release.witnessed.deployment ?? ''} of this release`,
    );
  const look = await target.look(world);
  if (look === undefined) return turn.conclude('endpoint-unusable', `there is no ${target.name} any more`);
  if (!isOver(deployment)) return follow(turn, deployment, look);
  return deployment.status === 'Succeeded' ? arrived(turn, deployment, look) : returned(turn, deployment, look);
};

const follow = async (turn: Turn, deployment: DeploymentInfo, look: TargetLook): Promise<TurnResult> => {
  const { world, release } = turn;
  const submission = submissionOf(release);
  const { name, noun } = targetOf(submission);
  const { abort, submittedAt = release.startedAt } = release.witnessed;
  // Announced before, and not carried out yet.
  if (abort !== undefined) return stopDeployment(turn, abort.why, abort.because ?? abort.why);
  const command = release.commands.find(({ command }) => command === 'abort');
  if (command !== undefined)
    return stopDeployment(turn, command.reason ?? 'aborted-by-hand', `${command.by} stopped it: ${command.why}`);
  const approval = await lookAtApproval(turn, true);
  if (approval.is === 'withdrawn') return stopDeployment(turn, 'approval-withdrawn', approval.withdrawal.because);
  const called = calledAt(release);
  if (deployment.status === 'Ready') {
    if (release.operation === 'rollback' || called !== undefined) return goOn(turn, deployment);
    const waitsUntil = await endOfWait(turn);
    if (waitsUntil !== undefined)
      return {
        because: `the new tasks of ${name} run, and ${deployment.deploymentId} waits with the traffic: CodeDeploy stops it when nobody reroutes it by ${iso(waitsUntil)} or before`,
        percent: 45,
        notBefore: turn.nextPoll(),
        waitsUntil,
      };
  }
  const { timeoutSeconds } = submission;
  const now = world.clock.now();
  // The wait for a person is no part of it.
  if (timeoutSeconds !== undefined && now >= (called ?? submittedAt) + seconds(timeoutSeconds))
    return stopDeployment(
      turn,
      'deployment-timeout',
      `the deployment took longer than the rollout's timeout of ${timeoutSeconds / 60} minutes`,
    );
  const { seeing, convicts } = await lookAtVersions(turn, deployment, look);
  if (convicts !== undefined)
    return stopDeployment(seeing, convicts.why ?? 'convicted', convicts.because, convicts.figures);
  await keepLease(seeing);
  const expected = seconds(submission.expectedSeconds);
  const passed = Math.min(1, (now - submittedAt) / Math.max(1, expected));
  return {
    because: [
      `${deployment.deploymentId} is ${deployment.status}; ${name} is on ${shown(look, noun)}`,
      ...remarksOf(approval),
    ].join('; '),
    percent: 15 + Math.floor(70 * passed),
    notBefore: seeing.nextPoll(),
  };
};

/** When `shift-traffic` was called for the release. */
const calledAt = ({ commands }: Release): Instant | undefined =>
  commands.find(({ command }) => command === 'promote-now')?.at;

/** A group may let the traffic wait for a person. @returns undefined for one that goes on by itself */
const endOfWait = async ({ world, release }: Turn): Promise<Instant | undefined> => {
  const submission = submissionOf(release);
  const { blueGreenDeploymentConfiguration: { deploymentReadyOption: option } = {} } = await groupInfo(
    world,
    submission,
    targetOf(submission).platform,
  );
  // API, DeploymentReadyOption. Nothing says since when it waits.
  return option?.actionOnTimeout === 'STOP_DEPLOYMENT'
    ? world.clock.now() + minutes(option.waitTimeInMinutes ?? 0)
    : undefined;
};

/** The traffic waits no longer: `shift-traffic` was called, or it is a way back, which waits for nobody. */
const goOn = async (turn: Turn, { deploymentId = '' }: DeploymentInfo): Promise<TurnResult> => {
  const { world, release } = turn;
  // The shift takes its time from the first call on, however long the traffic has waited.
  const { shiftingAt = world.clock.now() } = release.witnessed;
  await turn.save({ witnessed: { ...release.witnessed, shiftingAt } });
  await writesOf(world)
    .codedeploy.continueDeployment({ deploymentId, deploymentWaitType: 'READY_WAIT' })
    .catch((error: unknown) => {
      // An earlier call arrived, or the deployment ended: the next look shows it.
      if (!(error instanceof Error) || !/^Deployment(IsNotInReadyState|AlreadyCompleted)Exception$/.test(error.name))
        throw error;
    });
  return { because: `rerouting the traffic of ${deploymentId}`, percent: 50, notBefore: turn.nextPoll() };
};

const keepLease = async (turn: Turn): Promise<void> => {
  if (turn.release.lease.until - turn.world.clock.now() < minutes(3)) await turn.save({});
};

/** The record has the reason before the call, so that a later turn knows why the deployment is Stopped. */
export const stopDeployment = async (
  turn: Turn,
  why: ReasonCode,
  because: string,
  figures?: Figures,
): Promise<TurnResult> => {
  const { world, release } = turn;
  const { abort = { at: world.clock.now(), why, because, published: false, ...withoutUndefined({ figures }) } } =
    release.witnessed;
  const announced =
    release.witnessed.abort === undefined ? await turn.save({ witnessed: { ...release.witnessed, abort } }) : turn;
  await keepLease(announced);
  const deployment = await deploymentOf(announced);
  if (deployment?.deploymentId !== undefined && !isOver(deployment))
    await writesOf(world)
      .codedeploy.stopDeployment({ deploymentId: deployment.deploymentId, autoRollbackEnabled: true })
      .catch((error: unknown) => {
        // It ended meanwhile: the next look shows how.
        if (!(error instanceof Error) || error.name !== 'DeploymentAlreadyCompletedException') throw error;
      });
  return { because: `stopping the deployment: ${because}`, percent: 86, notBefore: turn.nextPoll() };
};

const arrived = async (turn: Turn, deployment: DeploymentInfo, look: TargetLook): Promise<TurnResult> => {
  const { world, release } = turn;
  const submission = submissionOf(release);
  const { name: alias, noun } = targetOf(submission);
  const problems = differences(release, look);
  if (problems.length > 0) {
    if (isSettling(submission, look) && world.clock.now() < (deployment.completeTime ?? 0) * 1000 + steadyGraceMs) {
      await keepLease(turn);
      return {
        because: `${deployment.deploymentId} has ended; ${alias}: ${problems.join(', ')}`,
        percent: 87,
        notBefore: turn.nextPoll(),
      };
    }
    const ours = [submission.from, submission.to].includes(look.version);
    return turn.conclude(
      ours ? 'verification-mismatch' : 'changed-by-others',
      `${deployment.deploymentId} succeeded, but ${alias}: ${problems.join(', ')}`,
    );
  }
  if (release.operation === 'rollback')
    return turn.conclude('restored', `${alias} is on ${noun} ${submission.to} (${release.version}), verified`);
  const withdrawn = await withdrawnTooLate(turn, deployment);
  if (withdrawn !== undefined) return withdrawn;
  const tooShort = shortShift(release, deployment);
  if (tooShort !== undefined) return turn.conclude('no-bake', tooShort);
  const judged = await judgedToTheEnd(turn, deployment, look);
  if (judged.is === 'open') return judged.result;
  return judged.seeing.conclude(
    'delivered',
    `${alias} is on ${noun} ${submission.to} (${release.version}), verified${judged.says}`,
  );
};

/** Rule 19: a shift that did not take place proves nothing. Before it the traffic may have waited for `shift-traffic`. */
export const shortShift = (
  release: Pick<Release, 'id' | 'submission' | 'witnessed'>,
  { deploymentId, startTime, completeTime }: DeploymentInfo,
): string | undefined => {
  if (startTime === undefined || completeTime === undefined) return undefined;
  const { shiftSeconds } = submissionOf(release);
  const took = completeTime * 1000 - Math.max(startTime * 1000, release.witnessed.shiftingAt ?? 0);
  return took + toleranceMs < seconds(shiftSeconds)
    ? `${deploymentId} ended ${Math.round(took / 1000)} s after its ${release.witnessed.shiftingAt === undefined ? 'start' : 'shift began'}, but its shifts alone take ${shiftSeconds} s`
    : undefined;
};

/** The judge looked at all minutes of the shift; a conviction that comes too late for a stop is no delivery. */
const judgedToTheEnd = async (
  turn: Turn,
  deployment: DeploymentInfo,
  look: TargetLook,
): Promise<
  | { readonly is: 'open'; readonly result: TurnResult }
  | { readonly is: 'done'; readonly seeing: Turn; readonly says: string }
> => {
  const { release } = turn;
  const { judged } = submissionOf(release);
  if (judged === undefined) return { is: 'done', seeing: turn, says: '' };
  const { abort } = release.witnessed;
  const tooLate = async (seeing: Turn, because: string) => ({
    is: 'open' as const,
    result: await seeing.conclude(
      'convicted-too-late',
      `${because}; ${deployment.deploymentId} had ended, and ${release.version} serves: run rollback`,
    ),
  });
  if (abort !== undefined && judgesWhys.some((why) => why === abort.why))
    return tooLate(turn, abort.because ?? abort.why);
  const { seeing, convicts } = await lookAtVersions(turn, deployment, look);
  if (convicts !== undefined) return tooLate(seeing, convicts.because);
  if (turn.world.clock.now() < readableAt(deployment)) {
    await keepLease(seeing);
    const because = `${deployment.deploymentId} has ended; the judge waits for the metrics of its last minutes`;
    return { is: 'open', result: { because, percent: 88, notBefore: turn.nextPoll() } };
  }
  return { is: 'done', seeing, says: await notJudged(seeing, deployment, look) };
};

/** What a report must not leave out: a judge without anything to judge. */
const notJudged = async (turn: Turn, deployment: DeploymentInfo, look: TargetLook): Promise<string> => {
  const { shiftingAt, blindSince } = turn.release.witnessed;
  if (blindSince !== undefined) return '; the judge could not read its metrics to the end';
  try {
    const seen = shiftingAt === undefined ? 0 : await requestsInShift(turn, look, shiftingAt, deployment);
    return seen === 0 ? '; it had no request during its shift, so the judge had nothing to compare' : '';
  } catch (error) {
    if (!isRefused(error)) throw error;
    return '; the judge could not read its metrics to the end';
  }
};

/** A service is on its revision, and its tasks or the task set before are not yet as they will be. */
const isSettling = ({ kind, from, to }: CodeDeployment, { version, other }: TargetLook): boolean =>
  kind === 'service-deployment' && version === to && (other === undefined || other.version === from);

/** Rule 18. The deployment has ended, so no stop takes it back any more. */
const withdrawnTooLate = async (turn: Turn, deployment: DeploymentInfo): Promise<TurnResult | undefined> => {
  const { world, release } = turn;
  const tooLate = (because: string): Promise<TurnResult> =>
    turn.conclude(
      'withdrawn-too-late',
      `${because}; ${deployment.deploymentId} had ended, and ${release.version} serves: run rollback`,
    );
  const { abort } = release.witnessed;
  if (abort?.why === 'approval-withdrawn') return tooLate(abort.because ?? abort.why);
  const approval = await lookAtApproval(turn, true);
  switch (approval.is) {
    case 'standing':
      return undefined;
    case 'withdrawn':
      return tooLate(approval.withdrawal.because);
    case 'tolerated':
      turn.remark(approval.because);
      return undefined;
    case 'unknown':
      if (approval.refused === undefined && world.clock.now() < (deployment.completeTime ?? 0) * 1000 + lagMs)
        return {
          because: `${deployment.deploymentId} has ended; ${approval.because}`,
          percent: 88,
          notBefore: turn.nextPoll(),
        };
      turn.remark(`${approval.because}; it was approved when the deployment was submitted`);
      return undefined;
  }
};

/** The target's differences from the end of the release. */
export const differences = (release: Release, { version, other, unsettled = [] }: TargetLook): readonly string[] => {
  const submission = submissionOf(release);
  const { noun } = targetOf(submission);
  const { to } = submission;
  return [
    ...(version === to ? [] : [`it is on ${noun} ${version} instead of ${to}`]),
    ...(other === undefined
      ? []
      : [
          `${noun} ${other.version} ${other.weight === undefined ? 'is still up beside it' : 'still gets a part of the requests'}`,
        ]),
    ...unsettled,
  ];
};

/** The deployment failed or was stopped: it is followed until the version before serves again. */
const returned = async (turn: Turn, deployment: DeploymentInfo, look: TargetLook): Promise<TurnResult> => {
  const { world, release } = turn;
  const submission = submissionOf(release);
  const { name: alias, noun } = targetOf(submission);
  const { rollbackDeploymentId: backId } = deployment.rollbackInfo ?? {};
  const back = backId === undefined ? undefined : await describeDeployment(world, backId);
  const isBack = look.version === submission.from && look.other === undefined;
  if (!isBack) {
    const endedAt = back?.completeTime ?? deployment.completeTime ?? 0;
    // The rerouted traffic is first, and the end of the replacement after it.
    const isLeaving =
      submission.kind === 'service-deployment' &&
      look.version === submission.from &&
      back?.status === 'Succeeded' &&
      world.clock.now() < endedAt * 1000 + steadyGraceMs;
    const waits =
      isLeaving ||
      (back === undefined
        ? world.clock.now() < (deployment.completeTime ?? 0) * 1000 + rollbackGraceMs
        : !isOver(back));
    if (waits) {
      await keepLease(turn);
      return {
        because: `${deployment.deploymentId} is ${deployment.status}; ${alias} is on ${shown(look, noun)}, and goes back to ${noun} ${submission.from}`,
        percent: 88,
        notBefore: turn.nextPoll(),
      };
    }
    const failed = back === undefined ? 'was not rolled back' : `was rolled back by ${backId}, which is ${back.status}`;
    const ours = [submission.from, submission.to];
    const byOthers =
      back?.status === 'Succeeded' ||
      ![look.version, ...(look.other === undefined ? [] : [look.other.version])].every((one) => ours.includes(one));
    return turn.conclude(
      byOthers ? 'changed-by-others' : 'rollback-failed',
      `${deployment.deploymentId} is ${deployment.status}, and ${failed}; ${alias} is on ${shown(look, noun)}`,
    );
  }
  // Until its own rollback has ended, the group takes no other deployment.
  if (back !== undefined && !isOver(back)) {
    await keepLease(turn);
    return {
      because: `${alias} is back on ${noun} ${submission.from}; ${backId} is ${back.status}`,
      percent: 89,
      notBefore: turn.nextPoll(),
    };
  }
  const { reason, because } = await causeOf(turn);
  return turn.conclude(reason, because);
};

/** CodeDeploy's error code → the reason code (API: ErrorCode). Codes about the request or the account convict no version. */
const reasons: Readonly<Record<string, ReasonCode>> = {
  ALARM_ACTIVE: 'alarm',
  MANUAL_STOP: 'aborted-by-hand',
  TIMEOUT: 'deployment-timeout',
  HOOK_EXECUTION_FAILURE: 'hook-failed',
  IAM_ROLE_MISSING: 'access-denied',
  IAM_ROLE_PERMISSIONS: 'access-denied',
  INTERNAL_ERROR: 'aws-error',
  INVALID_LAMBDA_CONFIGURATION: 'endpoint-unusable',
  INVALID_LAMBDA_FUNCTION: 'endpoint-unusable',
  INVALID_ECS_SERVICE: 'endpoint-unusable',
  RESOURCE_LIMIT_EXCEEDED: 'quota-exceeded',
  THROTTLED: 'aws-error',
};

/** Why the version before serves again, by the deployment's own words. */
export const causeOf = async (turn: Turn): Promise<UpdateCause> => {
  const { release } = turn;
  const deployment = await deploymentOf(turn);
  const { code = '', message = 'no reason given' } = deployment?.errorInformation ?? {};
  const submission = submissionOf(release);
  const before = `${targetOf(submission).noun} ${submission.from}`;
  const ended = `${deployment?.deploymentId} is ${deployment?.status}: ${code} ${message}`;
  if (release.operation === 'rollback') return { reason: 'restore-failed', because: ended };
  const { abort } = release.witnessed;
  if (abort !== undefined && (code === 'MANUAL_STOP' || code === ''))
    return {
      reason: abort.why,
      because: `${abort.because ?? abort.why}; ${before} serves again, verified`,
    };
  const { hooks = {} } = submission.kind === 'deployment' ? submission : {};
  // CodeDeploy has no words of a hook.
  const log =
    code === 'HOOK_EXECUTION_FAILURE' ? `; the reason is in the log of ${Object.values(hooks).join(', ')}` : '';
  const because = `${ended}${log}; ${before} serves again, verified`;
  const gone = code === 'ALARM_ACTIVE' ? await goneAlarms(turn) : [];
  // CodeDeploy stops a deployment also when it cannot read an alarm, and unknown is never guilty.
  if (gone.length > 0) return { reason: 'cause-unknown', because: `${notReady([], gone)}: ${because}` };
  return { reason: reasons[code] ?? 'cause-unknown', because };
};

/** Alarms of the deployment that do not exist, when none of the others is in ALARM. */
const goneAlarms = async (turn: Turn): Promise<readonly string[]> => {
  try {
    const { watched } = await alarmsOf(turn);
    const { red, gone } = await statesOf(turn.world, watched);
    return red.length > 0 ? [] : gone;
  } catch (error) {
    if (error instanceof Refusal || isRefused(error)) return [];
    throw error;
  }
};

/** The configuration that serves at the end of the release, as one look at its target shows it. */
export const targetAtEnd = async ({ world, release }: Turn): Promise<NonNullable<Release['serving']>> => {
  const submission = submissionOf(release);
  const look = await targetOf(submission).look(world);
  if (look === undefined || look.other !== undefined) return 'unknown';
  if (look.version === submission.to) return 'candidate';
  return look.version === submission.from ? 'baseline' : 'unknown';
};
