import { epochSeconds, present } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import { type Fleet, type FleetVariant, production, runningIn } from './fleets.ts';

const variantSummary = (variant: FleetVariant, current: number) => {
  const serverless = variant.settings.ServerlessConfig;
  return present({
    VariantName: variant.name,
    DeployedImages: variant.running?.containers.length
      ? variant.running.containers.map(({ image }) => image)
      : undefined,
    CurrentWeight: variant.weight,
    DesiredWeight: variant.desiredWeight,
    CurrentInstanceCount: serverless ? undefined : current,
    DesiredInstanceCount: serverless ? undefined : variant.desired,
    CurrentServerlessConfig: serverless,
    DesiredServerlessConfig: serverless,
    RoutingConfig: variant.settings.RoutingConfig,
    VariantStatus: variant.status ? [variant.status] : undefined,
  });
};

/** Blue counts running instances, green those with traffic: the documented event sample shows 1 of 3 while a canary bakes (§3.5). */
const live = (variant: FleetVariant) => variantSummary(variant, runningIn(variant));
const green = (variant: FleetVariant) =>
  present({ ...variantSummary(variant, variant.active), InstanceType: variant.settings.InstanceType });

const both = <Summary>({ variants }: Fleet, summary: (variant: FleetVariant) => Summary) => {
  const shadows = variants.filter(({ shadow }) => shadow);
  return present({
    ProductionVariants: production({ variants }).map(summary),
    ShadowProductionVariants: shadows.length > 0 ? shadows.map(summary) : undefined,
  });
};

const dataCapture = (endpoint: Endpoint) => {
  const config = endpoint.live.config.input.DataCaptureConfig;
  if (!config) return undefined;
  const enabled = config.EnableCapture ?? true;
  return present({
    EnableCapture: enabled,
    CaptureStatus: enabled ? 'Started' : 'Stopped',
    CurrentSamplingPercentage: config.InitialSamplingPercentage,
    DestinationS3Uri: config.DestinationS3Uri,
    // Required by the service model, key or not.
    KmsKeyId: config.KmsKeyId ?? '',
  });
};

/** DescribeEndpoint. The top level is blue until the deployment has ended (reference/sagemaker.md §2.6). */
export const describe = (endpoint: Endpoint) => {
  const { pending } = endpoint;
  const serving = endpoint.status !== 'Creating' && endpoint.status !== 'Failed';
  return present({
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    EndpointConfigName: endpoint.live.config.name,
    EndpointStatus: endpoint.status,
    FailureReason: endpoint.failureReason,
    CreationTime: epochSeconds(endpoint.createdAt),
    LastModifiedTime: epochSeconds(endpoint.modifiedAt),
    ...(serving ? both(endpoint.live, live) : {}),
    LastDeploymentConfig: endpoint.deploymentConfig,
    DataCaptureConfig: dataCapture(endpoint),
    AsyncInferenceConfig: endpoint.live.config.input.AsyncInferenceConfig,
    PendingDeploymentSummary: pending && {
      EndpointConfigName: pending.fleet.config.name,
      StartTime: epochSeconds(pending.startedAt),
      ...both(pending.fleet, green),
    },
  });
};

/** An item of ListEndpoints. */
export const summarise = (endpoint: Endpoint) => ({
  EndpointName: endpoint.name,
  EndpointArn: endpoint.arn,
  CreationTime: epochSeconds(endpoint.createdAt),
  LastModifiedTime: epochSeconds(endpoint.modifiedAt),
  EndpointStatus: endpoint.status,
});
