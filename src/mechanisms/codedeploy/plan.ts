import type { Instant } from '../../clock.ts';
import { digest } from '../../digest.ts';
import { counted } from '../../judge/amounts.ts';
import { mostAliasAlarms, overheadMinutes } from '../../manifest/alias-schema.ts';
import type { AliasRollout, LambdaAlias } from '../../manifest/manifest.ts';
import { refuseSlowAlarms } from '../../metrics/alias-alarms.ts';
import { requestsOfAlias, seriesOfAlias } from '../../metrics/alias-arms.ts';
import type { Series } from '../../metrics/fleet-metrics.ts';
import { freezePolicyOf } from '../../metrics/judge-policy.ts';
import type { CountedMetric } from '../../metrics/sums-by-minute.ts';
import { usualRateOf } from '../../metrics/traffic.ts';
import { type Change, Refusal } from '../../operation.ts';
import { aliasPermissions } from '../../permissions.ts';
import { shortened } from '../../plain-text.ts';
import { type RegisteredVersion, registeredImages } from '../../registry/registered-version.ts';
import type {
  AliasDeployment,
  CodeDeployment,
  Configuration,
  NewRelease,
  ReleaseRecord,
} from '../../release/record.ts';
import { releaseId } from '../../release/release-id.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';
import type { Planned } from '../mechanism.ts';
import { statesOf } from '../release-alarms.ts';
import type { DeliveryRequest } from '../request.ts';
import { type AliasLook, configOfVersion, lookAtAlias, nameOfAlias, versionOfConfig } from './alias.ts';
import { namedVersion, requireContent } from './content.ts';
import { alarmsOfGroup, groupAlarms, groupInfo, runningIn } from './deployment.ts';
import { type Routing, routingOf, shiftsOf } from './routing.ts';
import { settingChanges } from './settings.ts';
import { notReady } from './submit.ts';
import { aliasDeploymentOf, type Platform, shown, type TargetLook } from './target.ts';

/** A request for a delivery to an alias. */
export interface AliasRequest extends Pick<DeliveryRequest, 'group' | 'version' | 'registry'> {
  readonly lambda: LambdaAlias;
  readonly rollout: AliasRollout;
}

export type AliasPlan =
  | {
      readonly operation: 'deploy-endpoint';
      readonly requested: AliasRequest;
      readonly record: ReleaseRecord;
      readonly registered: RegisteredVersion;
      readonly attempt: number;
    }
  /** The way back to a version that served before. */
  | {
      readonly operation: 'rollback';
      readonly lambda: LambdaAlias;
      readonly record: ReleaseRecord;
      readonly to: Configuration;
      readonly because: string;
      readonly named?: true;
    };

/** As `planDigest` of an endpoint. */
export const aliasDigest = (requested: AliasRequest, packageVersion: number): string =>
  digest({ ...requested, operation: 'deploy-endpoint', packageVersion });

/** The way back. */
export const allAtOnce: AliasRollout = { strategy: 'all-at-once', alarms: [] };

/** The alias, as a plan finds it. @throws {Refusal} `endpoint-unusable` without one */
export const requireAlias = async (world: World, lambda: LambdaAlias): Promise<AliasLook> => {
  const look = await lookAtAlias(world, lambda);
  if (look?.version === '$LATEST')
    throw new Refusal(
      'endpoint-unusable',
      `${nameOfAlias(lambda)} is on $LATEST, which changes with every update of the function: publish a version, and move the alias to it first; CodeDeploy moves an alias between published versions`,
    );
  if (look !== undefined) return look;
  throw new Refusal(
    'endpoint-unusable',
    `the function ${lambda.function} has no alias ${lambda.alias}: create it on the version that serves now; CodeDeploy moves an alias, and makes none`,
  );
};

