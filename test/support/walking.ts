import type { MetricAlarm } from '../../src/aws/cloudwatch.ts';
import { type Instant, minutes } from '../../src/clock.ts';
import type { Rollout } from '../../src/manifest/manifest.ts';
import type { WantedRelease } from '../../src/mechanisms/mechanism.ts';
import type { Turn } from '../../src/mechanisms/turn.ts';
import { lastLook } from '../../src/mechanisms/variants/last-look.ts';
import { abortSteps, walk } from '../../src/mechanisms/variants/walk.ts';
import type { AlarmSpec } from '../../src/metrics/alarms.ts';
import type { JudgeEvidence } from '../../src/release/journal.ts';
import type { ReleasePatch } from '../../src/release/lifecycle.ts';
import type { ManualCommand, Release, Stepping, Witnessed } from '../../src/release/record.ts';
import type { State } from '../../src/rollout/state.ts';
import { withoutUndefined } from '../../src/without-undefined.ts';
import { type Registry, terms } from './approval.ts';
import { type Did, fakeMetrics, type MetricsOptions } from './metrics.ts';
import { configuration, release, secondSwap } from './release.ts';
import { releaseWorld } from './release-world.ts';
import { nine, stepping } from './stepping.ts';
import { awsError } from './stored.ts';
import { turnFrom } from './turns.ts';

export interface Far {
  status: string;
  /** The candidate's. */
  share: number;
  modifiedAt: Instant;
  config: string;
  pending?: string;
  counts: readonly [baseline: number, candidate: number];
  image?: string;
}

const inPlace: Far = {
  status: 'InService',
  share: 0.1,
  modifiedAt: nine + 30_000,
  config: 'churn-dark',
  counts: [4, 4],
};
export const clean = (fleet: string): Did => ({ requests: fleet.endsWith('-next') ? 300 : 2700 });
export const failing = (fleet: string): Did => ({ ...clean(fleet), errors: fleet.endsWith('-next') ? 30 : 1 });

export const manualCommand = (command: ManualCommand['command'], more: Partial<ManualCommand> = {}): ManualCommand => ({
  command,
  by: 'mina',
  why: 'because',
  at: nine,
  ...more,
});

export const refusal = (message: string, name?: string): Error => awsError('sagemaker:Update', message, name);
export const busy = refusal(
  'Cannot update in-progress endpoint "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/churn".',
);

