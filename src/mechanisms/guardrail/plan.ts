import { digest } from '../../digest.ts';
import { baselineOf, refuseUnusable } from '../../endpoint/baseline.ts';
import { countOf } from '../../endpoint/count.ts';
import { type Desired, type DesiredFrom, defaultVariant, desired, hardwareOf } from '../../endpoint/desired.ts';
import { observe } from '../../endpoint/observe.ts';
import { scalingOf } from '../../endpoint/scaling.ts';
import type { Rollout } from '../../manifest/manifest.ts';
import type { AlarmSpec } from '../../metrics/alarms.ts';
import { refuseUnfit } from '../../metrics/fitness.ts';
import { freezePolicy } from '../../metrics/judge-policy.ts';
import { usualRate } from '../../metrics/traffic.ts';
import { type Plan, Refusal } from '../../operation.ts';
import type { RegisteredVersion } from '../../registry/packages.ts';
import type { Configuration, NewRelease, ReleaseRecord, Submission } from '../../release/record.ts';
import { releaseId } from '../../release/release-id.ts';
import { compile, type Path } from '../../rollout/compile.ts';
import type { World } from '../../world.ts';
import { alarmsOf } from '../release-alarms.ts';
import type { DeliveryRequest } from '../request.ts';
import { deploymentConfig } from './deployment-config.ts';
import { describePlan } from './plan-description.ts';

/** Hex digest of everything asked, and of nothing that is live: the same request has the same digest on every run. */
export const planDigest = (asked: DeliveryRequest, packageVersion: number): string =>
  digest({ ...asked, operation: 'deploy-endpoint', packageVersion });

/** What `asked` publishes, given what a plan froze; the same in every turn. */
export const desiredOf = (
  { account }: World,
  { group, version, spec }: DeliveryRequest,
  frozen: Pick<DesiredFrom, 'packageVersion' | 'variant' | 'instanceCount' | 'attempt'>,
): Desired => desired({ account, group, version, spec, ...frozen });

export interface Planned {
  readonly plan: Plan;
  readonly release: NewRelease;
}

/**
 * Looks at everything the delivery depends on and freezes the decisions; writes nothing.
 * @throws {Refusal} for whatever would make the delivery fail or prove nothing
 */
