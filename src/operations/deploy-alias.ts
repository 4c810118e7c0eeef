import { describe, isRefused } from '../aws/errors.ts';
import { beginStage } from '../delivery/follow-stage.ts';
import { followChange, submitChange } from '../delivery/mechanism-tasks.ts';
import { type FreeDecision, openDelivery } from '../delivery/open-delivery.ts';
import { outputsOf, type ReleaseOutputs } from '../delivery/release-outputs.ts';
import { requirePromoted } from '../delivery/require-promoted.ts';
import type { Opening, ReleaseOperation } from '../delivery/run-release.ts';
import { settlingTasks } from '../delivery/settle.ts';
import { canonical } from '../digest.ts';
import { deliveryOf } from '../manifest/load.ts';
import type { AliasEnvironment, Delivery, Manifest } from '../manifest/manifest.ts';
import { refuseUnfitVersion } from '../mechanisms/approval.ts';
import { nameOfAlias, refuseForeignTarget, submissionOf } from '../mechanisms/codedeploy/alias.ts';
import { codedeploy } from '../mechanisms/codedeploy/codedeploy.ts';
import { requireContent } from '../mechanisms/codedeploy/content.ts';
import { wasBroughtBefore } from '../mechanisms/codedeploy/deployment.ts';
import { type AliasRequest, aliasDigest } from '../mechanisms/codedeploy/plan.ts';
import { routingOf } from '../mechanisms/codedeploy/routing.ts';
import type { WantedRelease } from '../mechanisms/mechanism.ts';
import { registryOf } from '../mechanisms/request.ts';
import type { Turn } from '../mechanisms/turn.ts';
import { Refusal } from '../operation.ts';
import { termsOf } from '../registry/approval-terms.ts';
import { refuseClosedGroup } from '../registry/group-policy.ts';
import { type RequestedVersion, requireVersion } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { riskOf } from '../registry/risk.ts';
import type { Release, ReleaseRecord } from '../release/record.ts';
import { storeFor } from '../release/store.ts';
import type { World } from '../world.ts';
import { requestedVersion } from './requested-version.ts';

interface Given {
  readonly manifest: Manifest;
  readonly environment: string;
  readonly version: string;
  readonly retry: boolean;
  readonly once: boolean;
}

/** `deploy-endpoint` where the alias of a Lambda function serves: the same release, carried by CodeDeploy. */
export const deployAlias = async (
  given: Given,
  world: World,
  environment: AliasEnvironment,
): Promise<ReleaseOperation<ReleaseOutputs>> => {
  const store = storeFor(given, world);
  const { model } = given.manifest;
  const named = await requestedVersion(world, store, model, given.version);
  const { lambda, rollout } = environment;
  const requested: AliasRequest = { group: model, version: named.version, lambda, rollout, ...registryOf(world) };
  const wanted = wantedOf(model);
  return {
    store,
    approval: termsOf(given.manifest, environment),
    plan: (record) => {
      if (record.live !== undefined) refuseForeignTarget(record.live, lambda);
      return plan(world, given, requested, named, record);
    },
    recognise: (release) => {
      refuseForeignTarget(release, lambda);
      if (release.operation === 'rollback') return;
      if (release.planDigest !== aliasDigest(requested, release.candidate.packageVersion ?? 0))
        throw new Refusal(
          'plan-changed',
          `${release.id} is live, but its plan differs from the plan of these inputs and this manifest`,
        );
      refuseOtherShift(release, environment);
    },
    tasks: () => ({
      preparing: [beginStage, submitChange(() => wanted)],
      ...followChange(() => wanted),
      settling: settlingTasks,
    }),
    outputs: (release) => outputsOf(nameOfAlias(lambda), release),
  };
};

/**
 * The digest is about the request, and the record about what it was made into: both have to be of this manifest (rule 21). The alarms of the
 * group are read again at the submission.
 */
