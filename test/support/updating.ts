import type { MetricAlarm } from '../../src/aws/cloudwatch.ts';
import { type Instant, minutes } from '../../src/clock.ts';
import { mechanismOf } from '../../src/mechanisms/all.ts';
import { supervise } from '../../src/mechanisms/guardrail/supervise.ts';
import { confirmSubmission, submit } from '../../src/mechanisms/submit.ts';
import type { AlarmSpec } from '../../src/metrics/alarms.ts';
import type { JudgeEvidence } from '../../src/release/journal.ts';
import type { GuardedUpdate, Release, Submission } from '../../src/release/record.ts';
import { type Registry, terms } from './approval.ts';
import { type Did, fakeMetrics, type MetricsOptions } from './metrics.ts';
import { configuration, guarded, release } from './release.ts';
import { releaseWorld } from './release-world.ts';
import { nine } from './stepping.ts';
import { turnsOf } from './turns.ts';

/** The answer of DescribeEndpoint; by default the old configuration in service, as before the update. */
export interface Shown {
  readonly status?: string;
  readonly config?: string;
  readonly pending?: string;
  /** SageMaker has reported the bake of a canary since this instant. */
  readonly bakingSince?: Instant;
  /** SageMaker launches the first instances. */
  readonly launching?: true;
  /** StartTime of the deployment. */
  readonly startedAt?: Instant;
  readonly failureReason?: string;
  readonly modifiedAt?: Instant;
  readonly counts?: readonly [current: number, desired: number];
  readonly image?: string;
}

export interface Published {
  readonly variant?: object;
  readonly model?: object;
}

const configOf = ({ variant }: Published): object => ({
  ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: 'm', ...variant }],
});

const missing = (kind: string): Error =>
  Object.assign(new Error(`Could not find ${kind} "churn".`), { name: 'ValidationException' });

const submissionOf = (given: Partial<GuardedUpdate> | Submission = {}): Submission => {
  if ('mechanism' in given && given.mechanism !== 'guardrail') return given as Submission;
  return {
    ...guarded,
    abortAlarm: 'churn-abort',
    deployment: { AutoRollbackConfiguration: { Alarms: [{ AlarmName: ownAlarm }, { AlarmName: 'team' }] } },
    ...(given as Partial<GuardedUpdate>),
  };
};

export const before: Instant = nine - minutes(600);
/** Alarms of the release itself; a team's own is `team`. */
export const ownAlarm = 'churn-1-1-0-errors';
export const [oldConfig, newConfig] = ['churn-1-0-0', 'churn-1-1-0'];

