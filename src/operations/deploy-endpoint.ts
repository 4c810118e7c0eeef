import { abortRelease } from '../delivery/abort-release.ts';
import { adoptBaseline } from '../delivery/adopt-baseline.ts';
import { followChange, submitChange } from '../delivery/mechanism-tasks.ts';
import { outputsOf, type ReleaseOutputs, releaseOutputs } from '../delivery/release-outputs.ts';
import { restoreTasks } from '../delivery/restore.ts';
import { type Opening, type ReleaseMemory, type ReleaseOperation, runRelease } from '../delivery/run-release.ts';
import { applyScaling, restoreScaling } from '../delivery/scaling-tasks.ts';
import { settlingTasks } from '../delivery/settle.ts';
import { tagEndpoint } from '../delivery/tag-endpoint.ts';
import type { Tasks } from '../delivery/task.ts';
import { recordTag } from '../endpoint/record-tag.ts';
import { environmentOf } from '../manifest/load.ts';
import { mechanismFor } from '../mechanisms/all.ts';
import { refuseUnfitVersion } from '../mechanisms/approval.ts';
import { namedAsFrozen, publishConfig, publishModel } from '../mechanisms/publish.ts';
import { type DeliveryRequest, desiredOf, planDigest } from '../mechanisms/request.ts';
import type { Turn } from '../mechanisms/turn.ts';
import { type Operation, Refusal } from '../operation.ts';
import { termsOf } from '../registry/approval-terms.ts';
import { findVersion } from '../registry/packages.ts';
import { readVersion } from '../registry/semantic-version.ts';
import { exposure } from '../release/bucket-policy.ts';
import { type Decision, rerunDecision } from '../release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../release/record.ts';
import { storeFor } from '../release/store.ts';
import { flag, text, type ValuesOf } from '../schema.ts';
import type { World } from '../world.ts';
import { manifestToDeliver, sharedInputs } from './shared-inputs.ts';

const inputs = {
  ...sharedInputs,
  manifest: manifestToDeliver,
  version: text({
    description: 'Registered version to deploy: `1.4.0`, `v1.4.0` or `churn_v1.4.0`.',
    example: '1.4.0',
  }),
  retry: flag({ description: 'Try a version again that was taken back before.', default: false }),
};
export type DeployEndpointInputs = ValuesOf<typeof inputs>;

export const deployEndpoint: Operation<DeployEndpointInputs, ReleaseMemory, ReleaseOutputs> = {
  name: 'deploy-endpoint',
  description:
    'Deploys an approved model version to a SageMaker endpoint, shifts the traffic under alarms, and verifies the version that really serves.',
  inputs,
  outputs: releaseOutputs('to deliver'),
  advance: (given, memory, world) => runRelease(world, memory, script(given, world)),
  abort: (given, memory, why, world) => abortRelease(world, memory, why, script(given, world)),
};

/** The delivery, in the order in which it happens. Each task reads AWS to see whether it is done already. */
const script = (given: DeployEndpointInputs, world: World): ReleaseOperation<ReleaseOutputs> => {
  const asked = askedOf(given);
  const environment = environmentOf(given.manifest, given.environment);
  const store = storeFor(given, world);
  const tags = { ...asked.spec.tags, [recordTag]: store.uri };
  const published = ({ release }: Turn) =>
    desiredOf(world, asked, {
      packageVersion: release.candidate.packageVersion ?? 0,
      instanceCount: release.candidate.instanceCount,
      variant: release.submission.canonical ?? release.submission.variant,
      attempt: release.attempt,
    });
  const wanted = (turn: Turn) => ({ rollout: asked.rollout, published: published(turn), tags });
  const delivery: Tasks = {
    preparing: [
      (turn) => namedAsFrozen(turn, published(turn)),
      (turn) => publishModel(turn, published(turn)),
      (turn) => publishConfig(turn, published(turn)),
      adoptBaseline,
      submitChange(wanted),
    ],
    ...followChange(wanted),
    settling: [restoreScaling, (turn) => applyScaling(turn, asked.spec), tagEndpoint(tags), ...settlingTasks],
  };
  return {
    store,
    approval: termsOf(given.manifest, environment),
    plan: (record) => plan(world, asked, tags, given.retry, record),
    recognise: (release) => {
      if (release.operation === 'rollback') return;
      if (release.planDigest !== planDigest(asked, release.candidate.packageVersion ?? 0))
        throw new Refusal(
          'plan-changed',
          `${release.id} is live, but its plan differs from the plan of these inputs and this manifest`,
        );
    },
    tasks: (release) => (release.operation === 'rollback' ? restoreTasks : delivery),
    goesOn: ({ operation, outcome }) => operation === 'rollback' && outcome === 'succeeded',
    outputs: (release) => outputsOf(store.endpoint, release),
  };
};

