import { type FailureCause, failureCause } from '../../aws/errors.ts';
import type { Instant } from '../../clock.ts';
import type { LiveEndpoint } from '../../endpoint/observe.ts';
import { plural } from '../../judge/amounts.ts';
import { armsOfFleets } from '../../metrics/arms.ts';
import type { Comparison } from '../../metrics/compare-arms.ts';
import { readFleet } from '../../metrics/fleet-metrics.ts';
import { candidateFleet, firstRequestAt, metricDelay } from '../../metrics/traffic.ts';
import type { ReasonCode } from '../../reason-codes.ts';
import type { Release } from '../../release/record.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { UpdateCause } from '../mechanism.ts';
import { wentRed } from '../release-alarms.ts';
import { compareAfterAlarms, type Exposure, excuse } from '../shared-outage.ts';
import type { Turn } from '../turn.ts';

/**
 * `Mechanism.cause` of an update that should deliver a version. An alarm, and a way back without any known cause, may come from an outage
 * of both versions: the numbers of the same minutes decide. Every other cause is proven, or compares the versions itself.
 */
export const whyReturned = async (turn: Turn, live: LiveEndpoint): Promise<UpdateCause> => {
  const red = await redAlarms(turn);
  const { reason, because } = causeFrom(turn, red.names);
  const serves = `${servingNow(turn.release, live)} serves`;
  const { from } = red;
  if ((reason !== 'alarm' && reason !== 'cause-unknown') || from === undefined)
    return { reason, because: `${because}; ${serves}` };
  const complete = live.modifiedAt + metricDelay;
  if (turn.world.clock.now() < complete) return waiting(reason, because, complete);
  const compared = await compareFleets(turn, red.names, { from, to: live.modifiedAt });
  const { abort } = turn.release.witnessed;
  switch (compared.is) {
    case 'unsettled':
      return waiting(reason, because, turn.nextPoll());
    case 'shared':
      // The outage explains the alarms. It does not explain the other reason for which the update was being stopped.
      if (abort !== undefined)
        return {
          reason: abort.why,
          because: `${reasonOfStop(abort)}; ${because} too; ${compared.because}; ${serves}`,
        };
      return {
        reason: 'shared-outage',
        because: `${because}; ${compared.because}; ${excuse(turn.release.version)}; ${serves}`,
      };
    default:
      return { reason, because: `${because}; ${compared.because}; ${serves}` };
  }
};

/** The metrics of the last minutes arrive late. */
const waiting = (reason: ReasonCode, because: string, notBefore: Instant): UpdateCause => ({
  reason,
  because: `${because}; waiting for the metrics of both versions`,
  notBefore,
});

const compareFleets = (turn: Turn, names: readonly string[], exposure: Exposure): Promise<Comparison> => {
  const { world, endpoint, release } = turn;
  const { variant } = release.submission;
  const fleet = (endpointConfig: string) => ({ endpoint, variant, endpointConfig });
  return compareAfterAlarms(
    turn,
    names.filter((name) => name !== abortAlarmOf(release)),
    exposure,
    {
      arms: (latency) => armsOfFleets(world, endpoint, release, latency),
      apart: (latency) => ({
        candidate: (from, to) => readFleet(world, fleet(release.candidate.endpointConfig), latency, from, to),
        baseline: (from, to) => readFleet(world, fleet(release.baseline?.endpointConfig ?? ''), latency, from, to),
      }),
    },
  );
};

const abortAlarmOf = ({ submission }: Release): string | undefined =>
  submission.mechanism === 'guardrail' ? submission.abortAlarm : undefined;

/** The version that serves after an update was taken back. */
export const servingNow = ({ baseline }: Release, live: LiveEndpoint): string =>
  baseline?.version ?? live.endpointConfig;

/** The reason why SageMaker took an update back, without its consequences. */
export const causeOfUpdate = async (turn: Turn): Promise<UpdateCause> => causeFrom(turn, (await redAlarms(turn)).names);

const causeFrom = ({ release, world }: Turn, names: readonly string[]): UpdateCause => {
  const submittedAt = release.witnessed.submittedAt ?? release.startedAt;
  return causeOf({
    release,
    redAlarms: names,
    failureReason: release.witnessed.failureReason,
    elapsedSeconds: (world.clock.now() - submittedAt) / 1000,
  });
};

/** Alarms that went off, and the begin of the candidate's first bake, or its first request. */
interface RedAlarms {
  readonly names: readonly string[];
  readonly from?: Instant;
}

/** The alarms that took the update back: from the record, else the alarms that went off since the candidate's first bake or request. */
const redAlarms = async (turn: Turn): Promise<RedAlarms> => {
  const { witnessed, startedAt, submission } = turn.release;
  // The metrics of one fleet are documented under deployment guardrails only.
  if (submission.mechanism !== 'guardrail') return { names: witnessed.alarms ?? [] };
  const [bake] = witnessed.bakes ?? [];
  const from =
    bake?.startedAt ?? (await firstRequestAt(turn.world, candidateFleet(turn), witnessed.submittedAt ?? startedAt));
  if (witnessed.alarms !== undefined) return { names: witnessed.alarms, ...withoutUndefined({ from }) };
  return from === undefined ? { names: [] } : { names: await wentRed(turn, from), from };
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
  const others = redAlarms.filter((name) => name !== abortAlarmOf(release));
  if (abort !== undefined && others.length === 0) return { reason: abort.why, because: reasonOfStop(abort) };
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

const reasonOfStop = ({ why, because }: NonNullable<Release['witnessed']['abort']>): string =>
  because ??
  (why === 'insufficient-traffic'
    ? 'the candidate received fewer requests than minimum-requests, so it was taken back'
    : 'the update was stopped by hand');
