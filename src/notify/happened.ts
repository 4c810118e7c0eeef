import { type Instant, iso } from '../clock.ts';
import { percent } from '../judge/amounts.ts';
import type { NotifyEvent } from '../manifest/notify.ts';
import type { Outcome } from '../outcome.ts';
import type { Bake, Configuration, Release } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** An event of a release, as its record shows it: any run, on any machine, finds the same events. */
export interface Happened {
  /** Names the event within the release: `step-taken-2`. */
  readonly key: string;
  readonly event: NotifyEvent;
  readonly at: Instant;
  /** After `churn 1.4.0, production: `. */
  readonly title: string;
  readonly text: string;
  /** The candidate's share of the traffic, 0–1, where the record has it. */
  readonly share?: number;
}

/** Everything that happened so far, in the order in which it is told. */
export const happenings = (release: Release, endpoint: string): readonly Happened[] => {
  const steps = [...stepsOf(release, endpoint), ...bakesOf(release, endpoint), ...shiftOf(release, endpoint)];
  const back = steps.filter(({ share }) => share === 0);
  return [
    begun(release, endpoint),
    ...steps.filter((step) => !back.includes(step)),
    ...verdictsOf(release),
    ...back,
    ...ended(release),
  ];
};

const nameOf = ({ version, endpointConfig }: Configuration): string => version ?? endpointConfig;

const begun = ({ operation, version, baseline, candidate, startedAt, why }: Release, endpoint: string): Happened => {
  const before = baseline && nameOf(baseline);
  const title = { 'deploy-endpoint': 'delivery', 'shift-traffic': 'shift of the traffic', rollback: 'rollback' }[
    operation
  ];
  const text = {
    'deploy-endpoint': `The delivery of ${version} to ${endpoint} began. ${before === undefined ? 'Nothing serves there yet.' : `${before} serves there now.`}`,
    'shift-traffic': `The traffic of ${endpoint} begins to go to ${version}${before === undefined ? '' : `, from ${before}`}.`,
    rollback: `The rollback of ${endpoint} to ${nameOf(candidate)} began${before === undefined ? '' : `; ${before} serves there now`}${why === undefined ? '' : `: ${why}`}.`,
  }[operation];
  return { key: 'begun', event: 'begun', at: startedAt, title: `${title} began`, text };
};

/** Shares that the endpoint has shown: one that was only commanded may not arrive. */
const stepsOf = ({ stepping, version }: Release, endpoint: string): readonly Happened[] =>
  (stepping?.moves ?? []).flatMap(({ from, until, seen, share }, index) =>
    until === undefined && seen !== true
      ? []
      : [
          {
            ...step(index, until ?? from),
            share,
            title: share === 0 ? 'no traffic any more' : `${percent(share)} of the traffic`,
            text:
              share === 0
                ? `${version} has no traffic of ${endpoint} any more; the version before has all of it.`
                : `${version} has ${percent(share)} of the traffic of ${endpoint}.`,
          },
        ],
  );

/** SageMaker moves the traffic of these by its own timer; a look finds each fleet that bakes. */
const bakesOf = ({ submission, witnessed, version, candidate }: Release, endpoint: string): readonly Happened[] =>
  submission.mechanism !== 'guardrail'
    ? []
    : (witnessed.bakes ?? []).map((bake, index) => {
        const share = shareOf(bake, submission.deployment, candidate.instanceCount);
        const amount =
          share === undefined
            ? 'a part of the traffic'
            : share === 1
              ? 'all traffic'
              : `about ${percent(share)} of the traffic`;
        return {
          ...step(index, bake.startedAt),
          title: amount,
          text: `The fleet of ${version} has ${amount} of ${endpoint}, and bakes until ${iso(bake.endsAt)}.`,
          ...withoutUndefined({ share }),
        };
      });

