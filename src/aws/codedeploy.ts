import type { SendSigned } from './signed.ts';

/** Members of CodeDeploy's answers and requests, as far as they are read or sent (API reference 2014-10-06). Times are epoch seconds. */
export type DeploymentStatus =
  | 'Created'
  | 'Queued'
  | 'InProgress'
  | 'Baking'
  | 'Ready'
  | 'Succeeded'
  | 'Failed'
  | 'Stopped';

export interface DeploymentInfo {
  readonly applicationName?: string;
  readonly deploymentGroupName?: string;
  readonly deploymentConfigName?: string;
  readonly deploymentId?: string;
  readonly status?: DeploymentStatus;
  readonly description?: string;
  /** `user`, or `codeDeployRollback` for example. */
  readonly creator?: string;
  readonly revision?: { readonly appSpecContent?: { readonly sha256?: string } };
  readonly startTime?: number;
  readonly completeTime?: number;
  readonly errorInformation?: { readonly code?: string; readonly message?: string };
  readonly rollbackInfo?: { readonly rollbackDeploymentId?: string; readonly rollbackMessage?: string };
}

/** Of a Lambda function, or of a service of ECS. */
export interface DeploymentTarget {
  readonly lambdaTarget?: WithLifecycleEvents;
  readonly ecsTarget?: WithLifecycleEvents;
}
interface WithLifecycleEvents {
  readonly lifecycleEvents?: readonly { readonly lifecycleEventName?: string; readonly startTime?: number }[];
}

export interface AlarmConfiguration {
  readonly enabled?: boolean;
  readonly ignorePollAlarmFailure?: boolean;
  readonly alarms?: readonly { readonly name?: string }[];
}

export interface DeploymentGroupInfo {
  readonly computePlatform?: string;
  readonly alarmConfiguration?: AlarmConfiguration;
  /** Of the platform ECS, as all below. */
  readonly ecsServices?: readonly { readonly serviceName?: string; readonly clusterName?: string }[];
  readonly blueGreenDeploymentConfiguration?: {
    readonly deploymentReadyOption?: { readonly actionOnTimeout?: string; readonly waitTimeInMinutes?: number };
    readonly terminateBlueInstancesOnDeploymentSuccess?: { readonly terminationWaitTimeInMinutes?: number };
  };
  readonly loadBalancerInfo?: {
    readonly targetGroupPairInfoList?: readonly {
      readonly prodTrafficRoute?: { readonly listenerArns?: readonly string[] };
      readonly testTrafficRoute?: object;
    }[];
  };
}

export interface TrafficRouting {
  readonly type: 'AllAtOnce' | 'TimeBasedCanary' | 'TimeBasedLinear';
  readonly timeBasedCanary?: { readonly canaryPercentage: number; readonly canaryInterval: number };
  readonly timeBasedLinear?: { readonly linearPercentage: number; readonly linearInterval: number };
}

interface Group {
  readonly applicationName: string;
  readonly deploymentGroupName: string;
}

export interface CreateDeploymentInput extends Group {
  readonly deploymentConfigName: string;
  /** At most 512 characters. */
  readonly description: string;
  readonly revision: {
    readonly revisionType: 'AppSpecContent';
    readonly appSpecContent: { readonly content: string; readonly sha256: string };
  };
  readonly autoRollbackConfiguration: { readonly enabled: boolean; readonly events: readonly string[] };
  readonly overrideAlarmConfiguration?: AlarmConfiguration;
}

/** AWS JSON 1.1 (service model: `targetPrefix`). */
export const codedeployCall =
  (send: SendSigned) =>
  (operation: string, input: object): Promise<unknown> =>
    send(operation, {
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `CodeDeploy_20141006.${operation}` },
      body: JSON.stringify(input),
    });

/** CodeDeploy, one method per call. */
export const codedeploy = (send: SendSigned) => {
  const call = codedeployCall(send);
  return {
    reads: {
      getDeployment: (input: { readonly deploymentId: string }) =>
        call('GetDeployment', input) as Promise<{ readonly deploymentInfo?: DeploymentInfo }>,
      getDeploymentGroup: (input: Group) =>
        call('GetDeploymentGroup', input) as Promise<{ readonly deploymentGroupInfo?: DeploymentGroupInfo }>,
      getDeploymentConfig: (input: { readonly deploymentConfigName: string }) =>
        call('GetDeploymentConfig', input) as Promise<{
          readonly deploymentConfigInfo?: {
            readonly computePlatform?: string;
            readonly trafficRoutingConfig?: TrafficRouting;
          };
        }>,
      /** Of one group, up to 100. */
      listDeployments: (
        input: Group & {
          readonly includeOnlyStatuses?: readonly DeploymentStatus[];
          readonly createTimeRange?: { readonly start: number; readonly end?: number };
        },
      ) => call('ListDeployments', input) as Promise<{ readonly deployments?: readonly string[] }>,
      listDeploymentTargets: (input: { readonly deploymentId: string }) =>
        call('ListDeploymentTargets', input) as Promise<{ readonly targetIds?: readonly string[] }>,
      getDeploymentTarget: (input: { readonly deploymentId: string; readonly targetId: string }) =>
        call('GetDeploymentTarget', input) as Promise<{ readonly deploymentTarget?: DeploymentTarget }>,
    },
    writes: {
      createDeployment: (input: CreateDeploymentInput) =>
        call('CreateDeployment', input) as Promise<{ readonly deploymentId?: string }>,
      createDeploymentConfig: (input: {
        readonly deploymentConfigName: string;
        readonly computePlatform: 'Lambda' | 'ECS';
        readonly trafficRoutingConfig: TrafficRouting;
      }) => call('CreateDeploymentConfig', input),
      continueDeployment: (input: { readonly deploymentId: string; readonly deploymentWaitType: 'READY_WAIT' }) =>
        call('ContinueDeployment', input),
      stopDeployment: (input: { readonly deploymentId: string; readonly autoRollbackEnabled: boolean }) =>
        call('StopDeployment', input),
    },
  };
};
export type Codedeploy = ReturnType<typeof codedeploy>;
