import { baselineOf } from '../../endpoint/baseline.ts';
import { type Count, countOf, whereItServes } from '../../endpoint/count.ts';
import { type Desired, defaultVariant } from '../../endpoint/desired.ts';
import { capacityOf, hardwareOf, kindOf, kindRequested, kinds, mayBecome } from '../../endpoint/kind.ts';
import type { Look } from '../../endpoint/look.ts';
import type { LiveEndpoint } from '../../endpoint/observe.ts';
import { kindNotes, refuseOtherKind, refuseUnusable } from '../../endpoint/refuse-kind.ts';
import { dimensionOf, scalingOf } from '../../endpoint/scaling.ts';
import { limitsOf } from '../../endpoint/scaling-plan.ts';
import { servingIn } from '../../endpoint/serving.ts';
import type { EndpointSpec } from '../../manifest/manifest.ts';
import type { AlarmSpec } from '../../metrics/alarms.ts';
import { refuseUnfit } from '../../metrics/fitness.ts';
import { freezePolicy } from '../../metrics/judge-policy.ts';
import type { NamedArms } from '../../metrics/own-metrics.ts';
import { ownNotes } from '../../metrics/own-past.ts';
import { usualRate } from '../../metrics/traffic.ts';
import { Refusal } from '../../operation.ts';
import { registeredImages } from '../../registry/registered-version.ts';
import type { Configuration, EndpointKind, GuardedUpdate, ScalingSnapshot, Submission } from '../../release/record.ts';
import { releaseId } from '../../release/release-id.ts';
import { compile, type Guardrail, type Hardware, type Path } from '../../rollout/compile.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';
import { type Compared, compare, lastServed, madeBefore } from '../compared.ts';
import type { Deliver, Planned } from '../mechanism.ts';
import { alarmsOf } from '../release-alarms.ts';
import { desiredOf, planDigest } from '../request.ts';
import { refusalOf } from '../setting-changes.ts';
import { deploymentConfig } from './deployment-config.ts';
import { describePlan } from './plan-description.ts';

/**
 * Plans a delivery by every strategy but steps. Decides once whether it creates the endpoint, updates it or has nothing to submit, and
 * freezes the decisions.
 * @param seen undefined without an endpoint
 * @throws {Refusal} for anything that would make the delivery fail or prove nothing
 */
export const planDelivery = async (world: World, request: Deliver, seen: Look | undefined): Promise<Planned> => {
  const { requested, registered, record, attempt, tags } = request;
  const found = await find(world, request, seen);
  const way = await wayOf(world, request, found);
  const { live, baseline, variant, count, scaling, wanted, path, compared } = found;
  const serves = way.submission.kind === 'none';
  const plan = await describePlan(world, {
    requested,
    registered,
    live,
    baseline,
    wanted,
    compared,
    serves,
    path,
    alarms: way.alarms,
    rate: way.rate,
    count,
    scaling,
    notes: [...found.notes, ...way.notes],
    variant,
    tags,
  });
  const digest = planDigest(requested, registered.packageVersion);
  return {
    plan,
    already: 'already-delivered',
    ...withoutUndefined({ look: seen }),
    ...(serves ? {} : refusalOf(requested.spec.name, compared, wanted.config)),
    release: {
      id: releaseId(record, requested.version, digest),
      operation: 'deploy-endpoint',
      version: requested.version,
      planDigest: digest,
      attempt,
      ...(baseline ? { baseline } : {}),
      candidate: candidateOf(request, found),
      submission: way.submission,
    },
  };
};

/** The live endpoint, and the content that the request wants on it. */
interface Found {
  readonly live: LiveEndpoint | undefined;
  /** The kind of endpoint that serves, and the kind that the release makes. */
  readonly kind: EndpointKind;
  readonly wantedKind: EndpointKind;
  readonly baseline: Configuration | undefined;
  readonly variant: string;
  readonly count: Count;
  readonly scaling: ScalingSnapshot | undefined;
  readonly wanted: Desired;
  readonly compared: Compared;
  readonly serves: boolean;
  readonly path: Path;
  readonly notes: readonly string[];
}

