import type { DeploymentInfo, DeploymentStatus } from '../../aws/codedeploy.ts';
import { orUndefined } from '../../aws/errors.ts';
import { minutes } from '../../clock.ts';
import { Refusal } from '../../operation.ts';
import type { AliasDeployment } from '../../release/record.ts';
import type { World } from '../../world.ts';
import type { Turn } from '../turn.ts';
import { submissionOf } from './alias.ts';

export const running: readonly DeploymentStatus[] = ['Created', 'Queued', 'InProgress', 'Baking', 'Ready'];

export const isOver = ({ status }: DeploymentInfo): boolean => status === undefined || !running.includes(status);

export const groupOf = ({
  application,
  deploymentGroup,
}: Pick<AliasDeployment, 'application' | 'deploymentGroup'>) => ({
  applicationName: application,
  deploymentGroupName: deploymentGroup,
});

/** @returns names of the group's armed alarms @throws {Refusal} `endpoint-unusable` for a group of another platform */
export const groupAlarms = async (
  world: World,
  group: Pick<AliasDeployment, 'application' | 'deploymentGroup'>,
): Promise<readonly string[]> => {
  const { deploymentGroupInfo: info } = await world.read.codedeploy.getDeploymentGroup(groupOf(group));
  if (info?.computePlatform !== 'Lambda')
    throw new Refusal(
      'endpoint-unusable',
      `the deployment group ${group.deploymentGroup} is of the compute platform ${info?.computePlatform ?? 'unknown'}, and an alias needs Lambda`,
    );
  const { enabled = false, alarms = [] } = info.alarmConfiguration ?? {};
  return enabled ? alarms.flatMap(({ name }) => name ?? []) : [];
};

/** Ids of the deployments that run in a group now: CodeDeploy allows one. */
export const runningIn = async (
  world: World,
  group: Pick<AliasDeployment, 'application' | 'deploymentGroup'>,
): Promise<readonly string[]> => {
  const { deployments = [] } = await world.read.codedeploy.listDeployments({
    ...groupOf(group),
    includeOnlyStatuses: running,
  });
  return deployments;
};

/** @returns undefined when CodeDeploy has it no more */
export const describeDeployment = async (world: World, deploymentId: string): Promise<DeploymentInfo | undefined> =>
  (await orUndefined(world.read.codedeploy.getDeployment({ deploymentId })))?.deploymentInfo;

/** Newest deployments of the group that are looked at: the release's own is among the first, unless many others began at once. */
const mostLooked = 20;
/** CodeDeploy's clock and ours differ. */
const earlier = minutes(10);

/**
 * The release's own deployment: its description is the release's id. The id in the record is a hint (rule 21), and is absent after a lost
 * answer. CreateDeployment has no idempotency token.
 */
export const deploymentOf = async (turn: Turn): Promise<DeploymentInfo | undefined> => {
  const { world, release } = turn;
  const submission = submissionOf(release);
  const { deployment, submittedAt = release.startedAt } = release.witnessed;
  const isOurs = ({ description, applicationName, deploymentGroupName }: DeploymentInfo): boolean =>
    description === release.id &&
    applicationName === submission.application &&
    deploymentGroupName === submission.deploymentGroup;
  if (deployment !== undefined) {
    const known = await describeDeployment(world, deployment);
    if (known !== undefined && isOurs(known)) return known;
  }
  const { deployments = [] } = await world.read.codedeploy.listDeployments({
    ...groupOf(submission),
    createTimeRange: { start: (submittedAt - earlier) / 1000 },
  });
  for (const id of deployments.slice(0, mostLooked)) {
    const found = await describeDeployment(world, id);
    if (found !== undefined && isOurs(found)) return found;
  }
  return undefined;
};