const refuseOtherShift = (release: Release, { lambda, rollout }: AliasEnvironment): void => {
  const { config, routing, shiftSeconds, timeoutSeconds, alarms, judged, hooks } = submissionOf(release);
  const wanted = routingOf(rollout);
  const judge = rollout.strategy === 'all-at-once' ? undefined : rollout.judge;
  const isOwn =
    config === wanted.config &&
    canonical(routing ?? {}) === canonical(wanted.routing ?? {}) &&
    shiftSeconds === wanted.shiftSeconds &&
    timeoutSeconds === rollout.timeoutSeconds &&
    canonical(judged?.policy.convict ?? {}) === canonical(judge?.convict ?? {}) &&
    canonical(alarms) === canonical(rollout.alarms) &&
    canonical(hooks ?? {}) === canonical(lambda.hooks ?? {});
  if (!isOwn)
    throw new Refusal(
      'foreign-record',
      `${release.id} in the release record shifts by ${config.slice(0, 100)} and other guards than this manifest has; nothing was changed`,
    );
};

/** Directly before the submission the version of the function is compared with the package once more: the record is a hint (rule 21). */
export const wantedOf = (model: string): WantedRelease => ({
  // An alias has none: nothing of a release by CodeDeploy reads it.
  rollout: { strategy: 'all-at-once', finalBakeSeconds: 0, alarms: { named: [] }, minimumRequests: 0 },
  unchanged: async (turn: Turn) => {
    const { world, release } = turn;
    const { version, packageVersion } = release.candidate;
    if (version === undefined || packageVersion === undefined) return;
    const submission = submissionOf(release);
    let registered: RegisteredVersion;
    try {
      registered = await requireVersion(world, model, { version, packageVersion });
    } catch (error) {
      // A published version never changes, so a way back does not depend on the registry where CodeDeploy has brought this one before.
      const isUnreadable = error instanceof Refusal || isRefused(error);
      if (release.operation !== 'rollback' || !isUnreadable || !(await wasBroughtBefore(turn))) throw error;
      turn.remark(
        `version ${submission.to} of ${submission.function} was not compared with its package again (${describe(error)}): ${submission.broughtBefore?.deployment} brought it before`,
      );
      return;
    }
    await requireContent(world, submission, submission.to, registered);
  },
});

const plan = (
  world: World,
  { retry, once, manifest, environment }: Given,
  requested: AliasRequest,
  named: RequestedVersion,
  record: ReleaseRecord,
): Promise<Opening<ReleaseOutputs>> => {
  const { group, version } = requested;
  const digestOf = (packageVersion: number): string => aliasDigest(requested, packageVersion);
  const wanted = { group, version, named, retry, once, planDigest: digestOf };
  return openDelivery(world, record, wanted, async (registered, decision) => {
    refuseHighRisk(manifest, deliveryOf(manifest, environment), registered);
    const opening = await begin(world, requested, registered, record, decision);
    if (opening.is !== 'begin') return opening;
    const promoted = await requirePromoted(world, { manifest, environment }, registered);
    return { ...opening, plan: { ...opening.plan, notes: [...opening.plan.notes, ...promoted] } };
  });
};

/** A high risk requires `regression:` and `strategy: steps`, which an alias has not: the card may rate it so after the manifest was written. */
const refuseHighRisk = (manifest: Manifest, environment: Delivery, { card }: RegisteredVersion): void => {
  const { level, because } = riskOf(manifest, environment, card);
  if (level === 'high')
    throw new Refusal(
      'risk-high',
      `${because}; that requires a passing regression test and strategy: steps, which the alias of a Lambda function does not have. Without users there, write \`risk: normal\` into the environment`,
    );
};

const begin = async (
  world: World,
  requested: AliasRequest,
  registered: RegisteredVersion,
  record: ReleaseRecord,
  decision: FreeDecision,
): Promise<Opening<ReleaseOutputs>> => {
  const notes = [
    ...(await refuseUnfitVersion(world, registered)),
    ...(await refuseClosedGroup(world, requested.group)),
  ];
  const planned = await codedeploy.plan(world, {
    operation: 'deploy-endpoint',
    ...{ requested, registered, record },
    attempt: decision.is === 'no-op' ? decision.release.attempt : decision.attempt,
  });
  if (planned.plan.changes.length === 0 && record.live === undefined)
    return {
      is: 'done',
      progress: {
        is: 'done',
        outcome: 'succeeded',
        reason: planned.already,
        outputs: outputsOf(nameOfAlias(requested.lambda), { ...planned.release, serving: 'candidate' }),
        because: planned.plan.title,
        plan: planned.plan,
      },
    };
  return {
    is: 'begin',
    ...planned,
    plan: { ...planned.plan, notes: [...planned.plan.notes, ...notes] },
    ...(decision.is === 'new-attempt' && decision.abandons ? { abandons: decision.abandons } : {}),
  };
};
