import type { DeploymentGroupInfo } from '../../aws/codedeploy.ts';
import type { TaskDefinition } from '../../aws/ecs.ts';
import { canonical, digest } from '../../digest.ts';
import { overheadMinutes } from '../../manifest/alias-schema.ts';
import type { AliasRollout, EcsService } from '../../manifest/manifest.ts';
import { requestsOfTasks, seriesOfTasks } from '../../metrics/service-arms.ts';
import { type Change, Refusal } from '../../operation.ts';
import { servicePermissions } from '../../permissions.ts';
import { shortened } from '../../plain-text.ts';
import { type RegisteredVersion, registeredImages } from '../../registry/registered-version.ts';
import type { Configuration, ReleaseRecord, ServiceDeployment } from '../../release/record.ts';
import { releaseId } from '../../release/release-id.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';
import type { Planned } from '../mechanism.ts';
import type { DeliveryRequest } from '../request.ts';
import { groupInfo } from './deployment.ts';
import { allAtOnce, baselineOf, guarded, newConfig, watched } from './plan.ts';
import { registeredAs, requireRevision } from './revision.ts';
import { type Routing, routingOf } from './routing.ts';
import {
  configOfRevision,
  lookAtService,
  nameOfService,
  propertiesOf,
  revisionOfConfig,
  type ServiceLook,
} from './service.ts';
import { definitionChanges, isSame, withContent } from './task-definition.ts';

/** A request for a delivery to a service. */
export interface ServiceRequest extends Pick<DeliveryRequest, 'group' | 'version' | 'registry'> {
  readonly service: EcsService;
  readonly rollout: AliasRollout;
}

export type ServicePlan =
  | {
      readonly operation: 'deploy-endpoint';
      readonly requested: ServiceRequest;
      readonly record: ReleaseRecord;
      readonly registered: RegisteredVersion;
      readonly attempt: number;
    }
  /** The way back to a version that served before. */
  | {
      readonly operation: 'rollback';
      readonly service: EcsService;
      readonly record: ReleaseRecord;
      readonly to: Configuration;
      readonly because: string;
      readonly named?: true;
    };

/** As `planDigest` of an endpoint. */
export const serviceDigest = (requested: ServiceRequest, packageVersion: number): string =>
  digest({ ...requested, operation: 'deploy-endpoint', packageVersion });

/** The service, as a plan finds it. @throws {Refusal} `endpoint-unusable` for one that CodeDeploy cannot move */
export const requireService = async (world: World, service: EcsService): Promise<ServiceLook> => {
  const look = await lookAtService(world, service);
  const name = nameOfService(service);
  const refuse = (because: string): Refusal => new Refusal('endpoint-unusable', because);
  if (look === undefined)
    throw refuse(
      `the cluster ${service.cluster} has no active service ${service.name} with a task set: create it with the task definition that serves now; CodeDeploy makes no service`,
    );
  if (look.controller !== 'CODE_DEPLOY')
    throw refuse(
      `${name} has the deployment controller ${look.controller}, and CodeDeploy moves only services with CODE_DEPLOY`,
    );
  if (look.version.includes(':'))
    throw refuse(
      `${name} runs the task definition ${look.version}, and the manifest has the family ${service.taskDefinition}: correct task-definition`,
    );
  return look;
};

/**
 * Rule 21: the record says where the new tasks run, and a writer of it may have put another network there. A task set never changes, so the one
 * that serves is compared with it.
 * @throws {Refusal} `foreign-record`
 */
export const refuseOtherTasks = (
  { primary, version, targetGroups }: ServiceLook,
  release: string,
  { familyArn, properties, measured }: ServiceDeployment,
  group: DeploymentGroupInfo,
): void => {
  const isOwn =
    familyOf(primary) === familyArn &&
    canonical(propertiesOf(primary)) === canonical(properties) &&
    (measured === undefined ||
      (measured.targetGroup === targetGroups[version] && measured.loadBalancer === balancerOf(group)));
  if (isOwn) return;
  throw new Refusal(
    'foreign-record',
    `${release} in the release record is about another family, network, platform, container or target group than the tasks that serve have; nothing was submitted`,
  );
};

/** The deployment group of a service. @throws {Refusal} `endpoint-unusable` for one of another service */
export const requireGroup = async (world: World, service: EcsService): Promise<DeploymentGroupInfo> => {
  const info = await groupInfo(world, service, 'ECS');
  const { ecsServices = [] } = info;
  if (
    ecsServices.some(({ clusterName, serviceName }) => clusterName === service.cluster && serviceName === service.name)
  )
    return info;
  throw new Refusal(
    'endpoint-unusable',
    `the deployment group ${service.deploymentGroup} deploys to ${ecsServices.map(({ clusterName, serviceName }) => `${clusterName}/${serviceName}`).join(', ') || 'no service'}, and the manifest has ${nameOfService(service)}`,
  );
};

