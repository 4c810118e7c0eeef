import type { Instant, Kernel } from '../../contracts.ts';
import type { DeploymentConfig } from './deployment-plan.ts';
import type { Fleet } from './fleets.ts';

export type EndpointStatus =
  | 'OutOfService'
  | 'Creating'
  | 'Updating'
  | 'SystemUpdating'
  | 'RollingBack'
  | 'InService'
  | 'Deleting'
  | 'Failed'
  | 'UpdateRollbackFailed';

/** One endpoint (reference/sagemaker.md §2.7). Its `EndpointConfigName` is the live fleet's, so it changes only when green takes over. */
export interface Endpoint {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Instant;
  modifiedAt: Instant;
  status: EndpointStatus;
  failureReason?: string;
  /** Blue. While creating, and after a failed creation, it is the fleet that should have started. */
  live: Fleet;
  /** After UpdateRollbackFailed: the rest of the new fleet, which serves beside the old one. */
  stray?: Fleet;
  /** Green, while creating or updating with a new config. */
  pending?: { readonly fleet: Fleet; readonly startedAt: Instant };
  /** From the creation or the last update: RetainDeploymentConfig reuses it. */
  deploymentConfig?: DeploymentConfig;
  /** Answers of DescribeEndpoint that have not caught up yet (settings.staleDescribeMs). */
  stale?: { readonly until: Instant; readonly answer: object };
}

/** Every fleet with instances, old before new. */
export const fleetsOf = ({ live, stray, pending }: Endpoint): readonly Fleet[] => {
  const fleets = [live];
  if (stray) fleets.push(stray);
  // While creating, the pending fleet is the live one.
  if (pending && pending.fleet !== live) fleets.push(pending.fleet);
  return fleets;
};

export const settled = (endpoint: Endpoint): boolean =>
  endpoint.status === 'InService' || endpoint.status === 'OutOfService' || endpoint.status === 'UpdateRollbackFailed';

export const createTransitions = (kernel: Kernel) => {
  const note = (endpoint: Endpoint, what: string, detail: string): void =>
    kernel.note({ source: 'endpoint', object: endpoint.name, what, detail });

  const become = (endpoint: Endpoint, status: EndpointStatus): void => {
    endpoint.status = status;
    endpoint.modifiedAt = kernel.clock.now();
  };

  /** The reason shows right after the failed update, and may become empty later (terraform-provider-aws#49020). */
  const fail = (endpoint: Endpoint, reason: string | undefined): void => {
    if (reason === undefined) return;
    endpoint.failureReason = reason;
    const { eraseFailureReasonAfterMs } = kernel.settings;
    if (eraseFailureReasonAfterMs === 0) return;
    kernel.clock.at(kernel.clock.now() + eraseFailureReasonAfterMs, `erase FailureReason of ${endpoint.name}`, () => {
      if (endpoint.failureReason === reason) delete endpoint.failureReason;
    });
  };

  return { note, become, fail };
};
export type Transitions = ReturnType<typeof createTransitions>;