/** A walk over an endpoint with given answers: it collects the sent requests, the saved records and the witnessed verdicts. */
export const walking = (options: {
  readonly far?: Partial<Far>;
  readonly stepping?: Partial<Stepping>;
  readonly did?: (fleet: string, at: Instant) => Did | undefined;
  readonly metrics?: MetricsOptions;
  /** Instance type of what serves; that of the candidate when it is absent. Autoscaling then has a target of two to six instances. */
  readonly servesOn?: string;
  readonly commands?: readonly ManualCommand[];
  readonly refuses?: { readonly weights?: Error; readonly counts?: Error; readonly update?: Error };
  readonly now?: Instant;
  readonly registry?: Partial<Registry>;
  readonly finish?: true;
  /** State of each existing alarm; an error when none can be read. */
  readonly alarms?: Readonly<Record<string, string>> | Error;
  /** Red since then, independently of their present state. */
  readonly wereRed?: readonly string[];
  readonly armed?: readonly AlarmSpec[];
  /** Definitions of alarms. */
  readonly defined?: Readonly<Record<string, MetricAlarm>>;
  readonly witnessed?: Witnessed;
  /** Written into the record between the turn's read of it and its first save. */
  readonly meanwhile?: ManualCommand;
}) => {
  const far: Far = { ...inPlace, ...options.far };
  let now = options.now ?? nine + minutes(12);
  let did = options.did ?? clean;
  const alarms = options.alarms ?? {};
  const sent: (number | string)[] = [];
  const saved: ReleasePatch[] = [];
  const witnessed: JudgeEvidence[] = [];
  const remarks: string[] = [];
  let current: Release = release({
    operation: 'shift-traffic',
    phase: 'stepping',
    baseline: {
      ...configuration('1.0.0'),
      endpointConfig: 'churn-dark',
      ...withoutUndefined({ instanceType: options.servesOn }),
    },
    candidate: { ...configuration('1.1.0'), packageVersion: 7, imageDigest: `sha256:${'5e'.repeat(32)}` },
    lease: { holder: 'run-1', until: now + minutes(10) },
    submission: secondSwap,
    stepping: stepping(options.stepping),
    commands: options.commands ?? [],
    witnessed: options.witnessed ?? {},
  });
  const variant = (VariantName: string, CurrentWeight: number, count: number, image?: string) => ({
    VariantName,
    CurrentWeight,
    DesiredWeight: CurrentWeight,
    CurrentInstanceCount: count,
    DesiredInstanceCount: count,
    ...(image ? { DeployedImages: [{ ResolvedImage: `repo@${image}` }] } : {}),
  });
  let scaled = options.servesOn !== undefined;
  const { world, registry } = releaseWorld(() => now, options.registry, {
    read: {
      autoscaling: {
        describeScalableTargets: async () => ({ ScalableTargets: scaled ? [{ MinCapacity: 2, MaxCapacity: 6 }] : [] }),
        describeScalingPolicies: async () => ({}),
        describeScheduledActions: async () => ({}),
      },
      sagemaker: {
        describeEndpointConfig: async () => ({}),
        describeEndpoint: async () => ({
          EndpointStatus: far.status,
          EndpointConfigName: far.config,
          LastModifiedTime: new Date(far.modifiedAt),
          ...(far.pending ? { PendingDeploymentSummary: { EndpointConfigName: far.pending } } : {}),
          ProductionVariants: [
            variant('AllTraffic', 1 - far.share, far.counts[0]),
            variant('AllTraffic-next', far.share, far.counts[1], far.image),
          ],
        }),
      },
      cloudwatch: {
        ...fakeMetrics((fleet, at) => did(fleet, at), options.metrics),
        describeAlarms: async ({ AlarmNames = [] }: { readonly AlarmNames?: readonly string[] }) => {
          if (alarms instanceof Error) throw alarms;
          const standing: Readonly<Record<string, string>> = alarms;
          return {
            MetricAlarms: AlarmNames.filter((name) => standing[name] !== undefined).map((AlarmName) => ({
              ...options.defined?.[AlarmName],
              AlarmName,
              StateValue: standing[AlarmName],
              StateTransitionedTimestamp: new Date(options.wereRed?.includes(AlarmName) ? nine + minutes(9) : 0),
            })),
          };
        },
        describeAlarmHistory: async ({ AlarmName = '' }: { readonly AlarmName?: string }) => ({
          AlarmHistoryItems: options.wereRed?.includes(AlarmName)
            ? [{ HistoryData: JSON.stringify({ newState: { stateValue: 'ALARM' } }) }]
            : [],
        }),
      },
    },
    write: {
      autoscaling: {
        deregisterScalableTarget: async () => {
          scaled = false;
          sent.push('no autoscaling');
        },
      },
      cloudwatch: {
        putMetricAlarm: async ({ AlarmName = '' }: { readonly AlarmName?: string }) => {
          sent.push(AlarmName);
        },
      },
      sagemaker: {
        updateEndpointWeightsAndCapacities: async ({
          DesiredWeightsAndCapacities: changes,
        }: {
          readonly DesiredWeightsAndCapacities: readonly {
            readonly DesiredWeight?: number;
            readonly DesiredInstanceCount?: number;
          }[];
        }) => {
          const weight = changes[1]?.DesiredWeight;
          const refused = weight === undefined ? options.refuses?.counts : options.refuses?.weights;
          if (refused) throw refused;
          sent.push(weight ?? `${changes[0]?.DesiredInstanceCount} instances`);
        },
        updateEndpoint: async ({ EndpointConfigName }: { readonly EndpointConfigName: string }) => {
          if (options.refuses?.update) throw options.refuses.update;
          sent.push(EndpointConfigName);
        },
      },
    },
  });
  const turnOf = (): Turn =>
    turnFrom({
      // Each look as the first one of a process.
      world: { ...world, session: {} },
      endpoint: 'churn',
      approval: options.finish ? { ...terms, onRejection: 'finish' } : terms,
      release: current,
      save: async (patch: ReleasePatch) => {
        if (options.meanwhile && saved.length === 0)
          current = { ...current, commands: [...current.commands, options.meanwhile] };
        saved.push(patch);
        current = { ...current, ...patch } as Release;
        return turnOf();
      },
      remark: (sentence: string) => remarks.push(sentence),
      witness: (evidence: JudgeEvidence) => witnessed.push(evidence),
    });
  return {
    look: (change: Partial<Far> = {}, later = 0, then = did) => {
      Object.assign(far, change);
      now += later;
      did = then;
      return walk(turnOf(), options.armed);
    },
    /** The check before the candidate is published. */
    lastLook: (unchanged?: WantedRelease['unchanged']) =>
      lastLook(turnOf(), { rollout: {} as Rollout, ...withoutUndefined({ unchanged }) }),
    abort: () => abortSteps(turnOf(), 'cancelled', 'the run was cancelled'),
    sent,
    saved,
    remarks,
    registry,
    witnessed,
    release: () => current,
    state: (): State | undefined => current.stepping?.state,
  };
};
