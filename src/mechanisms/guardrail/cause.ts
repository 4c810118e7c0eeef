import { type FailureCause, failureCause } from '../../aws/errors.ts';
import { plural } from '../../judge/amounts.ts';
import type { ReasonCode } from '../../reason-codes.ts';
import type { Release } from '../../release/record.ts';

/** Why an update was taken back, and the sentence that says how that is known. */
export interface Cause {
  readonly reason: ReasonCode;
  readonly because: string;
}

interface Evidence {
  readonly release: Release;
  /** Every alarm of the deployment that was seen in ALARM, or entered it, since the update was submitted. */
  readonly redAlarms: readonly string[];
  readonly failureReason: string | undefined;
  readonly elapsedSeconds: number;
}

/**
 * FailureReason is free text that can be stale, vanish, or say nothing (reference/sagemaker.md §2.7, §2.8): it is matched by
 * prefix for the few causes AWS documents, and never needed for an alarm, which is proven by the alarm's own state.
 */
export const causeOf = ({ release, redAlarms, failureReason, elapsedSeconds }: Evidence): Cause => {
  const { abort } = release.witnessed;
  const others = redAlarms.filter((name) => name !== release.submission.abortAlarm);
  if (abort !== undefined && others.length === 0)
    return { reason: abort.why, because: abort.because ?? abortSentence(abort.why) };
  if (others.length > 0)
    return { reason: 'alarm', because: `${plural(others.length, 'alarm')} ${others.join(', ')} went off` };
  const told = failureReason === undefined ? '' : `: ${failureReason}`;
  const named = byFailureCause[failureCause(failureReason ?? '')];
  if (named !== undefined) return { reason: named, because: `SageMaker took the update back${told}` };
  // Only a guarded update was given a limit.
  if (release.submission.deployment !== undefined && elapsedSeconds >= release.submission.timeoutSeconds)
    return {
      reason: 'deployment-timeout',
      because: `the update took longer than its limit of ${release.submission.timeoutSeconds} s${told}`,
    };
  return {
    reason: 'cause-unknown',
    because: `the endpoint serves the old configuration again, and ${failureReason === undefined ? 'SageMaker gives no reason' : `nothing confirms the reason that SageMaker gives${told}`}`,
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
