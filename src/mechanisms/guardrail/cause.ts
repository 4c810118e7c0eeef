import { type FailureCause, failureCause } from '../../aws/errors.ts';
import type { LiveEndpoint } from '../../endpoint/observe.ts';
import { plural } from '../../judge/amounts.ts';
import { candidateFleet, firstRequestAt } from '../../metrics/traffic.ts';
import type { ReasonCode } from '../../reason-codes.ts';
import type { Release } from '../../release/record.ts';
import type { UpdateCause } from '../mechanism.ts';
import { watchedAlarms, wentRed } from '../release-alarms.ts';
import type { Turn } from '../turn.ts';

/** `Mechanism.cause` of an update that should deliver a version. */
export const whyReturned = async (turn: Turn, live: LiveEndpoint): Promise<UpdateCause> => {
  const { reason, because } = await causeOfUpdate(turn);
  return { reason, because: `${because}; ${servingNow(turn.release, live)} serves` };
};

/** The version that serves after an update was taken back. */
export const servingNow = ({ baseline }: Release, live: LiveEndpoint): string =>
  baseline?.version ?? live.endpointConfig;

/** The reason why SageMaker took an update back, without its consequences. */
export const causeOfUpdate = async (turn: Turn): Promise<UpdateCause> => {
  const { release, world } = turn;
  const submittedAt = release.witnessed.submittedAt ?? release.startedAt;
  return causeOf({
    release,
    redAlarms: await redAlarms(turn),
    failureReason: release.witnessed.failureReason,
    elapsedSeconds: (world.clock.now() - submittedAt) / 1000,
  });
};

/** The alarms that took the update back: from the record, else the alarms that went off since the candidate's first bake or request. */
const redAlarms = async (turn: Turn): Promise<readonly string[]> => {
  const { witnessed, startedAt } = turn.release;
  if (witnessed.alarms !== undefined) return witnessed.alarms;
  if (watchedAlarms(turn).length === 0) return [];
  const [bake] = witnessed.bakes ?? [];
  const exposed =
    bake?.startedAt ?? (await firstRequestAt(turn.world, candidateFleet(turn), witnessed.submittedAt ?? startedAt));
  return exposed === undefined ? [] : wentRed(turn, exposed);
};

interface Evidence {
  readonly release: Release;
  /** Every alarm of the deployment that was seen in ALARM, or entered it, since the update was submitted. */
  readonly redAlarms: readonly string[];
  readonly failureReason: string | undefined;
  readonly elapsedSeconds: number;
}

/**
 * FailureReason is free text. It can be stale, vanish, or be empty of meaning (reference/sagemaker.md §2.7, §2.8). It is matched by
 * prefix for the few causes that AWS documents. An alarm does not need it: the alarm's own state is the proof.
 */
export const causeOf = ({ release, redAlarms, failureReason, elapsedSeconds }: Evidence): UpdateCause => {
  const { abort } = release.witnessed;
  const guarded = release.submission.mechanism === 'guardrail' ? release.submission : undefined;
  const others = redAlarms.filter((name) => name !== guarded?.abortAlarm);
  if (abort !== undefined && others.length === 0)
    return { reason: abort.why, because: abort.because ?? abortSentence(abort.why) };
  if (others.length > 0)
    return { reason: 'alarm', because: `${plural(others.length, 'alarm')} ${others.join(', ')} went off` };
  const given = failureReason === undefined ? '' : `: ${failureReason}`;
  const named = byFailureCause[failureCause(failureReason ?? '')];
  if (named !== undefined) return { reason: named, because: `SageMaker took the update back${given}` };
  // Only a guarded update has a limit.
  if (guarded !== undefined && elapsedSeconds >= guarded.timeoutSeconds)
    return {
      reason: 'deployment-timeout',
      because: `the update took longer than its limit of ${guarded.timeoutSeconds} s${given}`,
    };
  return {
    reason: 'cause-unknown',
    because: `the endpoint serves the old configuration again, and ${failureReason === undefined ? 'SageMaker gives no reason' : `SageMaker's reason is not confirmed${given}`}`,
  };
};

const byFailureCause: Readonly<Partial<Record<FailureCause, ReasonCode>>> = {
  'health-check': 'health-check',
  'container-start': 'health-check',
  'artifact-download': 'health-check',
  capacity: 'capacity-rolled-back',
  quota: 'capacity-rolled-back',
};

const abortSentence = (why: ReasonCode): string =>
  why === 'insufficient-traffic'
    ? 'the candidate received fewer requests than minimum-requests, so it was taken back'
    : 'the update was stopped by hand';
