import { plannedMetrics } from '../approval/registered-metrics.ts';
import { abortRelease } from '../delivery/abort-release.ts';
import { adoptBaseline } from '../delivery/adopt-baseline.ts';
import { beginStage } from '../delivery/follow-stage.ts';
import { followChange, submitChange } from '../delivery/mechanism-tasks.ts';
import { openDelivery } from '../delivery/open-delivery.ts';
import { outputsOf, type ReleaseOutputs, releaseOutputs } from '../delivery/release-outputs.ts';
import { requirePromoted } from '../delivery/require-promoted.ts';
import { restoreTasks } from '../delivery/restore.ts';
import { type Opening, type ReleaseMemory, type ReleaseOperation, runRelease } from '../delivery/run-release.ts';
import { applyScaling, restoreScaling } from '../delivery/scaling-tasks.ts';
import { settlingTasks } from '../delivery/settle.ts';
import { tagEndpoint } from '../delivery/tag-endpoint.ts';
import type { Tasks } from '../delivery/task.ts';
import { askingPermissions } from '../endpoint/permissions.ts';
import { recordTag } from '../endpoint/record-tag.ts';
import { codeDeployOf, environmentOf } from '../manifest/load.ts';
import { mechanismFor } from '../mechanisms/all.ts';
import { refuseUnfitVersion } from '../mechanisms/approval.ts';
import { keptBy } from '../mechanisms/compared.ts';
import { needsRun } from '../mechanisms/needs-run.ts';
import { publish } from '../mechanisms/publish.ts';
import { type DeliveryRequest, desiredOf, planDigest, registryOf } from '../mechanisms/request.ts';
import { requireSafeguards } from '../mechanisms/safeguards.ts';
import { refuseUnservable, servingNotes } from '../mechanisms/servable.ts';
import { requireSmokePaths, smokeDue } from '../mechanisms/smoke/due.ts';
import type { Turn } from '../mechanisms/turn.ts';
import { notifyTermsOf } from '../notify/notice.ts';
import { type Operation, Refusal } from '../operation.ts';
import { reason } from '../reason-codes.ts';
import { termsOf } from '../registry/approval-terms.ts';
import { refuseClosedGroup } from '../registry/group-policy.ts';
import type { RequestedVersion } from '../registry/packages.ts';
import { exposure } from '../release/bucket-policy.ts';
import type { ReleaseRecord, Submission } from '../release/record.ts';
import { storeFor } from '../release/store.ts';
import { flag, type ValuesOf } from '../schema.ts';
import { requireVerdict } from '../scoring/require-verdict.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { deployByCodeDeploy } from './deploy-by-codedeploy.ts';
import { requestedVersion } from './requested-version.ts';
import { liveVersion, resumption } from './resumption.ts';
import { servingPlan } from './serving-plan.ts';
import { servingVersion, servingWord } from './serving-version.ts';
import { sharedInputs, versionInput } from './shared-inputs.ts';

const version = versionInput('deploy');
const inputs = {
  ...sharedInputs,
  version: {
    ...version,
    description: `${version.description} \`live\`: the version whose delivery is under way without a run; the run goes on with it, and begins nothing. With \`dry-run\` also \`${servingWord}\`, the version that serves: the plan then has the changes of the manifest alone.`,
  },
  retry: flag({ description: 'Try a version again that was taken back before.', default: false }),
  once: flag({
    description:
      'Deliver the version only if it has not served here before, for a run that an event starts: events come twice and late. A version that was replaced since is left alone.',
    default: false,
  }),
  follow: {
    ...flag({
      description:
        'Follow the update to its end. With `false` the run ends as `pending` once SageMaker carries the update out by itself, under its alarms; a later run verifies the end. Refused where a run has to move the traffic or judge it.',
      default: true,
    }),
    ofRunner: true,
  } as const,
};
export type DeployEndpointInputs = ValuesOf<typeof inputs>;

