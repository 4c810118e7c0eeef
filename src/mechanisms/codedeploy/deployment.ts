import type { DeploymentGroupInfo, DeploymentInfo, DeploymentStatus } from '../../aws/codedeploy.ts';
import { orUndefined } from '../../aws/errors.ts';
import { minutes } from '../../clock.ts';
import { Refusal } from '../../operation.ts';
import type { CodeDeployment } from '../../release/record.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';
import type { Turn } from '../turn.ts';
import { revisionOf } from './app-spec.ts';
import { type Platform, submissionOf } from './target.ts';

export const running: readonly DeploymentStatus[] = ['Created', 'Queued', 'InProgress', 'Baking', 'Ready'];

/** A status that is new to this suite is no end. */
export const isOver = ({ status }: DeploymentInfo): boolean =>
  status === 'Succeeded' || status === 'Failed' || status === 'Stopped';

type Group = Pick<CodeDeployment, 'application' | 'deploymentGroup'>;

export const groupOf = ({ application, deploymentGroup }: Group) => ({
  applicationName: application,
  deploymentGroupName: deploymentGroup,
});

export interface GroupAlarms {
  /** Names of the armed alarms. */
  readonly alarms: readonly string[];
  /** A deployment goes on when CodeDeploy cannot read them. */
  readonly mayBeUnread: boolean;
}

/** @throws {Refusal} `endpoint-unusable` without such a group, or for one of another platform */
export const groupInfo = async (world: World, group: Group, platform: Platform): Promise<DeploymentGroupInfo> => {
  const found = await orUndefined(world.read.codedeploy.getDeploymentGroup(groupOf(group)));
  if (found === undefined)
    throw new Refusal(
      'endpoint-unusable',
      `CodeDeploy has no deployment group ${group.deploymentGroup} in an application ${group.application}: create it, or correct the manifest`,
    );
  const { deploymentGroupInfo: info } = found;
  if (info?.computePlatform !== platform)
    throw new Refusal(
      'endpoint-unusable',
      `the deployment group ${group.deploymentGroup} is of the compute platform ${info?.computePlatform ?? 'unknown'}, and ${platform === 'Lambda' ? 'an alias' : 'a service'} needs ${platform}`,
    );
  return info;
};

/** @throws {Refusal} as `groupInfo` */
export const groupAlarms = async (world: World, group: Group, platform: Platform): Promise<GroupAlarms> =>
  alarmsOfGroup(await groupInfo(world, group, platform));

export const alarmsOfGroup = ({ alarmConfiguration = {} }: DeploymentGroupInfo): GroupAlarms => {
  const { enabled = false, alarms = [], ignorePollAlarmFailure = false } = alarmConfiguration;
  return { alarms: enabled ? alarms.flatMap(({ name }) => name ?? []) : [], mayBeUnread: ignorePollAlarmFailure };
};

/** Ids of the deployments that run in a group now: CodeDeploy allows one. */
export const runningIn = async (world: World, group: Group): Promise<readonly string[]> => {
  const { deployments = [] } = await world.read.codedeploy.listDeployments({
    ...groupOf(group),
    includeOnlyStatuses: running,
  });
  return deployments;
};

/** @returns undefined when CodeDeploy has it no more */
export const describeDeployment = async (world: World, deploymentId: string): Promise<DeploymentInfo | undefined> =>
  (await orUndefined(world.read.codedeploy.getDeployment({ deploymentId })))?.deploymentInfo;

/** Deployments of the group that are looked at. It runs one at a time, so few begin around the submission. */
const mostLooked = 20;
/** CodeDeploy's clock and ours differ, and a call may be under way for a while. */
const around = minutes(10);

/**
 * The release's own deployment: its description is the release's id, and its revision the release's. The id in the record is a hint
 * (rule 21), and is absent after a lost answer. CreateDeployment has no idempotency token. A person may repeat a deployment with its
 * description, and CodeDeploy takes one back by another one: neither is the release's own.
 */
export const deploymentOf = async (turn: Turn): Promise<DeploymentInfo | undefined> => {
  const { world, release } = turn;
  const submission = submissionOf(release);
  const { deployment, submittedAt, unansweredAt = submittedAt } = release.witnessed;
  // Nothing is submitted before the revision is registered.
  if (submission.to === undefined) return undefined;
  const { sha256 } = revisionOf(submission).appSpecContent;
  const isOurs = ({ description, applicationName, deploymentGroupName, creator, revision }: DeploymentInfo): boolean =>
    description === release.id &&
    applicationName === submission.application &&
    deploymentGroupName === submission.deploymentGroup &&
    (creator ?? 'user') === 'user' &&
    (revision?.appSpecContent?.sha256 ?? sha256) === sha256;
  if (deployment !== undefined && /^d-[A-Z0-9]+$/.test(deployment)) {
    const known = await describeDeployment(world, deployment);
    if (known !== undefined && isOurs(known)) return known;
  }
  const { deployments = [] } = await world.read.codedeploy.listDeployments({
    ...groupOf(submission),
    createTimeRange: {
      start: ((submittedAt ?? release.startedAt) - around) / 1000,
      ...(unansweredAt === undefined ? {} : { end: (unansweredAt + around) / 1000 }),
    },
  });
  for (const id of deployments.slice(0, mostLooked)) {
    const found = await describeDeployment(world, id);
    if (found !== undefined && isOurs(found)) return found;
  }
  return undefined;
};

/**
 * Whether CodeDeploy itself brought the version of this rollback to its alias before. The id in the record is a hint (rule 21): the deployment's
 * group, status and revision have to be those of such a delivery, and only CodeDeploy writes them.
 */
export const wasBroughtBefore = async ({ world, release }: Turn): Promise<boolean> => {
  const submission = submissionOf(release);
  if (submission.kind !== 'deployment') return false;
  const { broughtBefore } = submission;
  if (broughtBefore === undefined || !/^d-[A-Z0-9]+$/.test(broughtBefore.deployment)) return false;
  const found = await describeDeployment(world, broughtBefore.deployment);
  // The hooks are a part of that revision, and a rollback has none.
  const { from, hooks } = broughtBefore;
  const { sha256 } = revisionOf({ ...submission, from, ...withoutUndefined({ hooks }) }).appSpecContent;
  return (
    found?.status === 'Succeeded' &&
    found.applicationName === submission.application &&
    found.deploymentGroupName === submission.deploymentGroup &&
    found.revision?.appSpecContent?.sha256 === sha256
  );
};