export const planAlias = async (world: World, request: AliasPlan): Promise<Planned> => {
  const { operation, record } = request;
  const { lambda } = operation === 'rollback' ? request : request.requested;
  const name = nameOfAlias(lambda);
  const look = await requireAlias(world, lambda);
  const baseline = baselineOf(record, ofVersion(look.version));
  if (operation === 'rollback') {
    const to = versionOfConfig(request.to.endpointConfig) ?? '';
    const routing = routingOf(allAtOnce, 'Lambda');
    const planDigest = digest({ operation, alias: name, from: look.version, to });
    await groupAlarms(world, lambda, 'Lambda');
    const release: NewRelease = {
      id: releaseId(record, request.to.version ?? 'unversioned', planDigest),
      operation,
      version: request.to.version ?? request.to.endpointConfig,
      planDigest,
      attempt: 1,
      baseline,
      candidate: request.to,
      submission: submissionFor(lambda, look.version, to, routing, {
        alarms: [],
        ...withoutUndefined({ broughtBefore: broughtBefore(record, request.to) }),
      }),
      ...withoutUndefined({ named: request.named, why: shortened(request.because, 500) }),
    };
    return {
      already: 'already-delivered',
      release,
      plan: {
        title: `roll ${name} back from ${baseline.version ?? `version ${look.version}`} to ${release.version}: ${request.because}`,
        changes: [moved(name, look, to, await settingChanges(world, lambda, look.version, to))],
        notes: ['all requests at once; no alarm stops it, since the one that made it necessary may still be in ALARM'],
        expectedSeconds: overheadSeconds,
        peakInstances: {},
        permissions: aliasPermissions(),
      },
    };
  }
  const { requested, registered, attempt } = request;
  const to = namedVersion(registered);
  await requireContent(world, lambda, to, registered);
  const planDigest = aliasDigest(requested, registered.packageVersion);
  const routing = routingOf(requested.rollout, 'Lambda');
  const serves = look.version === to && look.other === undefined;
  const { judged, notes } = serves
    ? { notes: [] }
    : await guarded(
        world,
        {
          ...{ name, platform: 'Lambda', rollout: requested.rollout },
          ...{ series: seriesOfAlias(lambda), requests: requestsOfAlias(lambda) },
        },
        await watchedAlias(world, requested, { look, to }, record),
      );
  const { tag, packageVersion, version, contentDigest } = registered;
  return {
    already: 'already-delivered',
    release: {
      id: releaseId(record, requested.version, planDigest),
      operation,
      version: requested.version,
      planDigest,
      attempt,
      baseline,
      candidate: {
        ...ofVersion(to),
        ...{ version, packageVersion, contentDigest },
        ...registeredImages(registered),
      },
      submission: submissionFor(lambda, look.version, to, routing, {
        alarms: requested.rollout.alarms,
        ...withoutUndefined({
          timeoutSeconds: requested.rollout.timeoutSeconds,
          hooks: requested.lambda.hooks,
          judged,
        }),
      }),
    },
    plan: {
      title: serves
        ? `${name} is on version ${to} already, which is ${tag}`
        : `deploy ${tag} to ${name} by ${requested.rollout.strategy}`,
      changes: serves
        ? []
        : [...newConfig(routing), moved(name, look, to, await settingChanges(world, lambda, look.version, to))],
      notes,
      expectedSeconds: routing.shiftSeconds + overheadSeconds,
      peakInstances: {},
      permissions: aliasPermissions(),
    },
  };
};

/** A deployment configuration of the suite's own. */
export const newConfig = ({ config, routing }: Routing): readonly Change[] =>
  routing === undefined
    ? []
    : [{ verb: 'create', object: `deployment configuration ${config}`, details: ['unless the account has it'] }];

/** From CreateDeployment to the first shift, and from the last to its end: an estimate. */
const overheadSeconds = overheadMinutes['an alias'] * 60;

const moved = (name: string, { version }: AliasLook, to: string, settings: readonly string[]): Change => ({
  verb: 'update',
  object: `alias ${name}`,
  details: [`version: ${version} → ${to}`, ...settings],
});

