import { createHash } from 'node:crypto';
import type { Kernel, Metrics, Service } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { base32Of, uuidOf } from '../../random.ts';
import type { TaskSets } from '../ecs/ecs.ts';
import type { Aliases } from '../lambda/lambda.ts';
import { readAppSpec, readServiceSpec, reversed, withTaskDefinition } from './app-spec.ts';
import { createEngine } from './engine.ts';
import {
  type AlarmConfiguration,
  type Application,
  type AutoRollback,
  type Deployment,
  type DeploymentConfig,
  type DeploymentGroup,
  isOver,
  noApplication,
  noConfig,
  noDeployment,
  noGroup,
  type Platform,
  platformOf,
  predefined,
  type Routing,
  refuse,
  type ServiceGroup,
} from './model.ts';
import { createServices } from './services.ts';
import { applicationView, configView, deploymentView, groupView, targetIdOf, targetView } from './views.ts';

export interface Neighbours {
  readonly aliases: Aliases;
  readonly taskSets: TaskSets;
  readonly metrics: Pick<Metrics, 'alarmState'>;
  /** Invokes a function of Lambda; false when there is none of that name. */
  invoke(name: string, event: object): boolean;
  roleExists(arn: string): boolean;
  /** By the policies of a service role. */
  mayDo(role: string, action: string, resource: string): boolean;
}

/** User guide, "CodeDeploy quotas". */
const customConfigs = 50;
const longestShiftMinutes = 2_880;

/**
 * CodeDeploy as far as the alias of a function and a service of ECS need it: applications, groups and configurations of the compute platforms
 * Lambda and ECS, AppSpec content, deployments with hooks, alarms, rollbacks and stops. Not here: servers, CloudFormation, revisions in S3
 * or GitHub, triggers.
 */
