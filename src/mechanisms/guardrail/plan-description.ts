import { duration, seconds } from '../../clock.ts';
import { type Count, drifted } from '../../endpoint/count.ts';
import type { Desired } from '../../endpoint/desired.ts';
import { capacityOf, hardwareOf, kindRequested, kinds, mayBecome } from '../../endpoint/kind.ts';
import { isNamedFor } from '../../endpoint/names.ts';
import type { LiveEndpoint } from '../../endpoint/observe.ts';
import { deployPermissions } from '../../endpoint/permissions.ts';
import { endingScaling, scalingChange } from '../../endpoint/scaling-change.ts';
import { missingTags } from '../../endpoint/tags.ts';
import { counted, percent } from '../../judge/amounts.ts';
import type { EndpointSpec } from '../../manifest/manifest.ts';
import type { AlarmSpec } from '../../metrics/alarms.ts';
import type { Change, Plan } from '../../operation.ts';
import type { RegisteredVersion } from '../../registry/registered-version.ts';
import type { Configuration, ScalingSnapshot } from '../../release/record.ts';
import type { Path } from '../../rollout/compile.ts';
import type { World } from '../../world.ts';
import type { Compared } from '../compared.ts';
import type { DeliveryRequest } from '../request.ts';
import { publishingChanges, settingNotes } from '../setting-changes.ts';

