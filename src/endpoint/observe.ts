import { orUndefined } from '../aws/errors.ts';
import type { DescribeEndpointOutput, PendingDeploymentSummary } from '../aws/sagemaker.ts';
import type { Instant } from '../clock.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';

/** The answer of DescribeEndpoint, reduced to the facts that decisions need. */
export interface LiveEndpoint {
  readonly status: Status;
  readonly endpointConfig: string;
  readonly failureReason?: string;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  readonly variants: readonly LiveVariant[];
  readonly shadowed: boolean;
  /** It takes asynchronous requests, and no others. */
  readonly asynchronous?: true;
  /** It runs without instances. */
  readonly serverless?: true;
  /** Present while an update to another configuration runs. */
  readonly pending?: Pending;
}

export interface LiveVariant {
  readonly name: string;
  readonly weight: number;
  readonly desiredWeight: number;
  readonly current: number;
  readonly desired: number;
  /** `sha256:…` of the running images. */
  readonly imageDigests: readonly string[];
}

export interface Pending {
  readonly endpointConfig: string;
  /** By AWS's clock. */
  readonly startedAt?: Instant;
  readonly variants: readonly PendingVariant[];
}
export interface PendingVariant {
  readonly name: string;
  readonly current: number;
  readonly desired: number;
  /** Phases under SageMaker's names. Messages are free text: the suite shows them and never parses them. */
  readonly phases: readonly { readonly phase: string; readonly message: string; readonly since: Instant }[];
}

export type Status =
  | 'OutOfService'
  | 'Creating'
  | 'Updating'
  | 'SystemUpdating'
  | 'RollingBack'
  | 'InService'
  | 'Deleting'
  | 'Failed'
  | 'UpdateRollbackFailed';

/** SageMaker accepts no update, delete or rescale meanwhile (reference/sagemaker.md §2.7). */
export const inProgress = (status: Status): boolean =>
  status === 'Creating' ||
  status === 'Updating' ||
  status === 'SystemUpdating' ||
  status === 'RollingBack' ||
  status === 'Deleting';

/** Undefined when the endpoint does not exist. */
export const observe = async (world: World, endpoint: string): Promise<LiveEndpoint | undefined> => {
  const described = await orUndefined(world.read.sagemaker.describeEndpoint({ EndpointName: endpoint }));
  return described && live(described);
};

const at = (date: Date | undefined): Instant => date?.getTime() ?? 0;

const live = (output: DescribeEndpointOutput): LiveEndpoint => ({
  status: output.EndpointStatus as Status,
  endpointConfig: output.EndpointConfigName ?? '',
  ...withoutUndefined({ failureReason: output.FailureReason || undefined }),
  createdAt: at(output.CreationTime),
  modifiedAt: at(output.LastModifiedTime),
  ...(output.AsyncInferenceConfig ? { asynchronous: true as const } : {}),
  ...(output.ProductionVariants?.some(({ CurrentServerlessConfig: now, DesiredServerlessConfig: next }) => now ?? next)
    ? { serverless: true as const }
    : {}),
  shadowed: (output.ShadowProductionVariants ?? []).length > 0,
  variants: (output.ProductionVariants ?? []).map((variant) => ({
    name: variant.VariantName ?? '',
    weight: variant.CurrentWeight ?? 0,
    desiredWeight: variant.DesiredWeight ?? variant.CurrentWeight ?? 0,
    current: variant.CurrentInstanceCount ?? 0,
    desired: variant.DesiredInstanceCount ?? 0,
    imageDigests: (variant.DeployedImages ?? []).flatMap(({ ResolvedImage }) => digestIn(ResolvedImage)),
  })),
  ...withoutUndefined({ pending: output.PendingDeploymentSummary && pending(output.PendingDeploymentSummary) }),
});

const digestIn = (image: string | undefined): readonly string[] => {
  const found = image?.match(/sha256:[0-9a-f]{64}/)?.[0];
  return found === undefined ? [] : [found];
};

const pending = (summary: PendingDeploymentSummary): Pending => ({
  endpointConfig: summary.EndpointConfigName ?? '',
  ...withoutUndefined({ startedAt: summary.StartTime?.getTime() }),
  variants: (summary.ProductionVariants ?? []).map((variant) => ({
    name: variant.VariantName ?? '',
    current: variant.CurrentInstanceCount ?? 0,
    desired: variant.DesiredInstanceCount ?? 0,
    phases: (variant.VariantStatus ?? []).map((status) => ({
      phase: status.Status ?? '',
      message: status.StatusMessage ?? '',
      since: at(status.StartTime),
    })),
  })),
});