export const createCodedeploy = (kernel: Kernel, neighbours: Neighbours): { service: Service } => {
  const now = (): number => kernel.clock.now();
  let made = 0;
  const nextId = (): string => uuidOf('codedeploy', kernel.accountId, kernel.region, made++);
  const nextDeploymentId = (): string => `d-${base32Of(9, 'deployment', kernel.accountId, kernel.region, made++)}`;

  const applications = new Map<string, Application>();
  const configs = new Map<string, DeploymentConfig>(
    predefined.map(([name, routing]) => {
      const full = `CodeDeployDefault.${name}`;
      return [full, { platform: platformOf(name), id: nextId(), name: full, createdAt: now(), routing }];
    }),
  );
  const deployments = new Map<string, Deployment>();

  const applicationOf = (name: string): Application => {
    const found = applications.get(name);
    if (found === undefined) throw noApplication(name);
    return found;
  };
  const groupOf = (application: string, name: string | undefined): DeploymentGroup => {
    if (name === undefined)
      throw refuse('DeploymentGroupNameRequiredException', 'The deployment group name is required');
    const found = applicationOf(application).groups.get(name);
    if (found === undefined) throw noGroup(name);
    return found;
  };
  const configOf = (name: string): DeploymentConfig => {
    const found = configs.get(name);
    if (found === undefined) throw noConfig(name);
    return found;
  };
  const deploymentOf = (id: string): Deployment => {
    if (!/^d-[A-Z0-9]{9}$/.test(id))
      throw refuse('InvalidDeploymentIdException', `Specified DeploymentId is not in the valid format: ${id}`);
    const found = deployments.get(id);
    if (found === undefined) throw noDeployment(id);
    return found;
  };
  /** The deployment, once its target is known. */
  const startedOf = (id: string): Deployment => {
    const deployment = deploymentOf(id);
    if (deployment.startedAt === undefined || (deployment.spec ?? deployment.serviceSpec) === undefined)
      throw refuse('DeploymentNotStartedException', `The deployment ${id} has not started`);
    return deployment;
  };

  const create = (
    group: DeploymentGroup,
    content: string,
    rest: Pick<Deployment, 'config' | 'alarms' | 'autoRollback' | 'creator'> &
      Partial<Pick<Deployment, 'description' | 'overrideAlarms' | 'rollback'>>,
  ): Deployment => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    group.application.revisions.set(sha256, { content, registeredAt: now() });
    const deployment: Deployment = {
      ...rest,
      id: nextDeploymentId(),
      group,
      sha256,
      content,
      spec: group.service === undefined ? readAppSpec(content) : undefined,
      serviceSpec: group.service === undefined ? undefined : readServiceSpec(content),
      createdAt: now(),
      status: 'Created',
      weight: 0,
      events: eventsOf[group.application.platform].map((name) => ({ name, status: 'Pending' })),
    };
    deployments.set(deployment.id, deployment);
    engine.begin(deployment);
    return deployment;
  };

  const engine = createEngine(kernel, {
    ...neighbours,
    services: createServices(kernel, neighbours.taskSets),
    takenBackBy: ({ rollback, creator }) =>
      creator === 'user' ? undefined : deployments.get(rollback?.rollbackTriggeringDeploymentId ?? ''),
    /**
     * §3.5: a new deployment with an id of its own, created by `codeDeployRollback`. It moves the alias all at once, and watches no alarm: the
     * one that caused it is still red. [unconfirmed]
     */
    rollBack: ({ id, group, spec, sets, content }) => {
      const back =
        spec !== undefined
          ? reversed(spec)
          : sets === undefined
            ? undefined
            : withTaskDefinition(content, sets.blue.revision.arn);
      if (back === undefined) return '';
      return create(group, back, {
        config: configOf(`CodeDeployDefault.${group.application.platform}AllAtOnce`),
        alarms: {},
        autoRollback: { enabled: false },
        creator: 'codeDeployRollback',
        rollback: { rollbackTriggeringDeploymentId: id, rollbackMessage: `Rollback of deployment ${id}` },
      }).id;
    },
  });

  /** Words of the API: InvalidAlarmConfigException. */
  const checkAlarms = (alarms: AlarmConfiguration | undefined): void => {
    const names = (alarms?.alarms ?? []).map(({ name }) => name ?? '');
    if (alarms?.enabled === true && names.length === 0)
      throw refuse('InvalidAlarmConfigException', 'The alarm configuration is enabled, but the alarm list is empty');
    if (new Set(names).size !== names.length)
      throw refuse('InvalidAlarmConfigException', 'Two alarms with the same name have been specified');
    if (names.some((name) => name === '' || name.length > 255))
      throw refuse(
        'InvalidAlarmConfigException',
        'The alarm name is empty or null or exceeds the limit of 255 characters',
      );
    if (names.length > 10)
      throw refuse(
        'AlarmsLimitExceededException',
        'The maximum number of alarms for a deployment group (10) was exceeded',
      );
  };
  /** API: InvalidAutoRollbackConfigException, "an automatic rollback is enabled, but an invalid triggering event type or no event types were listed". */
  const checkRollback = (rollback: AutoRollback | undefined): void => {
    if (rollback?.enabled === true && (rollback.events ?? []).length === 0)
      throw refuse(
        'InvalidAutoRollbackConfigException',
        'Automatic rollback is enabled, but no event types were listed',
      );
  };

  return {
    service: {
      operations: {
        CreateApplication: (input: { readonly applicationName: string; readonly computePlatform?: string }) => {
          refuseUnserved(input, ['applicationName', 'computePlatform']);
          const platform = platformIn(input.computePlatform);
          if (applications.has(input.applicationName))
            throw refuse(
              'ApplicationAlreadyExistsException',
              `An application already exists with the specified name: ${input.applicationName}`,
            );
          const application: Application = {
            platform,
            id: nextId(),
            name: input.applicationName,
            createdAt: now(),
            groups: new Map(),
            revisions: new Map(),
          };
          applications.set(application.name, application);
          return { applicationId: application.id };
        },
        GetApplication: ({ applicationName }: { readonly applicationName: string }) => ({
          application: applicationView(applicationOf(applicationName)),
        }),
        CreateDeploymentGroup: (input: CreateGroup) => {
          refuseUnserved(input, groupMembers);
          const application = applicationOf(input.applicationName);
          const { platform } = application;
          const { deploymentGroupName: name, deploymentConfigName: config = `CodeDeployDefault.${platform}AllAtOnce` } =
            input;
          if (application.groups.has(name))
            throw refuse(
              'DeploymentGroupAlreadyExistsException',
              `Deployment group name: ${name} already exists for application: ${application.name}`,
            );
          checkPlatform(configOf(config), platform);
          checkAlarms(input.alarmConfiguration);
          checkRollback(input.autoRollbackConfiguration);
          // API, deploymentStyle: "blue/green with traffic control" is what the compute platform Lambda has.
          const { deploymentType = 'BLUE_GREEN', deploymentOption = 'WITH_TRAFFIC_CONTROL' } =
            input.deploymentStyle ?? {};
          if (deploymentType !== 'BLUE_GREEN' || deploymentOption !== 'WITH_TRAFFIC_CONTROL')
            throw refuse(
              'InvalidDeploymentStyleException',
              `For ${platform} deployment group, deployment type can be set to BLUE_GREEN only, with deployment option WITH_TRAFFIC_CONTROL`,
            );
          if (!neighbours.roleExists(input.serviceRoleArn))
            throw refuse(
              'InvalidRoleException',
              `AWS CodeDeploy does not have the permissions required to assume the role ${input.serviceRoleArn}.`,
            );
          const service = platform === 'ECS' ? serviceIn(input) : undefined;
          const group: DeploymentGroup = {
            ...(service === undefined ? {} : { service }),
            ...{ id: nextId(), name, application, config, role: input.serviceRoleArn },
            ...(input.alarmConfiguration === undefined ? {} : { alarms: input.alarmConfiguration }),
            ...(input.autoRollbackConfiguration === undefined ? {} : { autoRollback: input.autoRollbackConfiguration }),
          };
          application.groups.set(name, group);
          return { deploymentGroupId: group.id };
        },
        GetDeploymentGroup: (input: { readonly applicationName: string; readonly deploymentGroupName: string }) => ({
          deploymentGroupInfo: groupView(groupOf(input.applicationName, input.deploymentGroupName)),
        }),
        CreateDeploymentConfig: (input: CreateConfig) => {
          refuseUnserved(input, ['deploymentConfigName', 'computePlatform', 'trafficRoutingConfig']);
          const { deploymentConfigName: name, trafficRoutingConfig: routing = { type: 'AllAtOnce' } } = input;
          const platform = platformIn(input.computePlatform);
          if (name.startsWith('CodeDeployDefault.'))
            throw refuse(
              'InvalidDeploymentConfigNameException',
              'Deployment configuration names may not begin with CodeDeployDefault.',
            );
          if (configs.has(name))
            throw refuse('DeploymentConfigAlreadyExistsException', `Deployment Config name ${name} already exists`);
          if (configs.size - predefined.length >= customConfigs)
            throw refuse(
              'DeploymentConfigLimitExceededException',
              `The account already has ${customConfigs} custom deployment configurations`,
            );
          checkRouting(routing);
          const config = { platform, id: nextId(), name, createdAt: now(), routing };
          configs.set(name, config);
          return { deploymentConfigId: config.id };
        },
        GetDeploymentConfig: ({ deploymentConfigName }: { readonly deploymentConfigName: string }) => ({
          deploymentConfigInfo: configView(configOf(deploymentConfigName)),
        }),
        DeleteDeploymentConfig: ({ deploymentConfigName: name }: { readonly deploymentConfigName: string }) => {
          if (name.startsWith('CodeDeployDefault.'))
            throw refuse(
              'InvalidOperationException',
              `The deployment configuration ${name} is predefined and cannot be deleted`,
            );
          const isUsed =
            [...applications.values()].some(({ groups }) =>
              [...groups.values()].some(({ config }) => config === name),
            ) || [...deployments.values()].some((deployment) => deployment.config.name === name && !isOver(deployment));
          if (isUsed) throw refuse('DeploymentConfigInUseException', `The deployment configuration ${name} is in use`);
          configs.delete(name);
          return {};
        },
        ListDeploymentConfigs: ({ nextToken }: { readonly nextToken?: string }) => {
          const { items, next } = page([...configs.keys()], nextToken);
          return { deploymentConfigsList: items, ...next };
        },
        CreateDeployment: (input: CreateDeployment) => {
          refuseUnserved(input, deploymentMembers);
          const group = groupOf(input.applicationName, input.deploymentGroupName);
          const { revision } = input;
          if (revision === undefined) throw refuse('RevisionRequiredException', 'The revision was not specified');
          if (revision.revisionType !== 'AppSpecContent')
            throw notSimulated(`revisions of type ${revision.revisionType}`);
          const { content, sha256 } = revision.appSpecContent ?? {};
          if (content === undefined || content === '')
            throw refuse('InvalidRevisionException', 'The content of the AppSpec is required');
          if (sha256 !== undefined && sha256 !== createHash('sha256').update(content).digest('hex'))
            throw refuse('InvalidRevisionException', 'The SHA-256 hash does not match the content of the AppSpec');
          // API: DescriptionTooLongException; its limit is not in the model. [unconfirmed]
          if ((input.description?.length ?? 0) > 512)
            throw refuse('DescriptionTooLongException', 'The description is longer than 512 characters');
          const config = configOf(input.deploymentConfigName ?? group.config);
          checkPlatform(config, group.application.platform);
          checkAlarms(input.overrideAlarmConfiguration);
          checkRollback(input.autoRollbackConfiguration);
          const running = [...deployments.values()].find((one) => one.group === group && !isOver(one));
          // Words seen in the field (aws/aws-cdk#19163).
          if (running !== undefined)
            throw refuse(
              'DeploymentLimitExceededException',
              `The Deployment Group '${group.name}' already has an active Deployment '${running.id}'`,
            );
          const { overrideAlarmConfiguration: overrideAlarms, description } = input;
          const deployment = create(group, content, {
            config,
            alarms: overrideAlarms ?? group.alarms ?? {},
            autoRollback: input.autoRollbackConfiguration ?? group.autoRollback ?? { enabled: false },
            creator: 'user',
            ...(overrideAlarms === undefined ? {} : { overrideAlarms }),
            ...(description === undefined ? {} : { description }),
          });
          return { deploymentId: deployment.id };
        },
        GetDeployment: ({ deploymentId }: { readonly deploymentId: string }) => ({
          deploymentInfo: deploymentView(deploymentOf(deploymentId)),
        }),
        ListDeployments: (input: ListDeployments) => {
          refuseUnserved(input, [
            'applicationName',
            'deploymentGroupName',
            'includeOnlyStatuses',
            'createTimeRange',
            'nextToken',
          ]);
          const {
            applicationName,
            deploymentGroupName,
            includeOnlyStatuses = [],
            createTimeRange = {},
            nextToken,
          } = input;
          if (applicationName === undefined)
            throw refuse('ApplicationNameRequiredException', 'The application name is required');
          const group = groupOf(applicationName, deploymentGroupName);
          const { start = Number.NEGATIVE_INFINITY, end = Number.POSITIVE_INFINITY } = createTimeRange;
          const found = [...deployments.values()].filter(
            (one) =>
              one.group === group &&
              (includeOnlyStatuses.length === 0 || includeOnlyStatuses.includes(one.status)) &&
              one.createdAt / 1000 >= start &&
              one.createdAt / 1000 <= end,
          );
          const { items, next } = page(found.map(({ id }) => id).reverse(), nextToken);
          return { deployments: items, ...next };
        },
        StopDeployment: (input: { readonly deploymentId: string; readonly autoRollbackEnabled?: boolean }) => {
          const deployment = deploymentOf(input.deploymentId);
          if (isOver(deployment))
            throw refuse('DeploymentAlreadyCompletedException', `The deployment ${deployment.id} is already completed`);
          engine.stop(deployment, input.autoRollbackEnabled);
          return {
            status: 'Succeeded',
            statusMessage: 'No more commands will be scheduled for execution in the deployment',
          };
        },
        ContinueDeployment: (input: { readonly deploymentId: string; readonly deploymentWaitType?: string }) => {
          const deployment = deploymentOf(input.deploymentId);
          if (isOver(deployment))
            throw refuse('DeploymentAlreadyCompletedException', `The deployment ${deployment.id} is already completed`);
          if (deployment.group.service === undefined)
            throw refuse(
              'UnsupportedActionForDeploymentTypeException',
              'A deployment of the compute platform Lambda does not wait',
            );
          const { deploymentWaitType: wait = 'READY_WAIT' } = input;
          engine.goOn(deployment, wait === 'TERMINATION_WAIT' ? wait : 'READY_WAIT');
          return {};
        },
        ListDeploymentTargets: (input: { readonly deploymentId: string; readonly targetFilters?: object }) => {
          refuseUnserved(input, ['deploymentId', 'nextToken']);
          return { targetIds: [targetIdOf(startedOf(input.deploymentId))] };
        },
        GetDeploymentTarget: (input: { readonly deploymentId: string; readonly targetId: string }) => ({
          deploymentTarget: targetView(kernel, targetOf(startedOf(input.deploymentId), input.targetId)),
        }),
        BatchGetDeploymentTargets: (input: {
          readonly deploymentId: string;
          readonly targetIds: readonly string[];
        }) => ({
          deploymentTargets: input.targetIds.map((id) =>
            targetView(kernel, targetOf(startedOf(input.deploymentId), id)),
          ),
        }),
        GetApplicationRevision: (input: { readonly applicationName: string; readonly revision: Revision }) => {
          const application = applicationOf(input.applicationName);
          const { revisionType = 'AppSpecContent', appSpecContent: { sha256 = '' } = {} } = input.revision;
          const found = revisionType === 'AppSpecContent' ? application.revisions.get(sha256) : undefined;
          if (found === undefined) throw refuse('RevisionDoesNotExistException', 'The named revision does not exist');
          return {
            applicationName: application.name,
            revision: { revisionType: 'AppSpecContent', appSpecContent: { content: found.content, sha256 } },
            revisionInfo: { registerTime: new Date(found.registeredAt) },
          };
        },
        PutLifecycleEventHookExecutionStatus: (input: HookStatus) => {
          const { deploymentId = '', lifecycleEventHookExecutionId: executionId = '', status } = input;
          const deployment = deploymentOf(deploymentId);
          // API: "The result of a Lambda function that validates a deployment lifecycle event. The values listed in Valid Values are
          // valid for lifecycle statuses in general; however, only Succeeded and Failed can be passed successfully".
          if (status !== 'Succeeded' && status !== 'Failed')
            throw refuse(
              'InvalidLifecycleEventHookExecutionStatusException',
              `The status ${status} is not Succeeded or Failed`,
            );
          engine.answerHook(deployment, executionId, status === 'Succeeded');
          return { lifecycleEventHookExecutionId: executionId };
        },
      },
    },
  };
};

