import { AwsError, type FleetVariantFacts } from '../contracts.ts';
import type { Selector } from './cloudwatch/store.ts';
import type { Dimension, Policy, StepScaling, Subject, TargetTracking } from './scaling-book.ts';

/** Which policies and targets Application Auto Scaling accepts for endpoint variants. */

const invalid = (message: string): AwsError => new AwsError('ValidationException', message);

/** reference/sagemaker.md §6. */
const predefined: Readonly<Record<Dimension, readonly string[]>> = {
  'sagemaker:variant:DesiredInstanceCount': [
    'SageMakerVariantInvocationsPerInstance',
    'SageMakerVariantConcurrentRequestsPerModelHighResolution',
  ],
  'sagemaker:variant:DesiredProvisionedConcurrency': ['SageMakerVariantProvisionedConcurrencyUtilization'],
};

export const dimensions = Object.keys(predefined) as readonly Dimension[];
export const isDimension = (text: string): text is Dimension => Object.hasOwn(predefined, text);

/**
 * AWS: "Autoscale an asynchronous endpoint" goes down to zero. "Scale an endpoint to zero instances": other endpoints only when they
 * host inference components. ProvisionedConcurrency is at least 1 (API reference, ProductionVariantServerlessUpdateConfig). Wording ours.
 */
export const checkMinimum = (min: number, dimension: Dimension, variant: FleetVariantFacts): void => {
  const least = dimension === 'sagemaker:variant:DesiredInstanceCount' && variant.asynchronous ? 0 : 1;
  if (min < least) throw invalid(`Minimum capacity cannot be less than ${least} for ${dimension}`);
};

/** AWS: "Automatic scaling of SageMaker AI models", burstable instances; "serverless-endpoints-autoscale", prerequisites. Wording ours. */
export const checkVariant = (
  resourceId: string,
  dimension: Dimension,
  variant: FleetVariantFacts | undefined,
): FleetVariantFacts => {
  if (!variant) throw invalid(`Endpoint variant does not exist: ${resourceId}`);
  const concurrency = dimension === 'sagemaker:variant:DesiredProvisionedConcurrency';
  if (concurrency !== (variant.provisionedConcurrency !== undefined))
    throw invalid(
      concurrency
        ? `Endpoint variant ${resourceId} has no provisioned concurrency`
        : `Endpoint variant ${resourceId} has no instances`,
    );
  if (variant.instanceType.startsWith('ml.t2.'))
    throw invalid(`Instance type ${variant.instanceType} does not support automatic scaling`);
  return variant;
};

/** The identity of a tracked metric: a single MetricStat is the metric itself; metric math is only equal to the same math. */
export const identityOf = (tracking: TargetTracking, scalar = scalarOf(tracking)): string => {
  const { PredefinedMetricSpecification: given, CustomizedMetricSpecification: custom } = tracking;
  if (given && scalar === undefined) return `predefined ${given.PredefinedMetricType} ${given.ResourceLabel ?? ''}`;
  return scalar
    ? `metric ${JSON.stringify([scalar.namespace, scalar.metric, [...scalar.dimensions].sort(byName), scalar.stat])}`
    : `math ${JSON.stringify(custom?.Metrics)}`;
};
const byName = (one: { readonly Name: string }, other: { readonly Name: string }): number =>
  one.Name < other.Name ? -1 : 1;

/** The CloudWatch metric of a customised specification; undefined for metric math. */
export const scalarOf = ({
  CustomizedMetricSpecification: custom,
}: TargetTracking): (Selector & { readonly stat: string }) | undefined => {
  const [only, ...others] = custom?.Metrics ?? [];
  const stat = others.length === 0 && only?.Expression === undefined ? only?.MetricStat : undefined;
  const { Namespace, MetricName, Dimensions = [] } = stat?.Metric ?? custom ?? {};
  const statistic = stat?.Stat ?? custom?.Statistic;
  return Namespace === undefined || MetricName === undefined || statistic === undefined
    ? undefined
    : { namespace: Namespace, metric: MetricName, dimensions: Dimensions, stat: statistic };
};

/**
 * AWS's words on a second policy on one metric: hashicorp/terraform-provider-aws#41179, gravitational/teleport (dynamo backend).
 * @param isSame whether a predefined metric equals a customised one of the same CloudWatch metric is a setting
 */
export const checkTracking = (
  tracking: TargetTracking | undefined,
  { name, ...subject }: Pick<Policy, 'name' | 'resourceId' | 'dimension'>,
  policies: readonly Policy[],
  isSame: (one: TargetTracking, other: TargetTracking) => boolean,
): void => {
  if (!tracking) throw invalid('TargetTrackingScalingPolicyConfiguration is required');
  const { PredefinedMetricSpecification: given, CustomizedMetricSpecification: custom } = tracking;
  if ((given === undefined) === (custom === undefined))
    throw invalid('Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification is required');
  if (given && !predefined[subject.dimension].includes(given.PredefinedMetricType))
    throw invalid(`${given.PredefinedMetricType} is not a metric of ${subject.dimension}`);
  if (custom && scalarOf(tracking) === undefined && (custom.Metrics ?? []).length === 0)
    throw invalid('CustomizedMetricSpecification needs MetricName, Namespace and Statistic, or Metrics');
  if (!(tracking.TargetValue > 0)) throw invalid('TargetValue must be greater than 0');
  const second = policies.filter(isAbout(subject)).some((other) => {
    const theirs = other.configuration.TargetTrackingScalingPolicyConfiguration;
    return theirs !== undefined && other.name !== name && isSame(theirs, tracking);
  });
  if (second) throw invalid('Only one TargetTrackingScaling policy for a given metric specification is allowed.');
};

/** API reference, StepScalingPolicyConfiguration and StepAdjustment. Wording ours. */
export const checkSteps = (step: StepScaling | undefined): void => {
  if (!step) throw invalid('StepScalingPolicyConfiguration is required');
  const { AdjustmentType: type, StepAdjustments: bands = [] } = step;
  if (type === undefined) throw invalid('AdjustmentType is required');
  if (bands.length === 0) throw invalid('StepAdjustments must not be empty');
  const sorted = bands
    .map(({ MetricIntervalLowerBound: low = -Infinity, MetricIntervalUpperBound: high = Infinity }) => ({ low, high }))
    .sort((one, other) => one.low - other.low);
  for (const [index, { low, high }] of sorted.entries()) {
    if (!(low < high)) throw invalid('The lower bound of a step adjustment must be less than its upper bound');
    const next = sorted[index + 1];
    if (next && next.low !== high) throw invalid('Step adjustments must neither overlap nor leave a gap');
  }
};

export const subjectText = ({ resourceId, dimension }: Subject): string =>
  `service namespace: sagemaker, resource ID: ${resourceId}, scalable dimension: ${dimension}`;

export const isAbout =
  ({ resourceId, dimension }: Subject) =>
  (other: Subject): boolean =>
    other.resourceId === resourceId && other.dimension === dimension;

export const keyOf = ({ resourceId, dimension }: Subject): string => `${resourceId} ${dimension}`;
