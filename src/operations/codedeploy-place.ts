import { describe, isRefused } from '../aws/errors.ts';
import type { AliasEnvironment, CodeDeployEnvironment, ServiceEnvironment } from '../manifest/manifest.ts';
import { configOfVersion, nameOfAlias, refuseForeignTarget } from '../mechanisms/codedeploy/alias.ts';
import { codedeploy } from '../mechanisms/codedeploy/codedeploy.ts';
import { requireContent } from '../mechanisms/codedeploy/content.ts';
import { wasBroughtBefore } from '../mechanisms/codedeploy/deployment.ts';
import { aliasDigest, requireAlias } from '../mechanisms/codedeploy/plan.ts';
import { registerRevision, requireRevisionOf } from '../mechanisms/codedeploy/revision.ts';
import { configOfRevision, nameOfService, refuseForeignService } from '../mechanisms/codedeploy/service.ts';
import {
  planService,
  refuseOtherTasks,
  requireGroup,
  requireService,
  serviceDigest,
} from '../mechanisms/codedeploy/service-plan.ts';
import { aliasDeploymentOf, submissionOf, type Target, type TargetLook } from '../mechanisms/codedeploy/target.ts';
import type { Planned, WantedRelease } from '../mechanisms/mechanism.ts';
import { type DeliveryRequest, noRollout } from '../mechanisms/request.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import { Refusal } from '../operation.ts';
import { requireVersion } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { Configuration, Release, ReleaseRecord } from '../release/record.ts';
import type { World } from '../world.ts';

type Requested = Pick<DeliveryRequest, 'group' | 'version' | 'registry'>;

/** A place that CodeDeploy delivers to: what an operation asks of it, whether it is an alias or a service. */
export interface CodeDeployPlace extends Pick<Target, 'name' | 'noun' | 'platform'> {
  /** `the alias of a Lambda function` */
  readonly what: string;
  /** The command that makes an end of two versions side by side. */
  readonly remedy: string;
  /** Of a version, in the release record. */
  configOf(version: string): string;
  /** @throws {Refusal} `endpoint-unusable` */
  require(world: World): Promise<TargetLook>;
  /** @throws {Refusal} `foreign-record` */
  refuseForeign(release: Release): void;
  digestOf(requested: Requested, packageVersion: number): string;
  planDelivery(world: World, requested: Requested, delivery: Delivery): Promise<Planned>;
  planRollback(world: World, back: Back): Promise<Planned>;
  /**
   * Directly before the submission the version is compared with its package once more: the record is a hint (rule 21).
   * @throws {Refusal}
   */
  requireContent(world: World, release: Release, registered: RegisteredVersion): Promise<unknown>;
  /** As `WantedRelease.prepare`. */
  prepare?(turn: Turn, registered: RegisteredVersion): Promise<TurnResult | undefined>;
}

interface Delivery {
  readonly record: ReleaseRecord;
  readonly registered: RegisteredVersion;
  readonly attempt: number;
}
interface Back {
  readonly record: ReleaseRecord;
  readonly to: Configuration;
  readonly because: string;
  readonly named?: true;
}

export const placeOf = (environment: CodeDeployEnvironment): CodeDeployPlace =>
  'lambda' in environment ? aliasPlace(environment) : servicePlace(environment);

const aliasPlace = ({ lambda, rollout }: AliasEnvironment): CodeDeployPlace => ({
  ...{ name: nameOfAlias(lambda), noun: 'version', platform: 'Lambda' },
  what: 'the alias of a Lambda function',
  remedy: 'give one version all requests (aws lambda update-alias)',
  configOf: configOfVersion,
  require: (world) => requireAlias(world, lambda),
  refuseForeign: (release) => refuseForeignTarget(release, lambda),
  digestOf: (requested, packageVersion) => aliasDigest({ ...requested, lambda, rollout }, packageVersion),
  planDelivery: (world, requested, delivery) =>
    codedeploy.plan(world, {
      operation: 'deploy-endpoint',
      requested: { ...requested, lambda, rollout },
      ...delivery,
    }),
  planRollback: (world, back) => codedeploy.plan(world, { operation: 'rollback', lambda, ...back }),
  requireContent: (world, release, registered) =>
    requireContent(world, lambda, submissionOf(release).to ?? '', registered),
});

const servicePlace = ({ service, rollout }: ServiceEnvironment): CodeDeployPlace => ({
  ...{ name: nameOfService(service), noun: 'revision', platform: 'ECS' },
  what: 'a service of ECS',
  remedy: 'delete the task set beside the primary one (aws ecs delete-task-set)',
  configOf: configOfRevision,
  require: (world) => requireService(world, service),
  refuseForeign: (release) => refuseForeignService(release, service),
  digestOf: (requested, packageVersion) => serviceDigest({ ...requested, service, rollout }, packageVersion),
  planDelivery: (world, requested, delivery) =>
    planService(world, { operation: 'deploy-endpoint', requested: { ...requested, service, rollout }, ...delivery }),
  planRollback: (world, back) => planService(world, { operation: 'rollback', service, ...back }),
  requireContent: async (world, release, registered) => {
    const submission = submissionOf(release);
    if (submission.kind !== 'service-deployment') return;
    refuseOtherTasks(await requireService(world, service), release.id, submission, await requireGroup(world, service));
    await requireRevisionOf(world, service, submission, registered);
  },
  prepare: async (turn, registered) => {
    const submission = submissionOf(turn.release);
    if (submission.kind !== 'service-deployment' || submission.to !== undefined) return undefined;
    return registerRevision(turn, service, registered, submission);
  },
});

/** What the submission asks for: the package of the release, compared with the version that gets the traffic. */
export const wantedIn = (place: CodeDeployPlace, model: string): WantedRelease => {
  const registeredOf = async ({ world, release }: Turn): Promise<RegisteredVersion | undefined> => {
    const { version, packageVersion } = release.candidate;
    if (version === undefined || packageVersion === undefined) return undefined;
    return requireVersion(world, model, { version, packageVersion });
  };
  return {
    // A target of CodeDeploy has none: nothing of a release by CodeDeploy reads it.
    rollout: noRollout,
    prepare: async (turn) => {
      if (place.prepare === undefined || submissionOf(turn.release).to !== undefined) return undefined;
      const registered = await registeredOf(turn);
      return registered && place.prepare(turn, registered);
    },
    unchanged: async (turn) => {
      let registered: RegisteredVersion | undefined;
      try {
        registered = await registeredOf(turn);
      } catch (error) {
        // A published version never changes, so a way back does not depend on the registry where CodeDeploy has brought this one before.
        const isUnreadable = error instanceof Refusal || isRefused(error);
        if (turn.release.operation !== 'rollback' || !isUnreadable || !(await wasBroughtBefore(turn))) throw error;
        const { to, broughtBefore } = aliasDeploymentOf(turn.release);
        turn.remark(
          `${place.noun} ${to} of ${place.name} was not compared with its package again (${describe(error)}): ${broughtBefore?.deployment} brought it before`,
        );
        return;
      }
      if (registered !== undefined) await place.requireContent(turn.world, turn.release, registered);
    },
  };
};
