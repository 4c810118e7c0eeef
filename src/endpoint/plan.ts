import { duration, seconds } from '../clock.ts';
import { digest } from '../digest.ts';
import type { EndpointSpec, Rollout } from '../manifest/manifest.ts';
import { type Change, type Plan, Refusal } from '../operation.ts';
import type { RegisteredVersion } from '../registry/packages.ts';
import type { Configuration, Release, ReleaseRecord } from '../release/record.ts';
import { compile, type Path } from '../rollout/compile.ts';
import { arn, type World } from '../world.ts';
import { type AlarmSpec, releaseAlarms } from './alarms.ts';
import { baselineOf, refuseUnusable } from './baseline.ts';
import { deploymentConfig } from './deployment-config.ts';
import { type Desired, defaultVariant, desired } from './desired.ts';
import { refuseUnfit } from './fitness.ts';
import { type Live, observe } from './observe.ts';
import { deployPermissions } from './permissions.ts';
import { scalingIs, scalingOf, wantedScaling } from './scaling.ts';
import { missingTags } from './settle.ts';
import { usualRate } from './traffic.ts';

/** What is asked: one registered version on one endpoint in one way. */
export interface Asked {
  readonly group: string;
  readonly version: string;
  readonly spec: EndpointSpec;
  readonly rollout: Rollout;
}

/** Hex digest of everything asked, and of nothing that is live: the same request has the same digest on every run. */
export const planDigest = (asked: Asked, packageVersion: number): string =>
  digest({ ...asked, operation: 'deploy-endpoint', packageVersion });

export interface Planned {
  readonly plan: Plan;
  /** The release as it will begin; its lease is the store's business. */
  readonly release: Omit<Release, 'lease' | 'run' | 'startedAt' | 'phase' | 'alarms' | 'witnessed' | 'commands'>;
}

/**
 * Looks at everything the delivery depends on and freezes the decisions; writes nothing.
 * @throws {Refusal} for whatever would make the delivery fail or prove nothing
 */
export const planDelivery = async (
  world: World,
  asked: Asked,
  registered: RegisteredVersion,
  record: ReleaseRecord | undefined,
  attempt: number,
): Promise<Planned> => {
  const { spec, rollout, version } = asked;
  const live = await observe(world, spec.name);
  if (live !== undefined) refuseUnusable(spec.name, live);
  const baseline = live && (await baselineOf(world, live, record));
  const variant = live?.variants[0]?.name ?? defaultVariant;
  const count = countOf(spec, live);
  const wanted = desired({
    account: world.account,
    group: asked.group,
    version,
    packageVersion: registered.packageVersion,
    spec,
    variant,
    instanceCount: count.inConfig,
    attempt,
  });
  const serves = live !== undefined && live.endpointConfig === wanted.config.EndpointConfigName;
  const compiled = compile(rollout, {
    exists: live !== undefined,
    instanceCount: count.expected,
    instanceType: spec.instance.type,
    startSeconds: (spec.modelDownloadTimeoutSeconds ?? 0) + (spec.startupHealthCheckTimeoutSeconds ?? 300),
  });
  if (compiled.is === 'infeasible')
    throw new Refusal('infeasible-rollout', `${rollout.strategy} on ${spec.name}: ${compiled.because}`);
  const { path } = compiled;
  const alarms = serves ? [] : alarmsOf(spec.name, variant, wanted, rollout, path);
  const rate =
    baseline && !serves
      ? await usualRate(world, { endpoint: spec.name, variant, endpointConfig: baseline.endpointConfig })
      : 0;
  if (!serves) await refuseUnfit(world, { spec, rollout, path, alarms, baseline, rate });

  const plan = await describePlan(world, {
    asked,
    registered,
    live,
    baseline,
    wanted,
    serves,
    path,
    alarms,
    rate,
    count,
    notes: compiled.notes,
    variant,
  });
  const candidate: Configuration = {
    endpointConfig: wanted.config.EndpointConfigName,
    model: wanted.model.ModelName,
    version,
    packageVersion: registered.packageVersion,
    instanceType: spec.instance.type,
    instanceCount: count.inConfig,
    ...(registered.imageDigest === undefined ? {} : { imageDigest: registered.imageDigest }),
  };
  const guarded = path.mechanism === 'guardrail';
  return {
    plan,
    release: {
      id: `${spec.name}-${version}-${planDigest(asked, registered.packageVersion).slice(0, 8)}-${attempt}`,
      operation: 'deploy-endpoint',
      version,
      planDigest: planDigest(asked, registered.packageVersion),
      attempt,
      ...(baseline ? { baseline } : {}),
      candidate,
      submission: {
        kind: serves ? 'none' : live === undefined ? 'create' : 'update',
        variant,
        exclude: count.exclude,
        ...(guarded && !serves
          ? {
              deployment: {
                ...deploymentConfig(path, [...alarms.map(({ AlarmName }) => AlarmName), ...rollout.alarms.named]),
              },
            }
          : {}),
        bakeSeconds: guarded ? path.waitSeconds : 0,
        finalBakeSeconds: guarded ? path.terminationWaitSeconds : 0,
        timeoutSeconds: guarded ? path.timeoutSeconds : 3600,
        expectedSeconds: path.expectedSeconds,
        minimumRequests: guarded ? rollout.minimumRequests : 0,
        ...abortAlarmOf(alarms),
      },
    },
  };
};

