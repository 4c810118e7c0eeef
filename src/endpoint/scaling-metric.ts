import { canonical } from '../digest.ts';
import type { Autoscaling } from '../manifest/manifest.ts';

/** TargetTrackingScalingPolicyConfiguration, as far as a plan reads it. */
export interface Tracking {
  readonly TargetValue?: number;
  readonly PredefinedMetricSpecification?: { readonly PredefinedMetricType?: string; readonly ResourceLabel?: string };
  readonly CustomizedMetricSpecification?: Customized;
  readonly ScaleInCooldown?: number;
  readonly ScaleOutCooldown?: number;
  readonly DisableScaleIn?: boolean;
}
interface Customized {
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Dimensions?: readonly { readonly Name?: string; readonly Value?: string }[];
  readonly Statistic?: string;
  readonly Metrics?: readonly {
    readonly Expression?: string;
    readonly MetricStat?: {
      readonly Metric?: Pick<Customized, 'MetricName' | 'Namespace' | 'Dimensions'>;
      readonly Stat?: string;
    };
  }[];
}

/** A CloudWatch metric with its statistic. */
interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: string;
}

/** What the target of a manifest is called there, with its specification for Application Auto Scaling. */
export interface Target {
  readonly value: number;
  /** `invocations per instance`. */
  readonly unit: string;
  readonly specification: Pick<Tracking, 'PredefinedMetricSpecification' | 'CustomizedMetricSpecification'>;
}

/** The manifest's target; undefined when it scales by steps or by schedule only. */
export const targetIn = (endpoint: string, scaling: Autoscaling): Target | undefined => {
  if (scaling.invocationsPerInstance !== undefined)
    return {
      value: scaling.invocationsPerInstance,
      unit: 'invocations per instance',
      specification: { PredefinedMetricSpecification: { PredefinedMetricType: invocations } },
    };
  if (scaling.concurrencyUtilization !== undefined)
    return {
      value: scaling.concurrencyUtilization,
      unit: 'utilization of the provisioned concurrency',
      specification: { PredefinedMetricSpecification: { PredefinedMetricType: utilization } },
    };
  if (scaling.backlogPerInstance === undefined) return undefined;
  return {
    value: scaling.backlogPerInstance,
    unit: 'queued requests per instance',
    // AWS: "Autoscale an asynchronous endpoint", define a scaling policy.
    specification: {
      CustomizedMetricSpecification: {
        MetricName: 'ApproximateBacklogSizePerInstance',
        Namespace: 'AWS/SageMaker',
        Dimensions: [{ Name: 'EndpointName', Value: endpoint }],
        Statistic: 'Average',
      },
    },
  };
};

const invocations = 'SageMakerVariantInvocationsPerInstance';
const utilization = 'SageMakerVariantProvisionedConcurrencyUtilization';

/** SageMakerVariantInvocationsPerInstance is this metric (reference/sagemaker.md §6). */
const invocationsOf = (endpoint: string, variant: string): Metric => ({
  namespace: 'AWS/SageMaker',
  name: 'InvocationsPerInstance',
  dimensions: { EndpointName: endpoint, VariantName: variant },
  statistic: 'Sum',
});

/** Undefined for metric math, and for a predefined metric whose CloudWatch metric is not known. */
const metricOf = (
  { PredefinedMetricSpecification: given, CustomizedMetricSpecification: custom }: Tracking,
  endpoint: string,
  variant: string,
): Metric | undefined => {
  if (given !== undefined)
    return given.PredefinedMetricType === invocations ? invocationsOf(endpoint, variant) : undefined;
  const [only, ...others] = custom?.Metrics ?? [];
  const stat = others.length === 0 && only?.Expression === undefined ? only?.MetricStat : undefined;
  const { MetricName, Namespace, Dimensions = [] } = stat?.Metric ?? custom ?? {};
  const statistic = stat?.Stat ?? custom?.Statistic;
  if (MetricName === undefined || Namespace === undefined || statistic === undefined) return undefined;
  return {
    namespace: Namespace,
    name: MetricName,
    dimensions: Object.fromEntries(Dimensions.map(({ Name = '', Value = '' }) => [Name, Value])),
    statistic,
  };
};

/**
 * How the metric of an existing policy stands to that of the manifest. `same`: Application Auto Scaling allows one policy on it, and
 * the policy can track the manifest's target. `like`: the same numbers by another statistic, so that two targets would contend.
 */
export const compareMetrics = (
  wanted: Target['specification'],
  existing: Tracking,
  { endpoint, variant }: { readonly endpoint: string; readonly variant: string },
): 'same' | 'like' | 'other' => {
  const type = wanted.PredefinedMetricSpecification?.PredefinedMetricType;
  if (type !== undefined && type === existing.PredefinedMetricSpecification?.PredefinedMetricType) return 'same';
  const [mine, theirs] = [metricOf(wanted, endpoint, variant), metricOf(existing, endpoint, variant)];
  if (mine === undefined || theirs === undefined) return 'other';
  const { statistic: my, ...metric } = mine;
  const { statistic: their, ...other } = theirs;
  if (canonical({ ...metric }) !== canonical({ ...other })) return 'other';
  return my === their ? 'same' : 'like';
};

/** The metric of a policy, for a reader. */
export const metricText = ({
  PredefinedMetricSpecification: given,
  CustomizedMetricSpecification: custom,
}: Tracking): string => {
  if (given?.PredefinedMetricType !== undefined) return given.PredefinedMetricType;
  if (custom?.MetricName !== undefined)
    return `${custom.Statistic ?? ''} of ${custom.Namespace}/${custom.MetricName}`.trim();
  return 'a metric of its own';
};