/** User guide, "AppSpec 'hooks' section": the events of both platforms, in their order. */
const eventsOf: Readonly<Record<Platform, readonly string[]>> = {
  Lambda: ['BeforeAllowTraffic', 'AllowTraffic', 'AfterAllowTraffic'],
  ECS: [
    'BeforeInstall',
    'Install',
    'AfterInstall',
    'AllowTestTraffic',
    'AfterAllowTestTraffic',
    'BeforeAllowTraffic',
    'AllowTraffic',
    'AfterAllowTraffic',
  ],
};

const platformIn = (platform: string | undefined): Platform => {
  if (platform === 'Lambda' || platform === 'ECS') return platform;
  throw notSimulated(`the compute platform ${platform ?? 'Server'}`);
};

/** API: CreateDeployment, "The computePlatform is invalid. The computePlatform should be Lambda, Server, or ECS". */
const checkPlatform = ({ name, platform }: DeploymentConfig, wanted: Platform): void => {
  if (platform === wanted) return;
  throw refuse(
    'InvalidComputePlatformException',
    `The deployment configuration ${name} is of the compute platform ${platform}, and the application of ${wanted}`,
  );
};

/** User guide, "Deployments on an Amazon ECS Compute Platform": one service, one pair of target groups, a production listener. */
const serviceIn = (input: CreateGroup): ServiceGroup => {
  const { ecsServices = [], loadBalancerInfo = {}, blueGreenDeploymentConfiguration: blueGreen = {} } = input;
  if (ecsServices.length !== 1)
    throw refuse('InvalidECSServiceException', 'A deployment group of the compute platform ECS has one service');
  const [pair] = loadBalancerInfo.targetGroupPairInfoList ?? [];
  if (pair?.targetGroups?.length !== 2)
    throw refuse('InvalidTargetGroupPairException', 'The deployment group needs a pair of target groups');
  if ((pair.prodTrafficRoute?.listenerArns ?? []).length === 0)
    throw refuse('InvalidLoadBalancerInfoException', 'The deployment group needs a production listener');
  const { actionOnTimeout = 'CONTINUE_DEPLOYMENT', waitTimeInMinutes = 0 } = blueGreen.deploymentReadyOption ?? {};
  // API, DeploymentReadyOption: the wait time "applies only to the STOP_DEPLOYMENT option".
  if (actionOnTimeout === 'CONTINUE_DEPLOYMENT' && waitTimeInMinutes > 0)
    throw refuse(
      'InvalidBlueGreenDeploymentConfigurationException',
      'A wait time before the traffic applies only to STOP_DEPLOYMENT',
    );
  if (blueGreen.terminateBlueInstancesOnDeploymentSuccess?.action === 'KEEP_ALIVE')
    throw refuse(
      'InvalidBlueGreenDeploymentConfigurationException',
      'For ECS deployment group, the original task set can only be terminated',
    );
  return { ecsServices, loadBalancerInfo, blueGreen };
};

