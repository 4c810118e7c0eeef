import type { Kernel, Metrics } from '../../contracts.ts';
import { uuidOf } from '../../random.ts';
import type { Aliases } from '../lambda/lambda.ts';
import { type Deployment, isOver, type LifecycleEvent, type RollbackEvent, refuse } from './model.ts';
import type { Services } from './services.ts';

export interface Engine {
  /** Begins a deployment that was created. */
  begin(deployment: Deployment): void;
  /** By a user. @param autoRollback undefined: as the deployment has it */
  stop(deployment: Deployment, autoRollback: boolean | undefined): void;
  /** By a user: the traffic, or the end of the original task set, is not waited for any more. */
  goOn(deployment: Deployment, wait: 'READY_WAIT' | 'TERMINATION_WAIT'): void;
  /** A hook's answer. */
  answerHook(deployment: Deployment, executionId: string, succeeded: boolean): void;
}

const minuteMs = 60_000;

/** AWS managed policy AWSCodeDeployRoleForECS, which has them for every resource. */
const serviceActions = [
  'ecs:DescribeServices',
  'ecs:CreateTaskSet',
  'ecs:UpdateServicePrimaryTaskSet',
  'ecs:DeleteTaskSet',
];

/** "CodeDeploy will wait up to an hour for the green task set to reach steady state" (ECS developer guide, "CodeDeploy blue/green deployments"). */
const installTimeoutMs = 3_600_000;