export const planService = async (world: World, request: ServicePlan): Promise<Planned> => {
  const { operation, record } = request;
  const { service } = operation === 'rollback' ? request : request.requested;
  const family = service.taskDefinition;
  const name = nameOfService(service);
  const look = await requireService(world, service);
  const group = await requireGroup(world, service);
  const { revision: before } = await requireRevision(world, family, look.version);
  const baseline = baselineOf(record, ofRevision(look.version));
  const moved = (to: string, after: TaskDefinition): Change => ({
    verb: 'update',
    object: `service ${name}`,
    details: [`task definition: ${family}:${look.version} → ${to}`, ...definitionChanges(before, after)],
  });
  if (operation === 'rollback') {
    const to = revisionOfConfig(request.to.endpointConfig) ?? '';
    const { revision: after } = await requireRevision(world, family, to);
    const planDigest = digest({ operation, service: name, from: look.version, to });
    const submission = submissionFor(service, look, to, routingOf(allAtOnce, 'ECS'), group, { alarms: [] });
    return {
      already: 'already-delivered',
      release: {
        id: releaseId(record, request.to.version ?? 'unversioned', planDigest),
        operation,
        version: request.to.version ?? request.to.endpointConfig,
        planDigest,
        attempt: 1,
        baseline,
        candidate: request.to,
        submission,
        ...withoutUndefined({ named: request.named, why: shortened(request.because, 500) }),
      },
      plan: {
        title: `roll ${name} back from ${baseline.version ?? `revision ${look.version}`} to ${request.to.version ?? to}: ${request.because}`,
        changes: [moved(`${family}:${to}`, after)],
        notes: [
          'all requests at once; no alarm stops it, since the one that made it necessary may still be in ALARM',
          ...groupNotes(group, true),
        ],
        expectedSeconds: submission.expectedSeconds,
        peakInstances: {},
        permissions: servicePermissions(),
      },
    };
  }
  const { requested, registered, attempt } = request;
  const { tag, packageVersion, version, contentDigest } = registered;
  const properties = propertiesOf(look.primary);
  const settings = withContent(before, service, look.primary.loadBalancers?.[0]?.containerName, registered);
  const isServed = isSame(before, settings);
  const to = isServed ? look.version : await registeredAs(world, family, settings);
  const planDigest = serviceDigest(requested, packageVersion);
  const routing = routingOf(requested.rollout, 'ECS');
  const serves = isServed && look.other === undefined;
  const { rollout } = requested;
  const guards = serves
    ? { notes: [] }
    : await judgedService(
        world,
        { name, rollout, look, group },
        (await watched(world, { name, platform: 'ECS', to: service, look, rollout }, record)).notes,
      );
  const { notes, ...frozen } = guards;
  const submission = submissionFor(service, look, to, routing, group, {
    alarms: requested.rollout.alarms,
    ...withoutUndefined({ timeoutSeconds: requested.rollout.timeoutSeconds }),
    ...frozen,
  });
  if (!serves) refuseShortTimeout(name, submission, group);
  return {
    already: 'already-delivered',
    release: {
      id: releaseId(record, requested.version, planDigest),
      operation,
      version: requested.version,
      planDigest,
      attempt,
      baseline,
      candidate: {
        ...(to === undefined ? unregistered(digest({ properties, settings })) : ofRevision(to)),
        ...{ version, packageVersion, contentDigest },
        ...registeredImages(registered),
      },
      submission,
    },
    plan: {
      title: serves
        ? `${name} runs ${family}:${look.version} already, which is ${tag}`
        : `deploy ${tag} to ${name} by ${requested.rollout.strategy}`,
      changes: serves
        ? []
        : [
            ...newConfig(routing),
            ...(to === undefined
              ? [
                  {
                    verb: 'create',
                    object: `revision of the task definition ${family}`,
                    details: [`${family}:${look.version} with the content of ${tag}`],
                  } as const,
                ]
              : []),
            moved(to === undefined ? 'the new revision' : `${family}:${to}`, settings),
          ],
      notes: [...notes, ...(serves ? [] : groupNotes(group, false))],
      expectedSeconds: submission.expectedSeconds,
      peakInstances: {},
      permissions: servicePermissions(),
    },
  };
};

/**
 * The manifest's own check knows the shift and the start of the tasks; the group's wait is known here: a timeout inside it would take a
 * version back that serves well.
 * @throws {Refusal} `infeasible-rollout`
 */
const refuseShortTimeout = (
  name: string,
  { timeoutSeconds, expectedSeconds }: ServiceDeployment,
  group: DeploymentGroupInfo,
): void => {
  if (timeoutSeconds === undefined || timeoutSeconds >= expectedSeconds) return;
  throw new Refusal(
    'infeasible-rollout',
    `a deployment to ${name} takes about ${minutesOf(expectedSeconds)} minutes, ${terminationMinutes(group)} of them the deployment group's wait before the end of the tasks before, and rollout.timeout is ${minutesOf(timeoutSeconds)} minutes: lengthen the timeout, or shorten the wait of the group`,
  );
};

