import type { SendSigned } from './signed.ts';

/** Members of ECS's answers and requests, as far as they are read or changed (API reference 2014-11-13). */
export interface TaskSet {
  readonly taskSetArn?: string;
  /** `PRIMARY`: it has the production traffic; `ACTIVE`: it is up beside it; `DRAINING`: it goes. */
  readonly status?: string;
  readonly taskDefinition?: string;
  readonly computedDesiredCount?: number;
  readonly pendingCount?: number;
  readonly runningCount?: number;
  readonly stabilityStatus?: string;
  /** Seconds since 1970. */
  readonly createdAt?: number;
  readonly loadBalancers?: readonly {
    readonly targetGroupArn?: string;
    readonly containerName?: string;
    readonly containerPort?: number;
  }[];
  readonly platformVersion?: string;
  readonly networkConfiguration?: {
    readonly awsvpcConfiguration?: {
      readonly subnets?: readonly string[];
      readonly securityGroups?: readonly string[];
      readonly assignPublicIp?: string;
    };
  };
  readonly capacityProviderStrategy?: readonly {
    readonly capacityProvider?: string;
    readonly weight?: number;
    readonly base?: number;
  }[];
}

export interface EcsServiceDescription {
  readonly status?: string;
  readonly desiredCount?: number;
  readonly deploymentController?: { readonly type?: string };
  readonly taskSets?: readonly TaskSet[];
}

export interface ContainerDefinition {
  readonly name?: string;
  readonly image?: string;
  readonly environment?: readonly { readonly name?: string; readonly value?: string }[];
  readonly secrets?: readonly { readonly name?: string }[];
  readonly [setting: string]: unknown;
}

/** A revision of a task definition. Its other members go from one revision to the next as they are. */
export interface TaskDefinition {
  readonly taskDefinitionArn?: string;
  readonly family?: string;
  readonly revision?: number;
  readonly status?: string;
  readonly containerDefinitions?: readonly ContainerDefinition[];
  readonly [setting: string]: unknown;
}

interface DescribedTaskDefinition {
  readonly taskDefinition?: TaskDefinition;
  readonly tags?: readonly object[];
}

/** ECS, one method per call. CodeDeploy changes the service. */
export const ecs = (send: SendSigned) => {
  /** AWS JSON 1.1 (service model: `targetPrefix`). */
  const call = (operation: string, input: object): Promise<unknown> =>
    send(operation, {
      method: 'POST',
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}`,
      },
      body: JSON.stringify(input),
    });
  return {
    reads: {
      /** A service that does not exist is among the failures, and no error. */
      describeServices: (input: { readonly cluster: string; readonly services: readonly string[] }) =>
        call('DescribeServices', input) as Promise<{ readonly services?: readonly EcsServiceDescription[] }>,
      /** @param input.taskDefinition `churn:3`; `churn`: its latest active revision */
      describeTaskDefinition: (input: { readonly taskDefinition: string }) =>
        call('DescribeTaskDefinition', { ...input, include: ['TAGS'] }) as Promise<DescribedTaskDefinition>,
    },
    writes: {
      registerTaskDefinition: (input: object) =>
        call('RegisterTaskDefinition', input) as Promise<DescribedTaskDefinition>,
    },
  };
};
export type Ecs = ReturnType<typeof ecs>;