/** Deployments of functions and services, from their beginning to their end. */
export const createEngine = (
  kernel: Kernel,
  neighbours: {
    readonly aliases: Aliases;
    readonly services: Services;
    readonly metrics: Pick<Metrics, 'alarmState'>;
    readonly invoke: (name: string, event: object) => boolean;
    /** By the policies of the group's service role. */
    readonly mayDo: (role: string, action: string, resource: string) => boolean;
    /** Creates the deployment that takes this one back, and begins it. @returns its id */
    readonly rollBack: (deployment: Deployment) => string;
    /** The deployment that this one takes back. */
    readonly takenBackBy: (deployment: Deployment) => Deployment | undefined;
  },
): Engine => {
  const { aliases, services, metrics, invoke, mayDo, rollBack, takenBackBy } = neighbours;
  const { clock, settings } = kernel;

  const note = ({ id, group }: Deployment, what: string, detail: string): void =>
    kernel.note({
      source: 'deployment',
      object: `${group.application.name}/${group.name}`,
      what,
      detail: `${id}: ${detail}`,
    });

  const later = (deployment: Deployment, ms: number, label: string, action: () => void): void => {
    clock.at(clock.now() + ms, `${deployment.id} ${label}`, () => {
      if (!isOver(deployment)) action();
    });
  };

  const end = (
    deployment: Deployment,
    status: 'Succeeded' | 'Failed' | 'Stopped',
    error?: Deployment['error'],
  ): void => {
    deployment.status = status;
    deployment.completedAt = clock.now();
    if (error !== undefined) deployment.error = error;
    for (const event of deployment.events)
      if (event.status === 'Pending' || event.status === 'InProgress') {
        event.status = event.status === 'Pending' || status === 'Stopped' ? 'Skipped' : 'Failed';
        event.endedAt = clock.now();
      }
    note(deployment, status.toLowerCase(), error?.message ?? 'the traffic has its version');
  };

  /** Ends it unsuccessfully, and takes it back where that is enabled for this event. */
  const fail = (
    deployment: Deployment,
    status: 'Failed' | 'Stopped',
    error: NonNullable<Deployment['error']>,
    isRolledBack: boolean,
  ): void => {
    end(deployment, status, error);
    if (deployment.creator === 'codeDeployRollback') return;
    if (deployment.spec === undefined && deployment.sets === undefined) return;
    if (isRolledBack) {
      deployment.rollback = {
        rollbackDeploymentId: rollBack(deployment),
        rollbackMessage: `Deployment ${deployment.id} is being rolled back`,
      };
    } else if (settings.stoppedAlias === 'returns' && deployment.spec !== undefined) {
      const { functionName, alias, currentVersion } = deployment.spec;
      aliases.route(functionName, alias, { version: currentVersion });
    }
  };
  const rollsBackOn = ({ autoRollback: { enabled = false, events = [] } }: Deployment, event: RollbackEvent): boolean =>
    enabled && events.includes(event);
  const failed = (deployment: Deployment, code: string, message: string): void =>
    fail(deployment, 'Failed', { code, message }, rollsBackOn(deployment, 'DEPLOYMENT_FAILURE'));

  /**
   * Whether the service role may do what the deployment needs (AWS managed policies AWSCodeDeployRoleForLambda, AWSCodeDeployRoleForECS);
   * otherwise it fails. Words seen in the field (aws/serverless-application-model#219).
   */
  const isPermitted = (
    deployment: Deployment,
    service: 'AWSLambda' | 'AmazonECS',
    actions: readonly string[],
    resource: string,
  ): boolean => {
    const { role } = deployment.group;
    if (actions.every((action) => mayDo(role, action, resource))) return true;
    failed(
      deployment,
      'IAM_ROLE_PERMISSIONS',
      `The IAM role ${role} does not give you permission to perform operations in the following AWS service: ${service}. Contact your AWS administrator if you need help. If you are an AWS administrator, you can grant permissions to your users or groups by creating IAM policies.`,
    );
    return false;
  };

  /** Alarms are polled while the deployment runs (user guide, "Monitoring deployments with Amazon CloudWatch alarms"). */
  const watch = (deployment: Deployment): void => {
    const { enabled = false, alarms = [], ignorePollAlarmFailure = false } = deployment.alarms;
    if (!enabled) return;
    const names = alarms.flatMap(({ name }) => (name === undefined ? [] : [name]));
    const isReadable = (name: string): boolean =>
      metrics.alarmState(name) !== undefined &&
      mayDo(deployment.group.role, 'cloudwatch:DescribeAlarms', kernel.arn('cloudwatch', `alarm:${name}`));
    const red = names.filter((name) => isReadable(name) && metrics.alarmState(name) === 'ALARM');
    const unreadable = names.filter((name) => !isReadable(name));
    if (red.length > 0 || (unreadable.length > 0 && !ignorePollAlarmFailure)) {
      // Words seen in the field (aws/aws-cdk#9269). Those for alarms that cannot be read are ours.
      const message =
        red.length > 0
          ? `One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: <${red.join(', ')}>`
          : `The state of the alarms ${unreadable.join(', ')} cannot be retrieved, and the affected deployments have been stopped.`;
      fail(
        deployment,
        'Stopped',
        { code: 'ALARM_ACTIVE', message },
        rollsBackOn(deployment, 'DEPLOYMENT_STOP_ON_ALARM'),
      );
      return;
    }
    later(deployment, settings.codeDeployAlarmPollMs, 'alarms', () => watch(deployment));
  };

  const start = (event: LifecycleEvent): void => {
    event.status = 'InProgress';
    event.startedAt = clock.now();
  };
  const finish = (event: LifecycleEvent, status: 'Succeeded' | 'Failed' | 'Skipped', message?: string): void => {
    event.status = status;
    event.endedAt = clock.now();
    if (message !== undefined) event.message = message;
  };

  const next = (deployment: Deployment): void => {
    const event = deployment.events.find(({ status }) => status === 'Pending');
    const spec = deployment.spec ?? deployment.serviceSpec;
    if (event === undefined || spec === undefined) {
      complete(deployment);
      return;
    }
    if (waitsForTraffic(deployment, event)) return;
    start(event);
    if (event.name === 'AllowTraffic') {
      shift(deployment, event);
      return;
    }
    if (event.name === 'Install') {
      services.install(deployment);
      install(deployment, event, clock.now() + installTimeoutMs);
      return;
    }
    if (event.name === 'AllowTestTraffic') {
      const isTested = services.hasTestListener(deployment);
      if (isTested) note(deployment, 'test-traffic', 'the test listener leads to the replacement task set');
      finish(event, isTested ? 'Succeeded' : 'Skipped');
      next(deployment);
      return;
    }
    const hook = spec.hooks[event.name];
    if (hook === undefined) {
      finish(event, 'Skipped');
      next(deployment);
      return;
    }
    if (!isPermitted(deployment, 'AWSLambda', ['lambda:InvokeFunction'], kernel.arn('lambda', `function:${hook}`)))
      return;
    const executionId = uuidOf('hook', deployment.id, event.name);
    event.executionId = executionId;
    if (!invoke(hook, { DeploymentId: deployment.id, LifecycleEventHookExecutionId: executionId })) {
      finish(event, 'Failed', `The function ${hook} does not exist`);
      failed(deployment, 'HOOK_EXECUTION_FAILURE', `The ${event.name} hook could not invoke the function ${hook}`);
      return;
    }
    clock.at(clock.now() + settings.codeDeployHookMs, `${deployment.id} hook ${hook}`, () => {
      if (isOver(deployment) || event.status !== 'InProgress') return;
      finish(event, 'Failed', 'no status in time');
      failed(
        deployment,
        'HOOK_EXECUTION_FAILURE',
        `The ${event.name} hook ${hook} reported no status within ${settings.codeDeployHookMs / 60_000} minutes`,
      );
    });
  };

  const optionsOf = ({ group }: Deployment) => {
    const { deploymentReadyOption: ready, terminateBlueInstancesOnDeploymentSuccess: blue } =
      group.service?.blueGreen ?? {};
    return {
      readyMs: ready?.actionOnTimeout === 'STOP_DEPLOYMENT' ? (ready.waitTimeInMinutes ?? 0) * minuteMs : undefined,
      terminationMs: (blue?.terminationWaitTimeInMinutes ?? 0) * minuteMs,
    };
  };

  /**
   * API, DeploymentReadyOption: with STOP_DEPLOYMENT the traffic waits for ContinueDeployment, and a deployment that waited too long is
   * Stopped. It waits before BeforeAllowTraffic. [unconfirmed]
   */
  const waitsForTraffic = (deployment: Deployment, event: LifecycleEvent): boolean => {
    const { readyMs } = optionsOf(deployment);
    if (readyMs === undefined || event.name !== 'BeforeAllowTraffic' || deployment.goesOn) return false;
    deployment.status = 'Ready';
    note(deployment, 'ready', 'the replacement task set is ready, and the traffic waits for ContinueDeployment');
    later(deployment, readyMs, 'ready', () => {
      if (deployment.status === 'Ready')
        fail(
          deployment,
          'Stopped',
          { code: 'TIMEOUT', message: 'The traffic was not rerouted within the wait time of the deployment group' },
          rollsBackOn(deployment, 'DEPLOYMENT_STOP_ON_REQUEST'),
        );
    });
    return true;
  };

  const install = (deployment: Deployment, event: LifecycleEvent, until: number): void => {
    if (services.isInstalled(deployment)) {
      finish(event, 'Succeeded');
      next(deployment);
      return;
    }
    if (clock.now() >= until) {
      finish(event, 'Failed', 'the replacement task set is not steady');
      // Words seen in the field (aws/containers-roadmap, aws-actions/amazon-ecs-deploy-task-definition).
      failed(
        deployment,
        'TIMEOUT',
        'The deployment timed out while waiting for the replacement task set to become healthy. This time out period is 60 minutes.',
      );
      return;
    }
    later(deployment, 5_000, 'install', () => install(deployment, event, until));
  };

  /** All events have ended: the original task set of a service goes after its wait time, and the deployment lasts as long. */
  const complete = (deployment: Deployment): void => {
    if (deployment.sets === undefined) {
      end(deployment, 'Succeeded');
      return;
    }
    deployment.terminatesAt = clock.now() + optionsOf(deployment).terminationMs;
    terminate(deployment);
  };
  const terminate = (deployment: Deployment): void => {
    const { terminatesAt = 0 } = deployment;
    if (clock.now() < terminatesAt) {
      later(deployment, terminatesAt - clock.now(), 'termination', () => terminate(deployment));
      return;
    }
    services.terminate(deployment);
    end(deployment, 'Succeeded');
  };

  /** The shares that the target version gets, in percent, and the minutes before the next. */
  const stepsOf = ({
    config: { routing },
  }: Deployment): readonly { readonly share: number; readonly minutes: number }[] => {
    if (routing.type === 'TimeBasedCanary') {
      const { canaryPercentage = 0, canaryInterval = 0 } = routing.timeBasedCanary ?? {};
      return [
        { share: canaryPercentage, minutes: canaryInterval },
        { share: 100, minutes: 0 },
      ];
    }
    if (routing.type === 'TimeBasedLinear') {
      const { linearPercentage = 100, linearInterval = 0 } = routing.timeBasedLinear ?? {};
      return Array.from({ length: Math.ceil(100 / linearPercentage) }, (_, index) => {
        const share = Math.min(100, (index + 1) * linearPercentage);
        return { share, minutes: share === 100 ? 0 : linearInterval };
      });
    }
    return [{ share: 100, minutes: 0 }];
  };

  const shift = (deployment: Deployment, event: LifecycleEvent): void => {
    const [first, ...rest] = stepsOf(deployment);
    const step = (at: { readonly share: number; readonly minutes: number } | undefined, left: typeof rest): void => {
      if (at === undefined) {
        finish(event, 'Succeeded');
        next(deployment);
        return;
      }
      deployment.weight = at.share;
      route(deployment, at.share);
      if (at.minutes === 0) {
        step(left[0], left.slice(1));
        return;
      }
      later(deployment, at.minutes * minuteMs, 'traffic', () => step(left[0], left.slice(1)));
    };
    step(first, rest);
  };

  /** @param share percent of the requests for the target */
  const route = (deployment: Deployment, share: number): void => {
    const { spec, serviceSpec } = deployment;
    if (serviceSpec !== undefined) {
      services.shift(deployment, share);
      note(deployment, 'traffic-shifted', `${share} % of the requests to ${serviceSpec.taskDefinition}`);
    }
    if (spec === undefined) return;
    const { functionName, alias, currentVersion, targetVersion } = spec;
    aliases.route(
      functionName,
      alias,
      share === 100
        ? { version: targetVersion }
        : { version: currentVersion, additional: { version: targetVersion, weight: share / 100 } },
    );
    note(deployment, 'traffic-shifted', `${share} % of ${functionName}:${alias} to version ${targetVersion}`);
  };

  const beginService = (deployment: Deployment): void => {
    const original = takenBackBy(deployment);
    if (original !== undefined) {
      // "CodeDeploy implements rollbacks by rerouting traffic from the replacement task set to the original task set" (user guide).
      services.restore(original);
      for (const event of deployment.events) finish(event, event.name === 'AllowTraffic' ? 'Succeeded' : 'Skipped');
      end(deployment, 'Succeeded');
      return;
    }
    const error = services.begin(deployment);
    if (error !== undefined) {
      failed(deployment, error.code, error.message);
      return;
    }
    watch(deployment);
    if (!isOver(deployment)) next(deployment);
  };

  return {
    goOn(deployment, wait) {
      const isReady = deployment.status === 'Ready';
      if (wait === 'READY_WAIT' ? !isReady : deployment.terminatesAt === undefined)
        throw refuse('DeploymentIsNotInReadyStateException', `The deployment ${deployment.id} does not wait`);
      if (wait === 'READY_WAIT') {
        deployment.status = 'InProgress';
        deployment.goesOn = true;
        next(deployment);
        return;
      }
      deployment.terminatesAt = clock.now();
      terminate(deployment);
    },
    begin(deployment) {
      const delay = deployment.creator === 'user' ? settings.codeDeployStartMs : settings.codeDeployRollbackMs;
      later(deployment, delay, 'start', () => {
        deployment.status = 'InProgress';
        deployment.startedAt = clock.now();
        if (deployment.group.application.platform === 'ECS') {
          if (isPermitted(deployment, 'AmazonECS', serviceActions, '*')) beginService(deployment);
          return;
        }
        const { spec } = deployment;
        // API: ErrorCode. Which of them a mistake gets, and that none is refused by CreateDeployment, is [unconfirmed].
        if (spec === undefined) {
          failed(
            deployment,
            'INVALID_REVISION',
            'The AppSpec content is not valid for a deployment of a Lambda function',
          );
          return;
        }
        const { functionName, alias: name, currentVersion, targetVersion } = spec;
        const alias = aliases.alias(functionName, name);
        if (alias === undefined || !aliases.isPublished(functionName, targetVersion)) {
          failed(
            deployment,
            'INVALID_LAMBDA_FUNCTION',
            `The function ${functionName} has no alias ${name}, or no version ${targetVersion}`,
          );
          return;
        }
        const serves = deployment.creator === 'user' ? alias.version : currentVersion;
        if (serves !== currentVersion || currentVersion === targetVersion) {
          failed(
            deployment,
            'INVALID_LAMBDA_CONFIGURATION',
            `The alias ${name} of ${functionName} is on version ${alias.version}, and the AppSpec has ${currentVersion} and ${targetVersion}`,
          );
          return;
        }
        const aliasActions = ['lambda:GetAlias', 'lambda:UpdateAlias'];
        if (!isPermitted(deployment, 'AWSLambda', aliasActions, kernel.arn('lambda', `function:${functionName}`)))
          return;
        watch(deployment);
        if (!isOver(deployment)) next(deployment);
      });
    },
    stop(deployment, autoRollback) {
      fail(
        deployment,
        'Stopped',
        { code: 'MANUAL_STOP', message: 'The deployment has been stopped by a user' },
        autoRollback ?? rollsBackOn(deployment, 'DEPLOYMENT_STOP_ON_REQUEST'),
      );
    },
    answerHook(deployment, executionId, succeeded) {
      const event = deployment.events.find((one) => one.executionId === executionId);
      if (event === undefined)
        throw refuse(
          'InvalidLifecycleEventHookExecutionIdException',
          `The lifecycle event hook execution id ${executionId} is not of deployment ${deployment.id}`,
        );
      if (event.status !== 'InProgress' || isOver(deployment))
        throw refuse('LifecycleEventAlreadyCompletedException', `The lifecycle event ${event.name} has ended already`);
      finish(event, succeeded ? 'Succeeded' : 'Failed', succeeded ? undefined : 'the hook reported a failure');
      if (succeeded) {
        next(deployment);
        return;
      }
      failed(deployment, 'HOOK_EXECUTION_FAILURE', `The ${event.name} hook reported a failure`);
    },
  };
};