/** A delivery by CodeDeploy, before it begins. */
interface Watched {
  readonly name: string;
  readonly platform: Platform;
  readonly to: Pick<CodeDeployment, 'application' | 'deploymentGroup'>;
  readonly look: TargetLook;
  readonly rollout: AliasRollout;
}

/** Everything that must hold before a deployment. @returns notes about its alarms */
export const watched = async (
  world: World,
  { name, platform, to, look, rollout }: Watched,
  record: ReleaseRecord,
): Promise<{ readonly notes: readonly string[]; readonly ofGroup: readonly string[] }> => {
  const { alarms: ofGroup, mayBeUnread } = alarmsOfGroup(await groupInfo(world, to, platform));
  if (record.live === undefined) {
    const [other] = await runningIn(world, to);
    if (other !== undefined)
      throw new Refusal(
        'endpoint-unusable',
        `deployment ${other} runs in the group ${to.deploymentGroup} already: wait until it has ended`,
      );
    if (look.other !== undefined)
      throw new Refusal(
        'endpoint-unusable',
        platform === 'Lambda'
          ? `${name} is on ${shown(look, 'version')}, and no deployment runs: give one version all requests first (aws lambda update-alias)`
          : `${name} is on ${shown(look, 'revision')}, and no deployment runs: delete the task set beside the primary one first (aws ecs delete-task-set)`,
      );
  }
  const all = [...new Set([...ofGroup, ...rollout.alarms])];
  const brings = all.length > ofGroup.length;
  // A group may have more of its own (CodeDeploy quotas); a deployment that brings alarms may not (API: CreateDeployment).
  if (brings && all.length > mostAliasAlarms)
    throw new Refusal(
      'infeasible-rollout',
      `the deployment group has ${counted(ofGroup.length, 'alarm')}, with those of the manifest ${all.length}; a deployment takes ${mostAliasAlarms}`,
    );
  const { red, gone } = await statesOf(world, all);
  if (red.length + gone.length > 0) throw new Refusal('alarm-not-ready', `${name}: ${notReady(red, gone)}`);
  return {
    ofGroup,
    notes: [
      all.length === 0
        ? 'no alarm watches the deployment: nothing but a person or the registry takes it back'
        : `stopped and rolled back by ${all.join(', ')}`,
      ...(mayBeUnread && !brings && all.length > 0
        ? [
            'the deployment group lets a deployment go on when CodeDeploy cannot read its alarms (ignorePollAlarmFailure)',
          ]
        : []),
    ],
  };
};

const watchedAlias = async (
  world: World,
  { lambda, rollout }: AliasRequest,
  { look, to }: { readonly look: AliasLook; readonly to: string },
  record: ReleaseRecord,
): Promise<readonly string[]> => {
  const place = { name: nameOfAlias(lambda), platform: 'Lambda', to: lambda, look, rollout } as const;
  const { notes, ofGroup } = await watched(world, place, record);
  const slow = await refuseSlowAlarms(world, {
    versions: { function: lambda.function, alias: lambda.alias, from: look.version, to },
    shiftSeconds: routingOf(rollout, 'Lambda').shiftSeconds,
    stepSeconds: rollout.strategy === 'all-at-once' ? 0 : rollout.everyMinutes * 60,
    ofGroup,
    ofManifest: rollout.alarms.filter((alarm) => !ofGroup.includes(alarm)),
  });
  return [...notes, ...slow, ...hookNotes(lambda)];
};

/** The traffic that a judge compares: of the version that serves. */
interface Compared {
  readonly name: string;
  readonly platform: Platform;
  readonly rollout: AliasRollout;
  readonly series: Series;
  readonly requests: CountedMetric;
  /** Another version had these metrics before. */
  readonly since?: Instant;
}