const minutesOf = (seconds: number): number => Math.ceil(seconds / 60);

/**
 * The judge's policy, from the last day of the tasks that serve.
 * @throws {Refusal} `infeasible-rollout` where nothing counts requests by target group
 */
const judgedService = async (
  world: World,
  {
    name,
    rollout,
    look: { version, targetGroups, primary },
    group,
  }: {
    readonly name: string;
    readonly rollout: AliasRollout;
    readonly look: ServiceLook;
    readonly group: DeploymentGroupInfo;
  },
  notes: readonly string[],
): Promise<Pick<ServiceDeployment, 'judged' | 'measured'> & { readonly notes: readonly string[] }> => {
  if (rollout.strategy === 'all-at-once' || rollout.judge === undefined) return { notes };
  const [loadBalancer, targetGroup] = [balancerOf(group), targetGroups[version]];
  // "CloudWatch metrics for your Network Load Balancer": it counts connections, and no requests.
  if (loadBalancer?.startsWith('app/') !== true || targetGroup === undefined)
    throw new Refusal(
      'infeasible-rollout',
      `${name} is behind ${loadBalancer ?? 'no listener that its deployment group names'}, and the judge compares requests that an Application Load Balancer counts by target group: remove rollout.judge, or use alarms`,
    );
  const measured = { loadBalancer, targetGroup };
  const compared = { series: seriesOfTasks(measured), requests: requestsOfTasks(measured) };
  const { createdAt = 0 } = primary;
  const frozen = await guarded(
    world,
    // Its target group had other tasks before.
    { name, platform: 'ECS', rollout, ...compared, since: createdAt * 1000 },
    notes,
  );
  return { ...frozen, measured };
};

/** `app/churn/50dc6c495c0c9188`, by the production listener ("Listener ARN": `…:listener/app/name/id/listener-id`). */
const balancerOf = ({
  loadBalancerInfo: { targetGroupPairInfoList: pairs = [] } = {},
}: DeploymentGroupInfo): string | undefined =>
  /:listener\/([^/]+\/[^/]+\/[^/]+)\/[^/]+$/.exec(pairs[0]?.prodTrafficRoute?.listenerArns?.[0] ?? '')?.[1];

/** The start of the replacement tasks, and the steps around the shifts: an estimate. */
const overheadSeconds = overheadMinutes['a service'] * 60;

const submissionFor = (
  service: EcsService,
  { version: from, primary }: ServiceLook,
  to: string | undefined,
  { config, routing, shiftSeconds }: Routing,
  group: DeploymentGroupInfo,
  guards: Pick<ServiceDeployment, 'alarms' | 'timeoutSeconds' | 'judged' | 'measured'>,
): ServiceDeployment => ({
  mechanism: 'codedeploy',
  kind: 'service-deployment',
  variant: service.name,
  cluster: service.cluster,
  familyArn: familyOf(primary),
  application: service.application,
  deploymentGroup: service.deploymentGroup,
  ...{ from, config, shiftSeconds },
  ...(to === undefined ? {} : { to }),
  properties: propertiesOf(primary),
  ...(routing === undefined ? {} : { routing: { ...routing } }),
  expectedSeconds: shiftSeconds + overheadSeconds + terminationMinutes(group) * 60,
  ...guards,
});

/** The ARN of a task set's task definition without its revision. */
export const familyOf = ({ taskDefinition = '' }: ServiceLook['primary']): string =>
  taskDefinition.replace(/:[0-9]+$/, '');

const terminationMinutes = ({ blueGreenDeploymentConfiguration: config = {} }: DeploymentGroupInfo): number =>
  config.terminateBlueInstancesOnDeploymentSuccess?.terminationWaitTimeInMinutes ?? 0;

const groupNotes = (group: DeploymentGroupInfo, isRollback: boolean): readonly string[] => {
  const { actionOnTimeout, waitTimeInMinutes = 0 } =
    group.blueGreenDeploymentConfiguration?.deploymentReadyOption ?? {};
  const waits = terminationMinutes(group);
  return [
    ...(actionOnTimeout === 'STOP_DEPLOYMENT' && !isRollback
      ? [
          `the deployment group lets the traffic wait: deploy-endpoint ends when the new tasks run; shift-traffic reroutes it within ${waitTimeInMinutes} minutes after that, else CodeDeploy stops the deployment`,
        ]
      : []),
    waits === 0
      ? 'the tasks of the version before end with the last shift'
      : `the tasks of the version before run on for ${waits} minutes after the last shift; the release ends after them`,
  ];
};

const named = (name: string): Configuration => ({
  endpointConfig: name,
  model: name,
  instanceType: 'ecs',
  instanceCount: 0,
});
const ofRevision = (revision: string): Configuration => named(configOfRevision(revision));
/** Until its revision has a number, the candidate has its content's name. */
const unregistered = (content: string): Configuration => named(`revision-of-${content.slice(0, 8)}`);