const targetOf = (deployment: Deployment, targetId: string): Deployment => {
  if (targetId !== targetIdOf(deployment))
    throw refuse('DeploymentTargetDoesNotExistException', `The deployment ${deployment.id} has no target ${targetId}`);
  return deployment;
};

/** User guide, "CodeDeploy quotas", and "Create a deployment configuration": whole percents and minutes. */
const checkRouting = ({ type, timeBasedCanary, timeBasedLinear }: Routing): void => {
  const bad = (message: string) => refuse('InvalidTrafficRoutingConfigurationException', message);
  if (type === 'AllAtOnce') return;
  const { share, minutes } =
    type === 'TimeBasedCanary'
      ? { share: timeBasedCanary?.canaryPercentage, minutes: timeBasedCanary?.canaryInterval }
      : { share: timeBasedLinear?.linearPercentage, minutes: timeBasedLinear?.linearInterval };
  if (share === undefined || minutes === undefined)
    throw bad(`The traffic routing configuration lacks the percentage or the interval of ${type}`);
  if (share < 1 || share > 99) throw bad(`The percentage ${share} is not between 1 and 99`);
  if (minutes < 1) throw bad(`The interval ${minutes} is not at least 1`);
  const waits = type === 'TimeBasedCanary' ? 1 : Math.ceil(100 / share) - 1;
  if (waits * minutes > longestShiftMinutes)
    throw bad(`The traffic shift takes longer than ${longestShiftMinutes} minutes`);
};

