import { AwsError, type Instant } from '../../contracts.ts';
import type { TaskSet } from '../ecs/model.ts';
import type { AppSpec, ServiceSpec } from './app-spec.ts';

/** As a request has it. */
export interface Revision {
  readonly revisionType?: string;
  readonly appSpecContent?: { readonly content?: string; readonly sha256?: string };
}

export interface Routing {
  readonly type: 'AllAtOnce' | 'TimeBasedCanary' | 'TimeBasedLinear';
  readonly timeBasedCanary?: { readonly canaryPercentage?: number; readonly canaryInterval?: number };
  readonly timeBasedLinear?: { readonly linearPercentage?: number; readonly linearInterval?: number };
}

export type Platform = 'Lambda' | 'ECS';

export interface DeploymentConfig {
  readonly platform: Platform;
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
  readonly routing: Routing;
}

export interface AlarmConfiguration {
  readonly enabled?: boolean;
  readonly ignorePollAlarmFailure?: boolean;
  readonly alarms?: readonly { readonly name?: string }[];
}
export type RollbackEvent = 'DEPLOYMENT_FAILURE' | 'DEPLOYMENT_STOP_ON_ALARM' | 'DEPLOYMENT_STOP_ON_REQUEST';
export interface AutoRollback {
  readonly enabled?: boolean;
  readonly events?: readonly RollbackEvent[];
}

export interface Application {
  readonly platform: Platform;
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
  readonly groups: Map<string, DeploymentGroup>;
  /** AppSpec contents by their SHA-256. */
  readonly revisions: Map<string, { readonly content: string; readonly registeredAt: Instant }>;
}

export interface DeploymentGroup {
  readonly id: string;
  readonly name: string;
  readonly application: Application;
  readonly config: string;
  readonly role: string;
  readonly alarms?: AlarmConfiguration;
  readonly autoRollback?: AutoRollback;
  /** Of the platform ECS. */
  readonly service?: ServiceGroup;
}

export interface ServiceGroup {
  readonly ecsServices: readonly { readonly clusterName: string; readonly serviceName: string }[];
  readonly loadBalancerInfo: {
    readonly targetGroupPairInfoList?: readonly {
      readonly targetGroups?: readonly { readonly name?: string }[];
      readonly prodTrafficRoute?: { readonly listenerArns?: readonly string[] };
      readonly testTrafficRoute?: { readonly listenerArns?: readonly string[] };
    }[];
  };
  readonly blueGreen: {
    readonly terminateBlueInstancesOnDeploymentSuccess?: {
      readonly action?: string;
      readonly terminationWaitTimeInMinutes?: number;
    };
    readonly deploymentReadyOption?: { readonly actionOnTimeout?: string; readonly waitTimeInMinutes?: number };
  };
}

export type Status = 'Created' | 'InProgress' | 'Ready' | 'Succeeded' | 'Failed' | 'Stopped';
export type EventStatus = 'Pending' | 'InProgress' | 'Succeeded' | 'Failed' | 'Skipped';
export interface LifecycleEvent {
  readonly name: string;
  status: EventStatus;
  startedAt?: Instant;
  endedAt?: Instant;
  message?: string;
  /** Of a hook's run. */
  executionId?: string;
}

export interface Deployment {
  readonly id: string;
  readonly group: DeploymentGroup;
  readonly config: DeploymentConfig;
  readonly sha256: string;
  readonly content: string;
  /** Undefined: the content is no AppSpec of a function. */
  readonly spec: AppSpec | undefined;
  /** Undefined: the content is no AppSpec of a service. */
  readonly serviceSpec: ServiceSpec | undefined;
  /** Of a service: the one that served, and the replacement. */
  sets?: { readonly blue: TaskSet; green?: TaskSet };
  readonly description?: string;
  readonly alarms: AlarmConfiguration;
  /** As it came with the deployment. */
  readonly overrideAlarms?: AlarmConfiguration;
  readonly autoRollback: AutoRollback;
  readonly creator: 'user' | 'codeDeployRollback';
  readonly createdAt: Instant;
  readonly events: LifecycleEvent[];
  status: Status;
  /** ContinueDeployment was called for the traffic. */
  goesOn?: true;
  /** End of the original task set's wait time. */
  terminatesAt?: Instant;
  startedAt?: Instant;
  completedAt?: Instant;
  error?: { readonly code: string; readonly message: string };
  /** Percent of the alias' requests that the target version gets. */
  weight: number;
  rollback?: { rollbackDeploymentId?: string; rollbackTriggeringDeploymentId?: string; rollbackMessage?: string };
}

export const isOver = ({ status }: Deployment): boolean =>
  status === 'Succeeded' || status === 'Failed' || status === 'Stopped';

const canary = (minutes: number): readonly [string, Routing] => [
  `LambdaCanary10Percent${minutes}Minutes`,
  { type: 'TimeBasedCanary', timeBasedCanary: { canaryPercentage: 10, canaryInterval: minutes } },
];
const linear = (minutes: number): readonly [string, Routing] => [
  `LambdaLinear10PercentEvery${minutes}Minute${minutes === 1 ? '' : 's'}`,
  { type: 'TimeBasedLinear', timeBasedLinear: { linearPercentage: 10, linearInterval: minutes } },
];
/** User guide, "Predefined deployment configurations for an AWS Lambda compute platform", and for an Amazon ECS compute platform. */
export const predefined: readonly (readonly [string, Routing])[] = [
  ...[5, 10, 15, 30].map(canary),
  ...[1, 2, 3, 10].map(linear),
  ['LambdaAllAtOnce', { type: 'AllAtOnce' }],
  ...[5, 15].map((minutes) => [canary(minutes)[0].replace('Lambda', 'ECS'), canary(minutes)[1]] as const),
  // The page has "1Minutes".
  ...[1, 3].map((minutes) => [`ECSLinear10PercentEvery${minutes}Minutes`, linear(minutes)[1]] as const),
  ['ECSAllAtOnce', { type: 'AllAtOnce' }],
];
export const platformOf = (predefinedName: string): Platform => (predefinedName.startsWith('ECS') ? 'ECS' : 'Lambda');

/** The words are ours where no source is named. */
export const refuse = (code: string, message: string): AwsError => new AwsError(code, message);
export const noApplication = (name: string): AwsError =>
  // Words seen in the field (aws/aws-cli#1971).
  refuse('ApplicationDoesNotExistException', `No application found for name: ${name}`);
export const noGroup = (name: string): AwsError =>
  refuse('DeploymentGroupDoesNotExistException', `No Deployment Group found for name: ${name}`);
export const noConfig = (name: string): AwsError =>
  refuse('DeploymentConfigDoesNotExistException', `No deployment configuration found for name: ${name}`);
export const noDeployment = (id: string): AwsError =>
  refuse('DeploymentDoesNotExistException', `The deployment ${id} could not be found`);
