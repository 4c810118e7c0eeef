import type { Kernel, Service } from '../../contracts.ts';
import { base32Of, uuidOf } from '../../random.ts';
import { createApplications } from './applications.ts';
import { createConfigs } from './configs.ts';
import { createDeployments } from './deployments.ts';
import { createGroups } from './groups.ts';
import { isOver } from './model.ts';

interface Neighbours extends Omit<Parameters<typeof createDeployments>[2], 'groups' | 'configs'> {
  readonly roleExists: (arn: string) => boolean;
}

/**
 * CodeDeploy as far as the alias of a function and a service of ECS need it: applications, groups and configurations of the compute platforms
 * Lambda and ECS, AppSpec content, deployments with hooks, alarms, rollbacks and stops. Not here: servers, CloudFormation, revisions in S3
 * or GitHub, triggers.
 */
export const createCodedeploy = (kernel: Kernel, neighbours: Neighbours): { service: Service } => {
  let made = 0;
  const nextId = (): string => uuidOf('codedeploy', kernel.accountId, kernel.region, made++);
  const nextDeploymentId = (): string => `d-${base32Of(9, 'deployment', kernel.accountId, kernel.region, made++)}`;

  const applications = createApplications(kernel, nextId);
  const configs = createConfigs(
    kernel,
    nextId,
    (name) =>
      [...applications.all()].some(({ groups }) => [...groups.values()].some(({ config }) => config === name)) ||
      [...deployments.all()].some((deployment) => deployment.config.name === name && !isOver(deployment)),
  );
  const { roleExists, ...around } = neighbours;
  const groups = createGroups(nextId, { applications, configs, roleExists });
  const deployments = createDeployments(kernel, nextDeploymentId, { ...around, groups, configs });

  return {
    service: {
      operations: {
        ...applications.operations,
        ...groups.operations,
        ...configs.operations,
        ...deployments.operations,
      },
    },
  };
};