/** An update that was submitted at nine o'clock, or is about to be, ten minutes later. */
export const updating = (options: {
  /** `none`: the endpoint does not exist. */
  readonly shows?: Shown | 'none';
  readonly record?: Partial<Release>;
  /** Members of a guarded update, or another submission whole. */
  readonly submission?: Partial<GuardedUpdate> | Submission;
  readonly now?: Instant;
  /** State of each alarm that exists. */
  readonly alarms?: Readonly<Record<string, string>>;
  readonly registry?: Partial<Registry>;
  /** Definitions of alarms. */
  readonly defined?: Readonly<Record<string, MetricAlarm>>;
  /** Traffic by fleet (`variant`, or `variant/endpointConfig`) and minute. */
  readonly did?: (fleet: string, at: Instant) => Did | undefined;
  readonly metrics?: MetricsOptions;
  /** CloudWatch's answer to every read of a metric. */
  readonly blind?: Error;
  /** SageMaker's answer to the submission. */
  readonly refuses?: Error;
  readonly onRejection?: 'finish';
  /** The content of the candidate's names; `deleted`: its config is gone. By default AWS shows a config without variants. */
  readonly published?: Published | 'deleted';
}) => {
  let now = options.now ?? nine + minutes(10);
  const { published } = options;
  const alarms = options.alarms ?? { [ownAlarm]: 'OK', team: 'OK' };
  const sent: string[] = [];
  const points: Instant[] = [];
  const remarks: string[] = [];
  const evidence: JudgeEvidence[] = [];
  const send = (what: string): object => {
    if (options.refuses) throw options.refuses;
    sent.push(what);
    return {};
  };
  const { world } = releaseWorld(() => now, options.registry, {
    read: {
      sagemaker: {
        describeEndpoint: async () => describedAs(options.shows ?? {}),
        describeEndpointConfig: async () => {
          if (published === 'deleted') throw missing('endpoint configuration');
          return {
            CreationTime: new Date(nine - minutes(1)),
            ...(published ? configOf(published) : {}),
          };
        },
        describeModel: async () => (published === 'deleted' ? {} : (published?.model ?? {})),
      },
      cloudwatch: {
        describeAlarms: async () => ({
          MetricAlarms: Object.entries(alarms).map(([AlarmName, StateValue]) => ({
            ...options.defined?.[AlarmName],
            AlarmName,
            StateValue,
          })),
        }),
        describeAlarmHistory: async () => ({ AlarmHistoryItems: [] }),
        getMetricData: options.blind
          ? async () => {
              throw options.blind;
            }
          : options.did
            ? fakeMetrics(options.did, options.metrics).getMetricData
            : async () => ({ MetricDataResults: [] }),
      },
    },
    write: {
      sagemaker: {
        createEndpoint: async ({ EndpointConfigName = '' }) => send(`create with ${EndpointConfigName}`),
        updateEndpoint: async ({ EndpointConfigName = '' }) => send(`update to ${EndpointConfigName}`),
      },
      cloudwatch: {
        putMetricAlarm: async ({ AlarmName }: AlarmSpec) => {
          sent.push(`alarm ${AlarmName}`);
        },
        putMetricData: async ({ MetricData }: { readonly MetricData: readonly { readonly Timestamp: Date }[] }) => {
          points.push(...MetricData.map(({ Timestamp }) => Timestamp.getTime()));
          sent.push('the order to stop');
        },
      },
    },
  });
  const begun = release({
    phase: 'supervising',
    startedAt: nine - minutes(1),
    lease: { holder: 'run-1', until: now + minutes(10) },
    baseline: configuration('1.0.0'),
    alarms: [ownAlarm],
    witnessed: { submittedAt: nine, modifiedAt: before },
  });
  const held: Release = {
    ...begun,
    candidate: { ...begun.candidate, packageVersion: 7 },
    submission: submissionOf(options.submission),
    ...options.record,
  };
  const {
    turn,
    saved,
    release: current,
  } = turnsOf(held, {
    world,
    approval: options.onRejection ? { ...terms, onRejection: options.onRejection } : terms,
    remark: (sentence) => remarks.push(sentence),
    witness: (one) => evidence.push(one),
  });
  return {
    supervise: () =>
      current().submission.mechanism === 'guardrail'
        ? supervise(turn(), [{ AlarmName: ownAlarm } as AlarmSpec])
        : mechanismOf(current()).observe(turn()),
    submit: () => submit(turn(), {}),
    pass: (later: number) => {
      now += later;
    },
    confirm: () => confirmSubmission(turn()),
    world,
    sent,
    /** Instants of the order to stop. */
    points,
    saved,
    remarks,
    /** Evidence that the judge wrote into the journal. */
    evidence,
    release: current,
  };
};

const describedAs = (shows: Shown | 'none'): object => {
  if (shows === 'none') throw missing('endpoint');
  const { status = 'InService', config = oldConfig, pending, bakingSince, failureReason, counts = [2, 2] } = shows;
  const launching = shows.launching && { CurrentInstanceCount: 0, VariantStatus: [{ Status: 'Creating' }] };
  const variant = {
    VariantName: 'AllTraffic',
    CurrentWeight: 1,
    DesiredWeight: 1,
    CurrentInstanceCount: counts[0],
    DesiredInstanceCount: counts[1],
    ...(shows.image ? { DeployedImages: [{ ResolvedImage: `repo@${shows.image}` }] } : {}),
  };
  const baking = bakingSince && { VariantStatus: [{ Status: 'Baking', StartTime: new Date(bakingSince) }] };
  return {
    EndpointStatus: status,
    EndpointConfigName: config,
    LastModifiedTime: new Date(shows.modifiedAt ?? before),
    ProductionVariants: [variant],
    ...(failureReason ? { FailureReason: failureReason } : {}),
    ...(pending
      ? {
          PendingDeploymentSummary: {
            EndpointConfigName: pending,
            ProductionVariants: [{ ...variant, ...baking, ...launching }],
            ...(shows.startedAt === undefined ? {} : { StartTime: new Date(shows.startedAt) }),
          },
        }
      : {}),
  };
};