export const deployEndpoint: Operation<DeployEndpointInputs, ReleaseMemory, ReleaseOutputs> = {
  name: 'deploy-endpoint',
  description:
    'Deploys an approved model version to a SageMaker endpoint, shifts the traffic under alarms, and verifies the version that really serves.',
  inputs,
  outputs: releaseOutputs('to deliver'),
  advance: async (given, memory, world) => {
    if (given.version !== servingWord) return runRelease(world, memory, await operationOf(given, world));
    const found = await servingVersion(world, given);
    if (found.is === 'serving')
      return runRelease(world, memory, await operationOf({ ...given, version: found.version, isServing: true }, world));
    return { is: 'done', outcome: 'succeeded', reason: 'manifest-planned', outputs: {}, because: found.because };
  },
  abort: async (given, memory, why, world) => abortRelease(world, memory, why, await operationOf(given, world)),
};

interface Given extends DeployEndpointInputs {
  /** A dry run plans the version that serves again. */
  readonly isServing?: true;
}

const operationOf = async (given: Given, world: World): Promise<ReleaseOperation<ReleaseOutputs>> => {
  const place = codeDeployOf(given.manifest, given.environment);
  const deliver = (version: string) =>
    place === undefined
      ? deliveryOf({ ...given, version }, world)
      : deployByCodeDeploy({ ...given, version }, world, place);
  return given.version === liveVersion ? resumption(given, world, deliver) : deliver(given.version);
};

/** The delivery, in the order in which it happens. Each task reads AWS to see whether it is done already. */
const deliveryOf = async (given: Given, world: World): Promise<ReleaseOperation<ReleaseOutputs>> => {
  const environment = environmentOf(given.manifest, given.environment);
  const store = storeFor(given, world);
  const named = await requestedVersion(world, store, given.manifest.model, given.version);
  const requested = requestOf(given, named, world);
  const tags = { ...requested.spec.tags, [recordTag]: store.uri };
  const published = async ({ release: { candidate, submission, attempt } }: Turn) => {
    const variant = submission.canonical ?? submission.variant;
    return desiredOf(world, requested, {
      packageVersion: candidate.packageVersion ?? 0,
      instanceCount: candidate.instanceCount,
      variant,
      attempt,
      ...withoutUndefined({ kept: await keptBy(world, candidate.kept, variant) }),
    });
  };
  const { smoke } = given.manifest;
  const prepare = async (turn: Turn) => publish(turn, await published(turn));
  const wanted = (turn: Turn) => ({
    rollout: requested.rollout,
    published: () => published(turn),
    prepare,
    tags,
    ...withoutUndefined({ smoke }),
  });
  const delivery: Tasks = {
    preparing: [beginStage, prepare, adoptBaseline, submitChange(wanted)],
    ...followChange(wanted),
    settling: [restoreScaling, applyScaling(requested.spec), tagEndpoint(tags), ...settlingTasks],
  };
  return {
    store,
    approval: termsOf(given.manifest, environment),
    notify: notifyTermsOf(given),
    plan: (record) => plan(world, given, requested, named, tags, record),
    recognise: (release) => {
      if (release.operation === 'rollback') return;
      if (release.planDigest !== planDigest(requested, release.candidate.packageVersion ?? 0))
        throw new Refusal(
          'plan-changed',
          `${release.id} is live, but its plan differs from the plan of these inputs and this manifest`,
        );
    },
    tasks: (release) => (release.operation === 'rollback' ? restoreTasks : delivery),
    goesOn: ({ operation, outcome }) => operation === 'rollback' && outcome === 'succeeded',
    leaves: !given.follow,
    outputs: (release) => outputsOf(store.endpoint, release),
  };
};

const requestOf = (
  { manifest, environment }: DeployEndpointInputs,
  { version }: RequestedVersion,
  world: World,
): DeliveryRequest => {
  const { endpoint: spec, rollout } = environmentOf(manifest, environment);
  return { group: manifest.model, version, spec, rollout, ...registryOf(world) };
};

