import { createHash } from 'node:crypto';
import type { Handler, Kernel, Metrics } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import type { TaskSets } from '../ecs/ecs.ts';
import type { Aliases } from '../lambda/lambda.ts';
import { readAppSpec, readServiceSpec, reversed, withTaskDefinition } from './app-spec.ts';
import { checkAlarms, checkPlatform, checkRollback, page, refuseUnserved } from './checks.ts';
import type { Configs } from './configs.ts';
import { createEngine } from './engine.ts';
import type { Groups } from './groups.ts';
import {
  type AlarmConfiguration,
  type AutoRollback,
  type Deployment,
  type DeploymentGroup,
  isOver,
  noDeployment,
  type Platform,
  type Revision,
  refuse,
} from './model.ts';
import { createServices } from './services.ts';
import { deploymentView, targetIdOf, targetView } from './views.ts';

export interface Deployments {
  readonly operations: Readonly<Record<string, Handler>>;
  all(): Iterable<Deployment>;
}

interface Around {
  readonly aliases: Aliases;
  readonly taskSets: TaskSets;
  readonly metrics: Pick<Metrics, 'alarmState'>;
  /** Invokes a function of Lambda; false when there is none of that name. */
  readonly invoke: (name: string, event: object) => boolean;
  /** By the policies of a service role. */
  readonly mayDo: (role: string, action: string, resource: string) => boolean;
  readonly groups: Groups;
  readonly configs: Configs;
}

/** The deployments, and the engine that carries them out. */
export const createDeployments = (
  kernel: Kernel,
  nextId: () => string,
  { groups, configs, ...neighbours }: Around,
): Deployments => {
  const now = (): number => kernel.clock.now();
  const deployments = new Map<string, Deployment>();

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
      id: nextId(),
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
        config: configs.find(`CodeDeployDefault.${group.application.platform}AllAtOnce`),
        alarms: {},
        autoRollback: { enabled: false },
        creator: 'codeDeployRollback',
        rollback: { rollbackTriggeringDeploymentId: id, rollbackMessage: `Rollback of deployment ${id}` },
      }).id;
    },
  });

  return {
    all: () => deployments.values(),
    operations: {
      CreateDeployment: (input: CreateDeployment) => {
        refuseUnserved(input, deploymentMembers);
        const group = groups.find(input.applicationName, input.deploymentGroupName);
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
        const config = configs.find(input.deploymentConfigName ?? group.config);
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
        const group = groups.find(applicationName, deploymentGroupName);
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
      BatchGetDeploymentTargets: (input: { readonly deploymentId: string; readonly targetIds: readonly string[] }) => ({
        deploymentTargets: input.targetIds.map((id) => targetView(kernel, targetOf(startedOf(input.deploymentId), id))),
      }),
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

const targetOf = (deployment: Deployment, targetId: string): Deployment => {
  if (targetId !== targetIdOf(deployment))
    throw refuse('DeploymentTargetDoesNotExistException', `The deployment ${deployment.id} has no target ${targetId}`);
  return deployment;
};

const deploymentMembers = [
  'applicationName',
  'deploymentGroupName',
  'revision',
  'deploymentConfigName',
  'description',
  'autoRollbackConfiguration',
  'overrideAlarmConfiguration',
];

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