const find = async (world: World, request: Deliver, seen: Look | undefined): Promise<Found> => {
  const { requested, registered, record, attempt } = request;
  const { spec } = requested;
  const live = seen?.live;
  const wantedKind = kindRequested(spec, registered.containers.length);
  const kind = seen === undefined ? wantedKind : kindOf(seen, record);
  if (seen !== undefined) refuseUnusable(spec.name, seen, kind, ['guardrail', 'replacement'], spec);
  const baseline = seen && baselineOf(seen, record);
  // SageMaker refuses every update from instances to none: the rollout says so, and no statement of the manifest cures it.
  if (seen !== undefined && baseline !== undefined && mayBecome(baseline, { instanceType: hardwareOf(spec) }))
    refuseOtherKind(spec.name, seen, kind, wantedKind, spec);
  const last = live === undefined ? await lastServed(world, record) : undefined;
  const variant = live?.variants[0]?.name ?? last?.variant ?? defaultVariant;
  const scaling = live && (await scalingOf(world, spec.name, variant, dimensionOf(spec)));
  const limited = withinLimits(spec, scaling);
  const count = asBefore(
    countOf(limited, live, scaling !== undefined),
    baseline && madeBefore(request, baseline.endpointConfig),
  );
  const { packageVersion } = registered;
  const shown = seen && baseline && { ...baseline, serving: servingIn(seen, baseline.endpointConfig, variant) };
  const compared = await compare(world, request, shown ?? last?.shown, {
    variant,
    instanceCount: count.inConfig,
  });
  const wanted = desiredOf(world, requested, {
    packageVersion,
    variant,
    instanceCount: count.inConfig,
    attempt,
    ...withoutUndefined({ kept: compared.source }),
  });
  refuseConcurrency(spec, wanted);
  // After UpdateRollbackFailed a mix of two configurations serves, whatever name the endpoint shows (reference/sagemaker.md §2.7).
  const serves =
    live !== undefined &&
    live.status !== 'UpdateRollbackFailed' &&
    live.endpointConfig === wanted.config.EndpointConfigName;
  if (serves && live.pending !== undefined && record.live === undefined)
    throw new Refusal(
      'endpoint-unusable',
      `${spec.name} serves ${live.endpointConfig} and another update to ${live.pending.endpointConfig} is running: wait until that has ended`,
    );
  const aboutKind = kindNotes(seen && { look: seen, kind }, wantedKind, spec);
  const { path, notes } = pathOf(requested, registered, live, baseline, count, serves);
  return {
    live,
    kind,
    wantedKind,
    baseline,
    variant,
    count: serves ? whereItServes(count, live, limited.autoscaling?.min ?? scaling?.minCapacity) : count,
    scaling,
    wanted,
    compared,
    serves,
    path,
    notes: serves
      ? aboutKind
      : [
          ...notes,
          ...(last !== undefined && last.variant === undefined ? [unknownVariant(variant)] : []),
          ...aboutKind,
          ...(seen?.notes ?? []),
        ],
  };
};

const unknownVariant = (variant: string): string =>
  `the name of the variant that served before is not known, and the new one is ${variant}: alarms and scalable targets that name another variant do not follow`;

/**
 * A fleet outside autoscaling's limits gives the config its own count. The same request again keeps that count in the config, although the
 * fleet is within the limits now: otherwise the name would change, and a version that serves would be delivered again.
 */
const asBefore = (count: Count, made: Configuration | undefined): Count =>
  made === undefined || count.exclude.length > 0 ? count : { ...count, inConfig: made.instanceCount };

/**
 * The manifest's own pair of values is checked when it is read. A provisioned concurrency that is kept from the endpoint is not.
 * @throws {Refusal} `infeasible-rollout`
 */
const refuseConcurrency = ({ name, serverless }: EndpointSpec, { config }: Desired): void => {
  const kept = config.ProductionVariants?.[0]?.ServerlessConfig?.ProvisionedConcurrency ?? 0;
  if (serverless === undefined || kept <= serverless.maxConcurrency) return;
  throw new Refusal(
    'infeasible-rollout',
    `${name} has a provisioned concurrency of ${kept}, which the release would keep, and the manifest has \`max-concurrency: ${serverless.maxConcurrency}\`: set \`provisioned-concurrency\` in \`serverless\`, to at most ${serverless.maxConcurrency}`,
  );
};

/** With the limits that hold now: scheduled actions change those of the live target. */
const withinLimits = (spec: EndpointSpec, scaling: ScalingSnapshot | undefined): EndpointSpec => {
  if (spec.autoscaling === undefined) return spec;
  const { minCapacity: min, maxCapacity: max } = limitsOf(spec.autoscaling, scaling);
  return { ...spec, autoscaling: { ...spec.autoscaling, min, max } };
};

/** @throws {Refusal} `infeasible-rollout`, also when the version serves already */
const pathOf = (
  { spec, rollout }: Deliver['requested'],
  { containers }: Deliver['registered'],
  live: LiveEndpoint | undefined,
  baseline: Configuration | undefined,
  count: Count,
  serves: boolean,
): Pick<Found, 'path' | 'notes'> => {
  const compiled = compile(rollout, {
    // A version that serves already moves no traffic, whether or not its rollout is feasible.
    exists: live !== undefined && !serves,
    instanceCount: count.expected,
    fleet: runningOn({ instanceType: hardwareOf(spec) }),
    ...withoutUndefined({
      replaced: baseline && runningOn(baseline),
      productId: containers.find(({ ProductId }) => ProductId)?.ProductId,
    }),
    startSeconds: (spec.modelDownloadTimeoutSeconds ?? 0) + (spec.startupHealthCheckTimeoutSeconds ?? 300),
  });
  if (compiled.is === 'feasible') return compiled;
  throw new Refusal('infeasible-rollout', `${rollout.strategy} on ${spec.name}: ${compiled.because}`);
};

