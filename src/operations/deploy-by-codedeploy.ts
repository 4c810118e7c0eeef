import { beginStage } from '../delivery/follow-stage.ts';
import { followChange, submitChange } from '../delivery/mechanism-tasks.ts';
import { type FreeDecision, openDelivery } from '../delivery/open-delivery.ts';
import { outputsOf, type ReleaseOutputs } from '../delivery/release-outputs.ts';
import { requirePromoted } from '../delivery/require-promoted.ts';
import type { Opening, ReleaseOperation } from '../delivery/run-release.ts';
import { settlingTasks } from '../delivery/settle.ts';
import { canonical } from '../digest.ts';
import { deliveryOf } from '../manifest/load.ts';
import type { CodeDeployEnvironment, Delivery, Manifest } from '../manifest/manifest.ts';
import { refuseUnfitVersion } from '../mechanisms/approval.ts';
import { routingOf } from '../mechanisms/codedeploy/routing.ts';
import { submissionOf } from '../mechanisms/codedeploy/target.ts';
import { type DeliveryRequest, registryOf } from '../mechanisms/request.ts';
import { notifyTermsOf } from '../notify/notice.ts';
import { Refusal } from '../operation.ts';
import { termsOf } from '../registry/approval-terms.ts';
import { refuseClosedGroup } from '../registry/group-policy.ts';
import type { RequestedVersion } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { riskOf } from '../registry/risk.ts';
import type { Release, ReleaseRecord } from '../release/record.ts';
import { storeFor } from '../release/store.ts';
import type { World } from '../world.ts';
import { type CodeDeployPlace, placeOf, wantedIn } from './codedeploy-place.ts';
import { requestedVersion } from './requested-version.ts';

type Requested = Pick<DeliveryRequest, 'group' | 'version' | 'registry'>;

interface Given {
  readonly manifest: Manifest;
  readonly environment: string;
  readonly version: string;
  readonly retry: boolean;
  readonly once: boolean;
  readonly follow: boolean;
}

/** `deploy-endpoint` where the alias of a Lambda function or a service of ECS serves: the same release, carried by CodeDeploy. */
export const deployByCodeDeploy = async (
  given: Given,
  world: World,
  environment: CodeDeployEnvironment,
): Promise<ReleaseOperation<ReleaseOutputs>> => {
  if (!given.follow)
    throw new Refusal(
      'infeasible-rollout',
      `follow: false leaves an update to SageMaker, and CodeDeploy carries out the rollout of ${given.environment}; use follow: true`,
    );
  const store = storeFor(given, world);
  const { model } = given.manifest;
  const named = await requestedVersion(world, store, model, given.version);
  const place = placeOf(environment);
  const requested: Requested = { group: model, version: named.version, ...registryOf(world) };
  const wanted = wantedIn(place, model);
  return {
    store,
    approval: termsOf(given.manifest, environment),
    notify: notifyTermsOf(given),
    plan: (record) => {
      if (record.live !== undefined) place.refuseForeign(record.live);
      return plan(world, given, place, requested, named, record);
    },
    recognise: (release) => {
      place.refuseForeign(release);
      if (release.operation === 'rollback') return;
      if (release.planDigest !== place.digestOf(requested, release.candidate.packageVersion ?? 0))
        throw new Refusal(
          'plan-changed',
          `${release.id} is live, but its plan differs from the plan of these inputs and this manifest`,
        );
      refuseOtherShift(release, environment, place);
    },
    tasks: () => ({
      preparing: [beginStage, submitChange(() => wanted)],
      ...followChange(() => wanted),
      settling: settlingTasks,
    }),
    outputs: (release) => outputsOf(place.name, release),
  };
};

/**
 * The digest is about the request, and the record about what it was made into: both have to be of this manifest (rule 21). The alarms of the
 * group are read again at the submission.
 */
const refuseOtherShift = (
  release: Release,
  environment: CodeDeployEnvironment,
  { platform }: CodeDeployPlace,
): void => {
  const { rollout } = environment;
  const submission = submissionOf(release);
  const { config, routing, shiftSeconds, timeoutSeconds, alarms, judged } = submission;
  const hooks = submission.kind === 'deployment' ? submission.hooks : undefined;
  const wanted = routingOf(rollout, platform);
  const judge = rollout.strategy === 'all-at-once' ? undefined : rollout.judge;
  const wantedHooks = 'lambda' in environment ? environment.lambda.hooks : undefined;
  const isOwn =
    config === wanted.config &&
    canonical(routing ?? {}) === canonical(wanted.routing ?? {}) &&
    shiftSeconds === wanted.shiftSeconds &&
    timeoutSeconds === rollout.timeoutSeconds &&
    (judged === undefined) === (judge === undefined) &&
    canonical(judged?.policy.convict ?? {}) === canonical(judge?.convict ?? {}) &&
    canonical(alarms) === canonical(rollout.alarms) &&
    canonical(hooks ?? {}) === canonical(wantedHooks ?? {});
  if (!isOwn)
    throw new Refusal(
      'foreign-record',
      `${release.id} in the release record shifts by ${config.slice(0, 100)} and other guards than this manifest has; nothing was changed`,
    );
};

const plan = (
  world: World,
  { retry, once, manifest, environment }: Given,
  place: CodeDeployPlace,
  requested: Requested,
  named: RequestedVersion,
  record: ReleaseRecord,
): Promise<Opening<ReleaseOutputs>> => {
  const { group, version } = requested;
  const digestOf = (packageVersion: number): string => place.digestOf(requested, packageVersion);
  const wanted = { group, version, named, retry, once, planDigest: digestOf };
  return openDelivery(world, record, wanted, async (registered, decision) => {
    refuseHighRisk(manifest, deliveryOf(manifest, environment), registered, place);
    const opening = await begin(world, place, requested, registered, record, decision);
    if (opening.is !== 'begin') return opening;
    const promoted = await requirePromoted(world, { manifest, environment }, registered);
    return { ...opening, plan: { ...opening.plan, notes: [...opening.plan.notes, ...promoted] } };
  });
};

/** A high risk requires `regression:` and `strategy: steps`, which CodeDeploy has not: the card may rate it so after the manifest was written. */
const refuseHighRisk = (
  manifest: Manifest,
  environment: Delivery,
  { card }: RegisteredVersion,
  { what }: CodeDeployPlace,
): void => {
  const { level, because } = riskOf(manifest, environment, card);
  if (level === 'high')
    throw new Refusal(
      'risk-high',
      `${because}; that requires a passing regression test and strategy: steps, which ${what} does not have. Without users there, write \`risk: normal\` into the environment`,
    );
};

const begin = async (
  world: World,
  place: CodeDeployPlace,
  requested: Requested,
  registered: RegisteredVersion,
  record: ReleaseRecord,
  decision: FreeDecision,
): Promise<Opening<ReleaseOutputs>> => {
  const notes = [
    ...(await refuseUnfitVersion(world, registered)),
    ...(await refuseClosedGroup(world, requested.group)),
  ];
  const planned = await place.planDelivery(world, requested, {
    ...{ registered, record },
    attempt: decision.is === 'no-op' ? decision.release.attempt : decision.attempt,
  });
  if (planned.plan.changes.length === 0 && record.live === undefined)
    return {
      is: 'done',
      progress: {
        is: 'done',
        outcome: 'succeeded',
        reason: planned.already,
        outputs: outputsOf(place.name, { ...planned.release, serving: 'candidate' }),
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