const plan = async (
  world: World,
  { retry, once, follow, manifest, environment, isServing }: Given,
  requested: DeliveryRequest,
  named: RequestedVersion,
  tags: Readonly<Record<string, string>>,
  record: ReleaseRecord,
): Promise<Opening<ReleaseOutputs>> => {
  const { group, version } = requested;
  const digestOf = (packageVersion: number): string => planDigest(requested, packageVersion);
  return openDelivery(
    world,
    record,
    // The version that serves needs no permission to be planned again, although it was taken back before and brought back by hand.
    { group, version, named, retry: retry || isServing === true, once: once && !isServing, planDigest: digestOf },
    async (registered, decision) => {
      // No plan is possible over two variants: a release that adds, shifts to or removes a second variant settles first.
      if (
        record.live &&
        (record.live.operation !== 'deploy-endpoint' || record.live.submission.mechanism === 'variants')
      )
        return { is: 'stop-first', release: record.live };
      refuseUnservable(requested.spec, registered);
      requireSmokePaths(manifest.smoke);
      const notes = [
        // Its approval is the past: that of the next version counts when it is delivered.
        ...(isServing ? [] : await refuseUnfitVersion(world, registered)),
        ...(await refuseClosedGroup(world, requested.group)),
        ...servingNotes(requested.spec, registered),
      ];
      // A delivered configuration that serves no more is delivered again under its own name.
      const attempt = decision.is === 'no-op' ? decision.release.attempt : decision.attempt;
      const planBy = (attempt: number) =>
        mechanismFor(requested.rollout).plan(world, {
          operation: 'deploy-endpoint',
          ...{ requested, registered, record, attempt, tags },
        });
      const planned = await planBy(attempt);
      if (isServing && planned.refused === undefined) {
        // The safeguards are the manifest's. Approval, promotion and test are those of the next version.
        requireSafeguards(manifest, environment, environmentOf(manifest, environment), registered);
        return servingPlan(requested.spec.name, record, planned, () => planBy(attempt + 1));
      }
      if (planned.plan.changes.length === 0 && record.live === undefined)
        return {
          is: 'done',
          progress: {
            is: 'done',
            outcome: 'succeeded',
            reason: planned.already,
            outputs: outputsOf(requested.spec.name, { ...planned.release, serving: 'candidate' }),
            because: planned.plan.title,
            plan: planned.plan,
          },
        };
      const { refused } = planned;
      if (refused !== undefined)
        return {
          is: 'done',
          progress: {
            is: 'done',
            outcome: reason(refused.reason).outcome,
            ...refused,
            outputs: {},
            plan: planned.plan,
          },
        };
      const left = follow ? [] : refuseUnfollowed(planned.release.submission);
      const promoted = await requirePromoted(world, { manifest, environment }, registered);
      const safeguards = requireSafeguards(manifest, environment, environmentOf(manifest, environment), registered);
      const tested = await requireVerdict(world, {
        operation: 'deploy-endpoint',
        ...{ manifest, environment, registered },
        look: planned.look,
        isDark: planned.release.candidate.beside !== undefined,
        after: record.live,
      });
      const { smoke, notes: asked } = smokeDue(manifest.smoke, planned.release, record, requested.spec);
      return {
        is: 'begin',
        ...planned,
        metrics: () => plannedMetrics(world, requested.spec.name, planned.look, registered),
        release: { ...planned.release, ...withoutUndefined({ smoke }) },
        plan: {
          ...planned.plan,
          ...(!follow && { unfollowed: true }),
          notes: [
            ...planned.plan.notes,
            ...promoted,
            ...safeguards,
            ...tested,
            ...asked,
            ...notes,
            ...left,
            ...exposed(tags),
          ],
          permissions: smoke === undefined ? planned.plan.permissions : askingPermissions(planned.plan.permissions),
        },
        ...(decision.is === 'new-attempt' && decision.abandons ? { abandons: decision.abandons } : {}),
      };
    },
  );
};

/** @returns what the plan says about an update that no run follows */
const refuseUnfollowed = (submission: Submission): readonly string[] => {
  const why = needsRun(submission);
  if (why !== undefined)
    throw new Refusal(
      'infeasible-rollout',
      `follow: false leaves the update to SageMaker, but ${why}; use follow: true`,
    );
  const bakes = submission.mechanism === 'guardrail' && submission.minimumRequests > 0;
  return [
    'no run follows the update: SageMaker takes it back by its alarms, and a later run verifies its end',
    ...(bakes
      ? [
          'the requests of all bakes are counted together, at the end: too few of them are inconclusive/unproven-traffic',
        ]
      : []),
  ];
};

/** A warning when the release record, as the endpoint's tag names it, lies in a bucket that is open to others. */
const exposed = (tags: Readonly<Record<string, string>>): readonly string[] => {
  const warning = exposure(tags[recordTag] ?? '');
  return warning === undefined ? [] : [warning];
};