/** A linear or rolling update has several parts, and a look may miss one: then their number says nothing about the share. */
const shareOf = (
  { stage }: Bake,
  deployment: Readonly<Record<string, unknown>>,
  instanceCount: number,
): number | undefined => {
  if (stage === 'full') return 1;
  const { TrafficRoutingConfiguration: routing } = (deployment['BlueGreenUpdatePolicy'] ?? {}) as {
    readonly TrafficRoutingConfiguration?: {
      readonly CanarySize?: { readonly Type?: string; readonly Value?: number };
    };
  };
  const { Type, Value } = routing?.CanarySize ?? {};
  if (Value === undefined) return undefined;
  return Type === 'CAPACITY_PERCENT' ? Value / 100 : instanceCount > 0 ? Value / instanceCount : undefined;
};

const shiftOf = ({ submission, witnessed, version }: Release, endpoint: string): readonly Happened[] =>
  submission.mechanism !== 'codedeploy' || witnessed.shiftingAt === undefined
    ? []
    : [
        {
          ...step(0, witnessed.shiftingAt),
          title: 'traffic moves',
          text: `CodeDeploy moves the traffic of ${endpoint} to ${version}.`,
        },
      ];

const step = (index: number, at: Instant): Pick<Happened, 'key' | 'event' | 'at'> => ({
  key: `step-taken-${index + 1}`,
  event: 'step-taken',
  at,
});

/** A decision that changes the course of the release. Until then the judge only goes on. */
const verdictsOf = ({
  stepping,
  submission,
  witnessed,
  takenBack,
  startedAt,
  version,
}: Release): readonly Happened[] => {
  const { state, verdict } = stepping ?? {};
  const judgedAt = verdict?.at ?? startedAt;
  const found: Happened[] = [];
  if (state?.is === 'retiring' || state?.is === 'promoted')
    found.push({
      ...verdictOf('promote', judgedAt),
      // A person may have commanded it before the judge was sure.
      title: verdict?.decision === 'promote' ? 'proven' : 'keeps all traffic',
      text: `${version} keeps all traffic: ${verdict?.decision === 'promote' ? verdict.because : 'its last bake is over'}.`,
    });
  const back = (at: Instant, because: string): void =>
    void found.push({
      ...verdictOf('take-back', at),
      title: 'is taken back',
      text: `${version} is taken back: ${because}.`,
    });
  const { abort, alarms = [] } = witnessed;
  if (state?.is === 'returning' || state?.is === 'returned') back(judgedAt, state.because);
  else if (takenBack !== undefined) back(startedAt, takenBack.because);
  else if (abort !== undefined) back(abort.at, abort.because ?? abort.why);
  else if (submission.mechanism === 'guardrail' && alarms.length > 0)
    back(startedAt, `${alarms.join(', ')} in ALARM, and SageMaker returns the traffic`);
  return found;
};

const verdictOf = (which: 'promote' | 'take-back', at: Instant): Pick<Happened, 'key' | 'event' | 'at'> => ({
  key: `verdict-${which}`,
  event: 'verdict',
  at,
});

const words: Readonly<Record<Outcome, string>> = {
  succeeded: 'succeeded',
  pending: 'pending',
  'rolled-back': 'rolled back',
  rejected: 'rejected',
  inconclusive: 'inconclusive',
  'timed-out': 'timed out',
  cancelled: 'stopped',
  failed: 'failed',
};

/** The outcome is final once it is recorded; the cleanup after it cannot change it. */
const ended = ({
  operation,
  outcome,
  reason,
  because,
  concludedAt,
  endedAt,
  startedAt,
}: Release): readonly Happened[] => {
  if (outcome === undefined) return [];
  const title =
    outcome !== 'succeeded' ? words[outcome] : reason === 'candidate-dark' ? 'up without traffic' : done[operation];
  const at = concludedAt ?? endedAt ?? startedAt;
  return [{ key: 'ended', event: 'ended', at, title, text: `${because ?? words[outcome]}.` }];
};

const done = { 'deploy-endpoint': 'delivered', 'shift-traffic': 'promoted', rollback: 'restored' } as const;