const askedOf = ({ manifest, environment, version }: DeployEndpointInputs): DeliveryRequest => {
  const { endpoint: spec, rollout } = environmentOf(manifest, environment);
  return { group: manifest.model, version: readVersion(manifest.model, version), spec, rollout };
};

const plan = async (
  world: World,
  asked: DeliveryRequest,
  tags: Readonly<Record<string, string>>,
  retry: boolean,
  record: ReleaseRecord,
): Promise<Opening<ReleaseOutputs>> => {
  const decide = (packageVersion: number): Decision =>
    rerunDecision(record, {
      operation: 'deploy-endpoint',
      version: asked.version,
      planDigest: planDigest(asked, packageVersion),
      retry,
      holder: world.run.holder,
      now: world.clock.now(),
    });
  // A release that is under way goes on, even when its package is gone: its next turn ends it, and restores everything.
  const begun = decide(liveOf(record, asked)?.candidate.packageVersion ?? 0);
  if (begun.is === 'resume') return begun;
  const registered = await findVersion(world, asked.group, asked.version);
  if (registered === undefined)
    throw new Refusal(
      'unknown-version',
      `${asked.group} has no version ${asked.version} in ${world.account.region}: register it there first, or correct \`region\``,
    );
  const decision = decide(registered.packageVersion);
  switch (decision.is) {
    case 'resume':
      return decision;
    case 'held':
      // A queue of runs plans first and deploys one after another: a dry run is not refused.
      if (world.write === undefined)
        return { is: 'behind', because: `would begin when another release has ended: ${decision.because}` };
      throw new Refusal('held-by-another-release', decision.because);
    case 'stopping':
      return { is: 'stop-first', release: decision.release };
    case 'plan-changed':
      throw new Refusal('plan-changed', `${decision.release.id} is live with another plan`);
    case 'already-convicted':
      throw new Refusal(
        'already-convicted',
        `${asked.version} was taken back before (${decision.release.id}: ${decision.release.because ?? decision.release.reason}); set retry: true to try it again`,
      );
    case 'no-op':
    case 'new-attempt': {
      // No plan is possible over two variants: a release that adds, shifts to or removes a second variant settles first.
      if (
        record.live &&
        (record.live.operation !== 'deploy-endpoint' || record.live.submission.mechanism === 'variants')
      )
        return { is: 'stop-first', release: record.live };
      const notes = await refuseUnfitVersion(world, registered);
      // A delivered configuration that serves no more is delivered again under its own name.
      const attempt = decision.is === 'no-op' ? decision.release.attempt : decision.attempt;
      const planned = await mechanismFor(asked.rollout).plan(world, {
        operation: 'deploy-endpoint',
        asked,
        registered,
        record,
        attempt,
        tags,
      });
      if (planned.plan.changes.length === 0 && record.live === undefined)
        return {
          is: 'done',
          progress: {
            is: 'done',
            outcome: 'succeeded',
            reason: planned.already,
            outputs: outputsOf(asked.spec.name, { ...planned.release, serving: 'candidate' }),
            because: planned.plan.title,
            plan: planned.plan,
          },
        };
      return {
        is: 'begin',
        ...planned,
        plan: { ...planned.plan, notes: [...planned.plan.notes, ...notes, ...exposed(tags)] },
        ...(decision.is === 'new-attempt' && decision.abandons ? { abandons: decision.abandons } : {}),
      };
    }
  }
};

const liveOf = ({ live }: ReleaseRecord, { version }: DeliveryRequest): Release | undefined =>
  live?.operation === 'deploy-endpoint' && live.version === version ? live : undefined;

/** A warning when the release record, as the endpoint's tag names it, lies in a bucket that is open to others. */
const exposed = (tags: Readonly<Record<string, string>>): readonly string[] => {
  const warning = exposure(tags[recordTag] ?? '');
  return warning === undefined ? [] : [warning];
};