export const planDelivery = async (
  world: World,
  asked: DeliveryRequest,
  registered: RegisteredVersion,
  record: ReleaseRecord,
  attempt: number,
  tags: Readonly<Record<string, string>>,
): Promise<Planned> => {
  const { spec, rollout, version } = asked;
  const live = await observe(world, spec.name);
  if (live !== undefined) refuseUnusable(spec.name, live);
  const baseline = live && (await baselineOf(world, live, record));
  const variant = live?.variants[0]?.name ?? defaultVariant;
  const count = countOf(spec, live, live !== undefined && (await scalingOf(world, spec.name, variant)) !== undefined);
  const asynchronous = spec.async ? { asynchronous: true } : {};
  const { packageVersion } = registered;
  const wanted = desiredOf(world, asked, { packageVersion, variant, instanceCount: count.inConfig, attempt });
  // A mix of two configurations serves after UpdateRollbackFailed, whichever is named (reference/sagemaker.md §2.7).
  const serves =
    live !== undefined &&
    live.status !== 'UpdateRollbackFailed' &&
    live.endpointConfig === wanted.config.EndpointConfigName;
  if (serves && live.pending !== undefined && record.live === undefined)
    throw new Refusal(
      'endpoint-unusable',
      `${spec.name} serves ${live.endpointConfig} and is being updated to ${live.pending.endpointConfig} by somebody else: wait until that has ended`,
    );
  const compiled = compile(rollout, {
    // What serves already moves nothing, whether or not its rollout could be carried out.
    exists: live !== undefined && !serves,
    instanceCount: count.expected,
    instanceType: hardwareOf(spec),
    ...(baseline === undefined ? {} : { replacedType: baseline.instanceType }),
    startSeconds: (spec.modelDownloadTimeoutSeconds ?? 0) + (spec.startupHealthCheckTimeoutSeconds ?? 300),
  });
  if (compiled.is === 'infeasible')
    throw new Refusal('infeasible-rollout', `${rollout.strategy} on ${spec.name}: ${compiled.because}`);
  const { path } = compiled;
  const notes = [...compiled.notes];
  const guarded = path.mechanism === 'guardrail';
  const bakes = bakesOf(path);
  const endpointConfig = wanted.config.EndpointConfigName;
  const alarms =
    serves || !guarded ? [] : alarmsOf(spec.name, { endpointConfig }, { variant, ...bakes, ...asynchronous }, rollout);
  const rate =
    baseline && !serves
      ? await usualRate(world, {
          endpoint: spec.name,
          variant,
          asynchronous: live?.asynchronous ?? false,
        })
      : 0;
  if (!serves && guarded)
    notes.push(
      ...(await refuseUnfit(world, { endpoint: spec.name, variant, endpointConfig, rollout, path, alarms, rate })),
    );

  const frozen =
    guarded && !serves && rollout.judge && !spec.async
      ? await freezePolicy(world, { endpoint: spec.name, variant }, rollout.judge, {
          minimumRequests: rollout.minimumRequests,
          byDifference: true,
        })
      : undefined;
  const judged = frozen && { policy: frozen.policy, ...(frozen.latency ? { latency: frozen.latency } : {}) };
  if (frozen)
    notes.push(
      `the judge compares both fleets during the bakes; burst guard ${frozen.policy.burstGuard ? 'on' : 'off'}: ${frozen.guard.because}`,
    );
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
    notes,
    variant,
    tags,
  });
  const candidate: Configuration = {
    endpointConfig,
    model: wanted.model.ModelName,
    version,
    packageVersion: registered.packageVersion,
    instanceType: hardwareOf(spec),
    instanceCount: count.inConfig,
    contentDigest: registered.contentDigestNow,
    ...(registered.imageDigest === undefined ? {} : { imageDigest: registered.imageDigest }),
  };
  const digestOfPlan = planDigest(asked, registered.packageVersion);
  return {
    plan,
    release: {
      id: releaseId(record, version, digestOfPlan),
      operation: 'deploy-endpoint',
      version,
      planDigest: digestOfPlan,
      attempt,
      ...(baseline ? { baseline } : {}),
      candidate,
      submission: {
        ...submissionOf(rollout, path, alarms, serves ? 'none' : live === undefined ? 'create' : 'update'),
        variant,
        exclude: count.exclude,
        ...asynchronous,
        ...(judged ? { judged } : {}),
      },
    },
  };
};

/** How the rollout is asked of SageMaker. */
const submissionOf = (
  { alarms: { named }, minimumRequests }: Rollout,
  path: Path,
  alarms: readonly AlarmSpec[],
  kind: Submission['kind'],
): Omit<Submission, 'variant' | 'exclude'> => {
  const { expectedSeconds } = path;
  const around = { kind, ...bakesOf(path), expectedSeconds, ...abortAlarmOf(alarms) };
  if (path.mechanism !== 'guardrail') return { ...around, timeoutSeconds: 3600, minimumRequests: 0 };
  const watched = [...alarms.map(({ AlarmName }) => AlarmName), ...named];
  return {
    ...around,
    timeoutSeconds: path.timeoutSeconds,
    minimumRequests,
    ...(kind === 'none' ? {} : { deployment: { ...deploymentConfig(path, watched) } }),
  };
};

const bakesOf = (path: Path): Pick<Submission, 'bakeSeconds' | 'finalBakeSeconds'> =>
  path.mechanism === 'guardrail'
    ? { bakeSeconds: path.waitSeconds, finalBakeSeconds: path.stages.at(-1)?.bakeSeconds ?? 0 }
    : { bakeSeconds: 0, finalBakeSeconds: 0 };

const abortAlarmOf = (alarms: readonly AlarmSpec[]): { readonly abortAlarm?: string } => {
  const found = alarms.find(({ MetricName }) => MetricName === 'Abort');
  return found ? { abortAlarm: found.AlarmName } : {};
};