/** All facts of the planning turn. */
export interface PlanFacts {
  readonly requested: DeliveryRequest;
  readonly registered: RegisteredVersion;
  readonly live: LiveEndpoint | undefined;
  readonly baseline: Configuration | undefined;
  readonly wanted: Desired;
  readonly compared: Compared;
  readonly serves: boolean;
  readonly path: Path;
  readonly alarms: readonly AlarmSpec[];
  readonly rate: number;
  readonly count: Count;
  /** The live scalable target. */
  readonly scaling: ScalingSnapshot | undefined;
  readonly notes: readonly string[];
  readonly variant: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The plan for readers: the changes in order, and the notes to read before them. */
export const describePlan = async (world: World, facts: PlanFacts): Promise<Plan> => {
  const { requested, live, wanted, serves, path, registered, baseline } = facts;
  const scaling = await scalingChange(world, requested.spec, facts.variant, facts.scaling);
  const around = await aroundChanges(world, facts, scaling.changes);
  const changes: readonly Change[] = serves
    ? around
    : [
        ...(await publishingChanges(world, {
          wanted,
          compared: facts.compared,
          model: [`from ${registered.tag} (package version ${registered.packageVersion})`],
          config: [hardwareSentence(requested.spec, facts.count)],
        })),
        ...(facts.alarms.length > 0
          ? [
              {
                verb: 'create',
                object: `${counted(facts.alarms.length, 'alarm')} for this release`,
                details: facts.alarms.map(({ AlarmName }) => AlarmName),
              } as const,
            ]
          : []),
        live === undefined
          ? { verb: 'create', object: `endpoint ${requested.spec.name}`, details: [`variant ${facts.variant}`] }
          : {
              verb: 'update',
              object: `endpoint ${requested.spec.name}`,
              details: [`${baseline?.endpointConfig} → ${wanted.config.EndpointConfigName}`, ...pathSentences(path)],
            },
        ...around,
      ];
  return {
    title:
      serves && around.length === 0
        ? `${requested.spec.name} serves ${requested.version} already`
        : `deploy ${requested.group} ${requested.version} to ${requested.spec.name} by ${live === undefined ? 'creation' : requested.rollout.strategy}`,
    changes,
    notes: [
      ...notesOf(facts),
      ...scaling.notes,
      ...(await endingScaling(world, requested.spec, facts.variant, baseline)),
    ],
    expectedSeconds: serves ? 0 : path.expectedSeconds,
    peakInstances: serves ? {} : peakOf(facts),
    permissions: deployPermissions({
      creates: live === undefined,
      passesRole: wanted.model.ExecutionRoleArn !== undefined,
      // Autoscaling is suspended while the instance type changes.
      scales:
        requested.spec.autoscaling !== undefined ||
        (!serves && baseline !== undefined && baseline.instanceType !== requested.spec.instance?.type),
      encrypts: wanted.config.KmsKeyId !== undefined,
      resizes: serves && drifted(facts.count, live) !== undefined,
      serves,
    }),
  };
};

const hardwareSentence = ({ instance, serverless }: EndpointSpec, { expected }: Count): string =>
  instance
    ? `${expected} × ${instance.type}`
    : `serverless: ${serverless?.memoryMb} MB, at most ${counted(serverless?.maxConcurrency ?? 0, 'request')} at once`;

/** Both fleets run until the old one goes; a rolling update adds one batch at a time (AWS: "Use rolling deployments"). */
const peakOf = ({ requested, baseline, count, path }: PlanFacts): Readonly<Record<string, number>> => {
  const { instance } = requested.spec;
  const old =
    baseline && capacityOf(baseline) === 'instances' ? { [baseline.instanceType]: baseline.instanceCount } : {};
  if (instance === undefined) return old;
  const added =
    path.mechanism === 'guardrail' && path.routing === 'ROLLING'
      ? (path.stepInstances ?? count.expected)
      : count.expected;
  return { ...old, [instance.type]: (old[instance.type] ?? 0) + added };
};

const aroundChanges = async (
  world: World,
  { requested, live, tags, serves, count }: PlanFacts,
  scaling: readonly Change[],
): Promise<readonly Change[]> => {
  const { spec } = requested;
  const changes: Change[] = [];
  const now = serves ? drifted(count, live) : undefined;
  if (now !== undefined)
    changes.push({ verb: 'update', object: `instances of ${spec.name}`, details: [`${now} → ${count.expected}`] });
  changes.push(...scaling);
  if (live !== undefined) {
    const missing = await missingTags(world, spec.name, tags);
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
  path.mechanism !== 'guardrail'
    ? []
    : [
        ...path.stages
          .filter(({ bakeSeconds, share }) => bakeSeconds > 0 || share < 1)
          .map(({ share, bakeSeconds }) => `${percent(share)} of the traffic for ${duration(seconds(bakeSeconds))}`),
        `at most ${duration(seconds(path.timeoutSeconds))} in all`,
      ];

/** AWS counts both fleets against the quota of their type (reference/sagemaker.md §2.3). */
const quotaNotes = (facts: PlanFacts): readonly string[] =>
  facts.baseline === undefined
    ? []
    : Object.entries(peakOf(facts))
        .filter(([type, most]) => most > (type === facts.baseline?.instanceType ? facts.baseline.instanceCount : 0))
        .map(
          ([type, most]) =>
            `needs a quota for ${most} × ${type} while the update runs: both fleets count until the old one has gone`,
        );

const notesOf = (facts: PlanFacts): readonly string[] => {
  const { requested, baseline, path, notes, count, rate, serves, alarms, live } = facts;
  if (serves) return notes;
  const { rollout } = requested;
  const guarded = path.mechanism === 'guardrail';
  const { requests } = kinds[kindRequested(requested.spec, facts.registered.containers.length)];
  return [
    ...settingNotes(facts),
    ...notes,
    ...(count.note ? [count.note] : []),
    ...quotaNotes(facts),
    ...(guarded && requests.metric !== 'Invocations'
      ? [`async endpoints publish no Invocations: the new fleet's requests are counted by its ${requests.metric}`]
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
    ...(baseline && mayBecome({ instanceType: hardwareOf(requested.spec) }, baseline)
      ? [`rolling back means ${baseline.version ?? baseline.endpointConfig}; its configuration and model are kept`]
      : []),
    // docs/permissions: rollback may publish configs that are named for its endpoint.
    ...(baseline && !isNamedFor(requested.spec.name, baseline.endpointConfig)
      ? [
          `${baseline.endpointConfig} is not named for ${requested.spec.name}: a rollback to it needs sagemaker:UpdateEndpoint on endpoint-config/${baseline.endpointConfig.toLowerCase()} by name`,
        ]
      : []),
    ...(live !== undefined &&
    requested.spec.instance !== undefined &&
    requested.spec.autoscaling === undefined &&
    count.expected !== baseline?.instanceCount
      ? [
          `the new fleet has the manifest's ${counted(count.expected, 'instance')}, instead of the ${baseline?.instanceCount} of the old one`,
        ]
      : []),
  ];
};