/** A member that changes something and is not served is refused by its name: an accepted call has its effect. The words are ours. */
const refuseUnserved = (input: object, served: readonly string[]): void => {
  const other = Object.keys(input).find((member) => !served.includes(member));
  if (other !== undefined) throw notSimulated(`codedeploy, member ${other}`);
};

const page = <Item>(items: readonly Item[], token: string | undefined, most = 100) => {
  const from = token === undefined ? 0 : Number(token);
  if (!Number.isInteger(from))
    throw refuse('InvalidNextTokenException', 'The next token was specified in an invalid format');
  const next = from + most;
  return { items: items.slice(from, next), next: next < items.length ? { nextToken: String(next) } : {} };
};

const groupMembers = [
  'applicationName',
  'deploymentGroupName',
  'deploymentConfigName',
  'serviceRoleArn',
  'alarmConfiguration',
  'autoRollbackConfiguration',
  'deploymentStyle',
  'ecsServices',
  'loadBalancerInfo',
  'blueGreenDeploymentConfiguration',
];
const deploymentMembers = [
  'applicationName',
  'deploymentGroupName',
  'revision',
  'deploymentConfigName',
  'description',
  'autoRollbackConfiguration',
  'overrideAlarmConfiguration',
];

interface Revision {
  readonly revisionType?: string;
  readonly appSpecContent?: { readonly content?: string; readonly sha256?: string };
}
interface CreateGroup {
  readonly applicationName: string;
  readonly deploymentGroupName: string;
  readonly deploymentConfigName?: string;
  readonly serviceRoleArn: string;
  readonly alarmConfiguration?: AlarmConfiguration;
  readonly autoRollbackConfiguration?: AutoRollback;
  readonly deploymentStyle?: { readonly deploymentType?: string; readonly deploymentOption?: string };
  readonly ecsServices?: ServiceGroup['ecsServices'];
  readonly loadBalancerInfo?: ServiceGroup['loadBalancerInfo'];
  readonly blueGreenDeploymentConfiguration?: ServiceGroup['blueGreen'];
}
interface CreateConfig {
  readonly deploymentConfigName: string;
  readonly computePlatform?: string;
  readonly trafficRoutingConfig?: Routing;
}
interface CreateDeployment {
  readonly applicationName: string;
  readonly deploymentGroupName?: string;
  readonly revision?: Revision;
  readonly deploymentConfigName?: string;
  readonly description?: string;
  readonly autoRollbackConfiguration?: AutoRollback;
  readonly overrideAlarmConfiguration?: AlarmConfiguration;
}
interface ListDeployments {
  readonly applicationName?: string;
  readonly deploymentGroupName?: string;
  readonly includeOnlyStatuses?: readonly string[];
  readonly createTimeRange?: { readonly start?: number; readonly end?: number };
  readonly nextToken?: string;
}
interface HookStatus {
  readonly deploymentId?: string;
  readonly lifecycleEventHookExecutionId?: string;
  readonly status?: string;
}
