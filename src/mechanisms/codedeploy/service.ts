import type { TaskSet } from '../../aws/ecs.ts';
import { orUndefined } from '../../aws/errors.ts';
import type { EcsService } from '../../manifest/manifest.ts';
import { Refusal } from '../../operation.ts';
import type { Release, ServiceDeployment } from '../../release/record.ts';
import type { World } from '../../world.ts';

type Named = Pick<EcsService, 'cluster' | 'name' | 'taskDefinition'>;

/** A service as its task sets show it. */
export interface ServiceLook {
  /** A revision of the family: `7`. */
  readonly version: string;
  /** The task set beside it. Only the load balancer knows its part of the requests. */
  readonly other?: { readonly version: string };
  /** By revision: `targetgroup/churn-blue/73e2d6bc24d8a067`, as the metrics name it. */
  readonly targetGroups: Readonly<Record<string, string>>;
  /** Why its tasks are not settled yet, one phrase each. */
  readonly unsettled?: readonly string[];
  readonly controller: string;
  /** The one with the production traffic. */
  readonly primary: TaskSet;
}

/** @returns undefined without such a service, or one without a task set that serves */
export const lookAtService = async (world: World, named: Named): Promise<ServiceLook | undefined> => {
  const { cluster, name } = named;
  const found = await orUndefined(world.read.ecs.describeServices({ cluster, services: [name] }));
  const service = found?.services?.[0];
  const sets = service?.taskSets ?? [];
  const primary = sets.find(({ status }) => status === 'PRIMARY');
  if (service?.status !== 'ACTIVE' || primary === undefined) return undefined;
  // A draining set gets no requests (API: TaskSet).
  const beside = sets.find(({ status }) => status === 'ACTIVE');
  const { runningCount = 0, computedDesiredCount = 0, stabilityStatus } = primary;
  const unsettled = [
    ...(runningCount === computedDesiredCount ? [] : [`${runningCount} of its ${computedDesiredCount} tasks run`]),
    ...(stabilityStatus === 'STEADY_STATE' ? [] : [`its task set is ${stabilityStatus ?? 'not known to be steady'}`]),
  ];
  return {
    version: revisionOfSet(named, primary),
    ...(beside === undefined ? {} : { other: { version: revisionOfSet(named, beside) } }),
    ...(unsettled.length === 0 ? {} : { unsettled }),
    targetGroups: Object.fromEntries(
      [primary, ...(beside === undefined ? [] : [beside])].flatMap((set) => {
        const targetGroup = targetGroupOf(set);
        return targetGroup ? [[revisionOfSet(named, set), targetGroup] as const] : [];
      }),
    ),
    controller: service.deploymentController?.type ?? 'ECS',
    primary,
  };
};

/** API: TargetGroup, "targetGroupArn"; CodeDeploy gives a task set one. */
const targetGroupOf = ({ loadBalancers: [balancer] = [] }: TaskSet): string | undefined =>
  /targetgroup\/.+$/.exec(balancer?.targetGroupArn ?? '')?.[0];

/** The service of a release. */
export const serviceOfRelease = ({ cluster, variant: name, familyArn }: ServiceDeployment): Named => ({
  cluster,
  name,
  taskDefinition: familyArn.slice(familyArn.lastIndexOf('/') + 1),
});

/** The number of a revision of the manifest's family; another family is named too. */
const revisionOfSet = ({ taskDefinition: family }: Named, { taskDefinition = '' }: TaskSet): string => {
  const [name, revision = ''] = taskDefinition.slice(taskDefinition.lastIndexOf('/') + 1).split(':');
  return name === family ? revision : `${name}:${revision}`;
};

/** `models/churn`: the cluster and the service. */
export const nameOfService = ({ cluster, name }: Pick<EcsService, 'cluster' | 'name'>): string => `${cluster}/${name}`;

/** The name of a revision in the release record. */
export const configOfRevision = (revision: string): string => `revision-${revision}`;

/** @returns undefined for a configuration of an endpoint or a function */
export const revisionOfConfig = (endpointConfig: string): string | undefined =>
  /^revision-([1-9][0-9]*)$/.exec(endpointConfig)?.[1];

/**
 * The members of an AppSpec that keep the running service's settings for the next task set (CodeDeploy user guide, "AppSpec 'resources'
 * section for Amazon ECS deployments"): without them the platform version would be LATEST.
 */
export const propertiesOf = ({
  loadBalancers: [balancer] = [],
  platformVersion,
  networkConfiguration: { awsvpcConfiguration: network } = {},
  capacityProviderStrategy: strategy = [],
}: TaskSet): Readonly<Record<string, unknown>> => ({
  LoadBalancerInfo: { ContainerName: balancer?.containerName, ContainerPort: balancer?.containerPort },
  ...(platformVersion === undefined ? {} : { PlatformVersion: platformVersion }),
  ...(network === undefined
    ? {}
    : {
        NetworkConfiguration: {
          AwsvpcConfiguration: {
            Subnets: network.subnets ?? [],
            SecurityGroups: network.securityGroups ?? [],
            AssignPublicIp: network.assignPublicIp ?? 'DISABLED',
          },
        },
      }),
  ...(strategy.length === 0
    ? {}
    : {
        CapacityProviderStrategy: strategy.map(({ capacityProvider, weight = 0, base = 0 }) => ({
          Base: base,
          CapacityProvider: capacityProvider,
          Weight: weight,
        })),
      }),
});

/**
 * Rule 21: a writer of the record may have put another service, or another group, into a release of this service.
 * @throws {Refusal} `foreign-record`
 */
export const refuseForeignService = ({ id, submission, candidate }: Release, service: EcsService): void => {
  const isOwn =
    submission.kind === 'service-deployment' &&
    submission.cluster === service.cluster &&
    submission.variant === service.name &&
    serviceOfRelease(submission).taskDefinition === service.taskDefinition &&
    submission.application === service.application &&
    submission.deploymentGroup === service.deploymentGroup &&
    (submission.judged === undefined) === (submission.measured === undefined) &&
    (submission.to === undefined || candidate.endpointConfig === configOfRevision(submission.to));
  if (isOwn) return;
  throw new Refusal(
    'foreign-record',
    `${id} in the release record is about another service, family or deployment group than this manifest, which has ${nameOfService(service)}, ${service.taskDefinition} and ${service.deploymentGroup}; nothing was changed`,
  );
};
