import { digest } from '../../digest.ts';
import { counted } from '../../judge/amounts.ts';
import { mostAliasAlarms, overheadMinutes } from '../../manifest/alias-schema.ts';
import type { AliasRollout, LambdaAlias } from '../../manifest/manifest.ts';
import { refuseSlowAlarms } from '../../metrics/alias-alarms.ts';
import { requestsOfAlias, seriesOfAlias } from '../../metrics/alias-arms.ts';
import { freezePolicyOf } from '../../metrics/judge-policy.ts';
import { usualRateOf } from '../../metrics/traffic.ts';
import { type Change, Refusal } from '../../operation.ts';
import { aliasPermissions } from '../../permissions.ts';
import { shortened } from '../../plain-text.ts';
import { type RegisteredVersion, registeredImages } from '../../registry/registered-version.ts';
import type { AliasDeployment, Configuration, NewRelease, ReleaseRecord } from '../../release/record.ts';
import { releaseId } from '../../release/release-id.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';
import type { Planned } from '../mechanism.ts';
import { statesOf } from '../release-alarms.ts';
import type { DeliveryRequest } from '../request.ts';
import { type AliasLook, configOfVersion, lookAtAlias, nameOfAlias, shown, submissionOf } from './alias.ts';
import { namedVersion, requireContent } from './content.ts';
import { groupAlarms, runningIn } from './deployment.ts';
import { type Routing, routingOf, shiftsOf } from './routing.ts';
import { settingChanges } from './settings.ts';
import { notReady } from './submit.ts';

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
  const baseline = baselineOf(record, look.version);
  if (operation === 'rollback') {
    const to = versionTo(request.to);
    const routing = routingOf(allAtOnce);
    const planDigest = digest({ operation, alias: name, from: look.version, to });
    await groupAlarms(world, lambda);
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
  const routing = routingOf(requested.rollout);
  const serves = look.version === to && look.other === undefined;
  const { judged, notes } = serves
    ? { notes: [] }
    : await guarded(world, requested, await watched(world, requested, { look, to }, record));
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
        : [
            ...(routing.routing === undefined
              ? []
              : [
                  {
                    verb: 'create',
                    object: `deployment configuration ${routing.config}`,
                    details: ['unless the account has it'],
                  } as const,
                ]),
            moved(name, look, to, await settingChanges(world, lambda, look.version, to)),
          ],
      notes,
      expectedSeconds: routing.shiftSeconds + overheadSeconds,
      peakInstances: {},
      permissions: aliasPermissions(),
    },
  };
};

const overheadSeconds = overheadMinutes * 60;

const moved = (name: string, { version }: AliasLook, to: string, settings: readonly string[]): Change => ({
  verb: 'update',
  object: `alias ${name}`,
  details: [`version: ${version} → ${to}`, ...settings],
});

/** Everything that must hold before a deployment. @returns notes about its alarms */
const watched = async (
  world: World,
  { lambda, rollout }: AliasRequest,
  { look, to }: { readonly look: AliasLook; readonly to: string },
  record: ReleaseRecord,
): Promise<readonly string[]> => {
  const name = nameOfAlias(lambda);
  const { alarms: ofGroup, mayBeUnread } = await groupAlarms(world, lambda);
  if (record.live === undefined) {
    const [other] = await runningIn(world, lambda);
    if (other !== undefined)
      throw new Refusal(
        'endpoint-unusable',
        `deployment ${other} runs in the group ${lambda.deploymentGroup} already: wait until it has ended`,
      );
    if (look.other !== undefined)
      throw new Refusal(
        'endpoint-unusable',
        `${name} is on ${shown(look)}, and no deployment runs: give one version all requests first (aws lambda update-alias)`,
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
  const slow = await refuseSlowAlarms(world, {
    versions: { function: lambda.function, alias: lambda.alias, from: look.version, to },
    shiftSeconds: routingOf(rollout).shiftSeconds,
    stepSeconds: rollout.strategy === 'all-at-once' ? 0 : rollout.everyMinutes * 60,
    ofGroup,
    ofManifest: rollout.alarms.filter((alarm) => !ofGroup.includes(alarm)),
  });
  return [
    all.length === 0
      ? 'no alarm watches the deployment: nothing but a person or the registry takes it back'
      : `stopped and rolled back by ${all.join(', ')}`,
    ...(mayBeUnread && !brings && all.length > 0
      ? ['the deployment group lets a deployment go on when CodeDeploy cannot read its alarms (ignorePollAlarmFailure)']
      : []),
    ...slow,
    ...hookNotes(lambda),
  ];
};

/** The judge's policy, frozen from the last day of the alias, when the manifest has a judge. */
const guarded = async (
  world: World,
  { lambda, rollout }: AliasRequest,
  notes: readonly string[],
): Promise<Pick<AliasDeployment, 'judged'> & { readonly notes: readonly string[] }> => {
  if (rollout.strategy === 'all-at-once' || rollout.judge === undefined) return { notes };
  const { policy, latency, guard } = await freezePolicyOf(world, seriesOfAlias(lambda), rollout.judge, {
    minimumRequests: 0,
  });
  const rate = await usualRateOf(world, requestsOfAlias(lambda));
  const { share } = shiftsOf(routingOf(rollout).config)[0] ?? { share: 0 };
  const expected = Math.floor(rate * share * rollout.everyMinutes * 60);
  return {
    judged: { policy, ...withoutUndefined({ latency }) },
    notes: [
      ...notes,
      `the judge compares both versions while they share the requests; burst guard ${policy.burstGuard ? 'on' : 'off'}: ${guard.because}`,
      `durations: ${latency?.because ?? 'the alias has none of the day before, so they are not judged'}`,
      expected === 0
        ? `${nameOfAlias(lambda)} has had no requests in the last hour: without any the judge has nothing to compare, and takes nothing back`
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
      submission.mechanism === 'codedeploy' &&
      witnessed.deployment !== undefined,
  );
  const deployment = known?.witnessed.deployment;
  if (known === undefined || deployment === undefined) return undefined;
  return { deployment, from: submissionOf(known).from };
};

const ofVersion = (version: string): Configuration => ({
  endpointConfig: configOfVersion(version),
  model: configOfVersion(version),
  instanceType: 'lambda',
  instanceCount: 0,
});

/** The configuration that serves: as the history knows it, else a version of others. */
const baselineOf = ({ history }: ReleaseRecord, version: string): Configuration => {
  const known = history.find(({ endpointConfig }) => endpointConfig === configOfVersion(version));
  if (known === undefined) return ofVersion(version);
  const { release: _release, from: _from, until: _until, good: _good, ended: _ended, ...configuration } = known;
  return configuration;
};

const versionTo = ({ endpointConfig }: Configuration): string =>
  /^version-([1-9][0-9]*)$/.exec(endpointConfig)?.[1] ?? '';