const runningOn = ({ instanceType }: Pick<Configuration, 'instanceType'>): Hardware =>
  capacityOf({ instanceType }) === 'instances' ? { serverless: false, instanceType } : { serverless: true };

/** How the endpoint gets to the requested state. */
interface Way {
  readonly submission: Submission;
  readonly alarms: readonly AlarmSpec[];
  /** Requests per second that the bakes can count on. */
  readonly rate: number;
  readonly notes: readonly string[];
}
const unwatched = { alarms: [], rate: 0, notes: [] };

const wayOf = async (world: World, request: Deliver, found: Found): Promise<Way> => {
  const { live, variant, count, serves, path } = found;
  const { exclude } = count;
  if (serves) return { submission: { mechanism: 'replacement', kind: 'none', variant, exclude }, ...unwatched };
  if (path.mechanism === 'guardrail') return guarded(world, request, found, path);
  const { expectedSeconds } = path;
  return {
    submission:
      live === undefined
        ? { mechanism: 'replacement', kind: 'create', variant, expectedSeconds }
        : { mechanism: 'replacement', kind: 'update', variant, exclude, expectedSeconds },
    ...unwatched,
  };
};

/** An update under deployment guardrails: its alarms can fire, its bakes see enough requests, and the judge knows the usual rates. */
const guarded = async (
  world: World,
  { requested: { spec, rollout, version } }: Deliver,
  { live, baseline, variant, count, wanted, kind: served, wantedKind: kind }: Found,
  path: Guardrail,
): Promise<Way> => {
  const endpoint = spec.name;
  const endpointConfig = wanted.config.EndpointConfigName;
  const bakes = {
    bakeSeconds: path.waitSeconds,
    finalBakeSeconds: path.stages.at(-1)?.bakeSeconds ?? 0,
    endpointKind: kind,
  };
  const alarms = alarmsOf(endpoint, { endpointConfig }, { variant, ...bakes }, rollout);
  const rate = await usualRate(world, { endpoint, variant, kind: served });
  const warnings = await refuseUnfit(world, { endpoint, variant, endpointConfig, rollout, path, alarms, rate });
  const names: NamedArms = {
    candidate: { endpoint, variant, endpointConfig, version },
    baseline: {
      endpoint,
      variant,
      endpointConfig: live?.endpointConfig ?? endpointConfig,
      ...withoutUndefined({ version: baseline?.version }),
    },
  };
  const { judged, notes } = kinds[kind].judged
    ? await judgedBy(world, { endpoint, variant }, rollout, names)
    : { notes: [] };
  const abort = alarms.find(({ MetricName }) => MetricName === 'Abort');
  const watched = [...alarms.map(({ AlarmName }) => AlarmName), ...rollout.alarms.named];
  return {
    submission: {
      mechanism: 'guardrail',
      kind: 'update',
      variant,
      exclude: count.exclude,
      deployment: { ...deploymentConfig(path, watched) },
      ...bakes,
      timeoutSeconds: path.timeoutSeconds,
      expectedSeconds: path.expectedSeconds,
      minimumRequests: rollout.minimumRequests,
      ...withoutUndefined({ judged, abortAlarm: abort?.AlarmName }),
    },
    alarms,
    rate,
    notes: [...warnings, ...notes],
  };
};

/** The judge's policy, frozen from the old fleet's last day, when the manifest has a judge. */
const judgedBy = async (
  world: World,
  fleet: { readonly endpoint: string; readonly variant: string },
  { judge, minimumRequests }: Deliver['requested']['rollout'],
  names: NamedArms,
): Promise<Pick<GuardedUpdate, 'judged'> & { readonly notes: readonly string[] }> => {
  if (judge === undefined) return { notes: [] };
  const { policy, latency, guard, own } = await freezePolicy(world, fleet, judge, {
    minimumRequests,
    byDifference: true,
    names,
  });
  return {
    judged: { policy, ...withoutUndefined({ latency, own: own?.reads }) },
    notes: [
      `the judge compares both fleets during the bakes; burst guard ${policy.burstGuard ? 'on' : 'off'}: ${guard.because}`,
      ...ownNotes(policy, own),
    ],
  };
};

const candidateOf = (
  { requested, registered }: Deliver,
  { wanted, count, compared: { kept } }: Found,
): Configuration => ({
  endpointConfig: wanted.config.EndpointConfigName,
  model: wanted.model.ModelName,
  version: requested.version,
  packageVersion: registered.packageVersion,
  instanceType: hardwareOf(requested.spec),
  instanceCount: count.inConfig,
  contentDigest: registered.contentDigestNow,
  ...registeredImages(registered),
  kept,
});