interface Count {
  /** InitialInstanceCount of the new config. */
  readonly inConfig: number;
  /** Instances the candidate fleet will have. */
  readonly expected: number;
  readonly exclude: Release['submission']['exclude'];
  readonly note?: string;
}

/**
 * Rule 4: without an autoscaling block the manifest's count wins; with one the live count wins, clamped to min–max. The count a
 * live fleet keeps is no part of the new config, so that the config's name does not depend on what autoscaling did last.
 */
const countOf = (spec: EndpointSpec, live: Live | undefined): Count => {
  const { count } = spec.instance;
  if (spec.autoscaling === undefined)
    return { inConfig: count, expected: count, exclude: live ? ['DesiredInstanceCount'] : [] };
  const { min, max } = spec.autoscaling;
  const clamp = (value: number): number => Math.min(max, Math.max(min, value));
  const now = live?.variants[0]?.desired;
  if (now === undefined) return { inConfig: clamp(count), expected: clamp(count), exclude: [] };
  if (clamp(now) === now)
    return {
      inConfig: clamp(count),
      expected: now,
      exclude: [],
      note: `keeps the ${now} instances that autoscaling arrived at`,
    };
  return {
    inConfig: clamp(now),
    expected: clamp(now),
    exclude: ['DesiredInstanceCount'],
    note: `${now} instances serve, outside autoscaling's ${min} to ${max}: the new fleet has ${clamp(now)}`,
  };
};

const alarmsOf = (
  endpoint: string,
  variant: string,
  wanted: Desired,
  rollout: Rollout,
  path: Path,
): readonly AlarmSpec[] => {
  if (path.mechanism === 'creation') return [];
  const baking = path.stages.map(({ bakeSeconds }) => bakeSeconds).filter((bake) => bake > 0);
  return releaseAlarms({
    endpoint,
    variant,
    endpointConfig: wanted.config.EndpointConfigName,
    alarms: rollout.alarms,
    bakeSeconds: baking.length > 0 ? Math.min(...baking) : 0,
  });
};

const abortAlarmOf = (alarms: readonly AlarmSpec[]): { readonly abortAlarm?: string } => {
  const found = alarms.find(({ MetricName }) => MetricName === 'Abort');
  return found ? { abortAlarm: found.AlarmName } : {};
};

interface Facts {
  readonly asked: Asked;
  readonly registered: RegisteredVersion;
  readonly live: Live | undefined;
  readonly baseline: Configuration | undefined;
  readonly wanted: Desired;
  readonly serves: boolean;
  readonly path: Path;
  readonly alarms: readonly AlarmSpec[];
  readonly rate: number;
  readonly count: Count;
  readonly notes: readonly string[];
  readonly variant: string;
}