/** The judge's policy, frozen from the last day of the traffic, when the manifest has a judge. */
export const guarded = async (
  world: World,
  { name, platform, rollout, series, requests, since }: Compared,
  notes: readonly string[],
): Promise<Pick<CodeDeployment, 'judged'> & { readonly notes: readonly string[] }> => {
  if (rollout.strategy === 'all-at-once' || rollout.judge === undefined) return { notes };
  const { policy, latency, guard } = await freezePolicyOf(world, series, rollout.judge, {
    minimumRequests: 0,
    ...withoutUndefined({ since }),
  });
  const rate = await usualRateOf(world, requests);
  const { share } = shiftsOf(routingOf(rollout, platform).config)[0] ?? { share: 0 };
  const expected = Math.floor(rate * share * rollout.everyMinutes * 60);
  return {
    judged: { policy, ...withoutUndefined({ latency }) },
    notes: [
      ...notes,
      `the judge compares both versions while they share the requests; burst guard ${policy.burstGuard ? 'on' : 'off'}: ${guard.because}`,
      `durations: ${latency?.because ?? 'there are none of the day before, so they are not judged'}`,
      expected === 0
        ? `${name} has had no requests in the last hour: without any the judge has nothing to compare, and takes nothing back`
        : `at the usual ${Math.round(rate * 100) / 100} requests per second the new version gets about ${expected} in its first ${rollout.everyMinutes} minutes`,
    ],
  };
};

const hookNotes = ({ hooks: { beforeAllowTraffic, afterAllowTraffic } = {} }: LambdaAlias): readonly string[] => [
  ...(beforeAllowTraffic === undefined
    ? []
    : [`${beforeAllowTraffic} runs before the first request, for an hour at most; the deployment ends if it fails`]),
  ...(afterAllowTraffic === undefined
    ? []
    : [`${afterAllowTraffic} runs after the last shift, for an hour at most; the alias goes back if it fails`]),
];

const submissionFor = (
  lambda: LambdaAlias,
  from: string,
  to: string,
  { config, routing, shiftSeconds }: Routing,
  guards: Pick<AliasDeployment, 'alarms' | 'timeoutSeconds' | 'hooks' | 'judged' | 'broughtBefore'>,
): AliasDeployment => ({
  mechanism: 'codedeploy',
  kind: 'deployment',
  variant: lambda.alias,
  function: lambda.function,
  application: lambda.application,
  deploymentGroup: lambda.deploymentGroup,
  ...{ from, to, config, shiftSeconds },
  ...(routing === undefined ? {} : { routing: { ...routing } }),
  expectedSeconds: shiftSeconds + overheadSeconds,
  ...guards,
});

const broughtBefore = (
  { ended }: ReleaseRecord,
  { endpointConfig }: Configuration,
): AliasDeployment['broughtBefore'] => {
  const known = ended.find(
    ({ candidate, outcome, submission, witnessed }) =>
      candidate.endpointConfig === endpointConfig &&
      outcome === 'succeeded' &&
      submission.kind === 'deployment' &&
      witnessed.deployment !== undefined,
  );
  const deployment = known?.witnessed.deployment;
  if (known === undefined || deployment === undefined) return undefined;
  const { from, hooks } = aliasDeploymentOf(known);
  return { deployment, from, ...withoutUndefined({ hooks }) };
};

const ofVersion = (version: string): Configuration => ({
  endpointConfig: configOfVersion(version),
  model: configOfVersion(version),
  instanceType: 'lambda',
  instanceCount: 0,
});

/** The configuration that serves: as the history knows it, else a version of others. */
export const baselineOf = ({ history }: ReleaseRecord, serving: Configuration): Configuration => {
  const known = history.find(({ endpointConfig }) => endpointConfig === serving.endpointConfig);
  if (known === undefined) return serving;
  const { release: _release, from: _from, until: _until, good: _good, ended: _ended, ...configuration } = known;
  return configuration;
};
