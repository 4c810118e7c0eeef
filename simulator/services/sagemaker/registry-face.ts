import type { Handler, Kernel, Principal } from '../../contracts.ts';
import type { ContainerDefinition } from './container-definition.ts';
import { arnElsewhere } from './refusals.ts';

/** A package, as far as a model that is made of it needs it. */
export interface PackageFace {
  readonly arn: string;
  readonly state: {
    readonly ModelApprovalStatus: string;
    readonly InferenceSpecification?: {
      readonly Containers: readonly (ContainerDefinition & { readonly ProductId?: string })[];
    };
  };
}

/** A registry as callers of other accounts reach it: its group's resource policy decides (AWS: "Cross-account support"). */
export interface RegistryFace {
  readonly operations: Readonly<Record<string, Handler>>;
  readonly packages: { find(name: string): PackageFace };
  /** @throws AwsError unless the policy of the group allows it */
  authorize(principal: Principal, action: string, arn: string): void;
}

/** The account of an ARN, unless it is this one. */
export const strangerIn = ({ region: own, accountId }: Kernel, arnOrName: string): string | undefined => {
  if (!arnOrName.startsWith('arn:')) return undefined;
  const [, , , region, account] = arnOrName.split(':');
  if (region !== own) throw arnElsewhere(own);
  return account === accountId ? undefined : account;
};