const describePlan = async (world: World, facts: Facts): Promise<Plan> => {
  const { asked, live, wanted, serves, path, registered, baseline } = facts;
  const around = await aroundChanges(world, facts);
  const changes: readonly Change[] = serves
    ? around
    : [
        {
          verb: 'create',
          object: `model ${wanted.model.ModelName}`,
          details: [`from ${registered.tag} (package version ${registered.packageVersion})`],
        },
        {
          verb: 'create',
          object: `endpoint config ${wanted.config.EndpointConfigName}`,
          details: [`${facts.count.expected} × ${asked.spec.instance.type}`],
        },
        ...(facts.alarms.length > 0
          ? [
              {
                verb: 'create',
                object: `${facts.alarms.length} alarms for this release`,
                details: facts.alarms.map(({ AlarmName }) => AlarmName),
              } as const,
            ]
          : []),
        live === undefined
          ? { verb: 'create', object: `endpoint ${asked.spec.name}`, details: [] }
          : {
              verb: 'update',
              object: `endpoint ${asked.spec.name}`,
              details: [`${baseline?.endpointConfig} → ${wanted.config.EndpointConfigName}`, ...pathSentences(path)],
            },
        ...around,
      ];
  const oldInstances = baseline && baseline.instanceType === asked.spec.instance.type ? baseline.instanceCount : 0;
  return {
    title:
      serves && around.length === 0
        ? `${asked.spec.name} serves ${asked.version} already`
        : `deploy ${asked.group} ${asked.version} to ${asked.spec.name} by ${live === undefined ? 'creation' : asked.rollout.strategy}`,
    changes,
    notes: notesOf(facts),
    expectedSeconds: serves ? 0 : path.expectedSeconds,
    peakInstances: serves
      ? {}
      : {
          ...(baseline && oldInstances === 0 && /^ml\./.test(baseline.instanceType)
            ? { [baseline.instanceType]: baseline.instanceCount }
            : {}),
          [asked.spec.instance.type]: facts.count.expected + oldInstances,
        },
    permissions: deployPermissions({
      creates: live === undefined,
      passesRole: asked.spec.executionRole !== undefined,
      scales: asked.spec.autoscaling !== undefined,
      encrypts: asked.spec.kmsKey !== undefined,
      serves,
    }),
  };
};

const aroundChanges = async (world: World, { asked, live, variant }: Facts): Promise<readonly Change[]> => {
  const { spec } = asked;
  const changes: Change[] = [];
  if (spec.autoscaling !== undefined) {
    const wanted = wantedScaling(spec.name, variant, spec.autoscaling);
    if (!scalingIs(wanted, live && (await scalingOf(world, spec.name, variant))))
      changes.push({
        verb: 'update',
        object: `autoscaling of ${wanted.resourceId}`,
        details: [`${wanted.minCapacity} to ${wanted.maxCapacity} instances`],
      });
  }
  if (live !== undefined) {
    const missing = await missingTags({ world, endpoint: spec.name }, spec.tags);
    if (missing.length > 0)
      changes.push({
        verb: 'update',
        object: `tags of ${spec.name}`,
        details: missing.map(({ Key, Value }) => `${Key}: ${Value}`),
      });
  }
  return changes;
};

const pathSentences = (path: Path): readonly string[] =>
  path.mechanism === 'creation'
    ? []
    : [
        ...path.stages
          .filter(({ bakeSeconds, share }) => bakeSeconds > 0 || share < 1)
          .map(
            ({ share, bakeSeconds }) =>
              `${Math.round(share * 1000) / 10} % of the traffic for ${duration(seconds(bakeSeconds))}`,
          ),
        `at most ${duration(seconds(path.timeoutSeconds))} in all`,
      ];

const notesOf = ({
  asked,
  registered,
  baseline,
  path,
  notes,
  count,
  rate,
  serves,
  alarms,
  live,
}: Facts): readonly string[] => {
  if (serves) return [];
  const { rollout } = asked;
  const guarded = path.mechanism === 'guardrail';
  return [
    ...notes,
    ...(count.note ? [count.note] : []),
    ...(registered.unpinned
      ? ['the registered image or artifact is not pinned: what runs may differ from what was tested']
      : []),
    ...(guarded && rollout.minimumRequests === 0
      ? ['minimum-requests is 0: a bake passes even when the new version receives no request']
      : []),
    ...(guarded && rollout.minimumRequests > 0
      ? [`${baseline?.endpointConfig} sees about ${Math.round(rate * 10) / 10} requests per second`]
      : []),
    ...(guarded && alarms.length <= 1 && rollout.alarms.named.length === 0
      ? ['no alarms: the new version is taken back when it does not start, not when it answers wrongly']
      : []),
    ...(baseline
      ? [`rolling back means ${baseline.version ?? baseline.endpointConfig}; its configuration and model are kept`]
      : []),
    ...(live !== undefined && asked.spec.autoscaling === undefined && count.expected !== baseline?.instanceCount
      ? [`the manifest's ${count.expected} instances replace the ${baseline?.instanceCount} that serve`]
      : []),
  ];
};

export const endpointArn = (world: World, endpoint: string): string =>
  arn(world.account, 'sagemaker', `endpoint/${endpoint}`);
