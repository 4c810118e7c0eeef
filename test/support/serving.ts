import type { DescribeEndpointConfigOutput, DescribeEndpointOutput } from '../../src/aws/sagemaker.ts';
import { type Instant, minutes } from '../../src/clock.ts';
import type { World } from '../../src/world.ts';
import { type Did, fakeMetrics } from './metrics.ts';
import { busy } from './planning.ts';
import { nine } from './stepping.ts';
import { awsError } from './stored.ts';

type Members = Readonly<Record<string, unknown>>;

/** The answers of an account to the reads of a plan. */
export interface Serving {
  /** Absent: there is no endpoint. Given members replace those of an endpoint with four instances under `churn-1-0-0`. */
  readonly endpoint?: Members;
  /** Members of the serving variant's part of its config. `deleted`: the config is gone. */
  readonly config?: Members | 'deleted';
  /** A further endpoint config, of the same content. */
  readonly former?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Autoscaling of the variant: its range and its policies. */
  readonly scaling?: { readonly min: number; readonly max: number; readonly policies?: readonly Members[] };
  /** Composite alarms, which are OK. */
  readonly composite?: readonly string[];
  readonly did?: (fleet: string, at: Instant) => Did | undefined;
}

/** A world for a plan, which reads only. Names other than the serving ones do not exist. */
export const servingWorld = ({
  endpoint,
  config,
  former,
  tags = {},
  scaling,
  composite = [],
  did = busy,
}: Serving): World => {
  const name = String(endpoint?.['EndpointConfigName'] ?? 'churn-1-0-0');
  const described: DescribeEndpointConfigOutput = {
    EndpointConfigName: name,
    EndpointConfigArn: undefined,
    CreationTime: new Date(0),
    ProductionVariants: [
      {
        VariantName: 'AllTraffic',
        ModelName: 'churn-1-0-0',
        InstanceType: 'ml.m5.large',
        InitialInstanceCount: 4,
        ...(config === 'deleted' ? {} : config),
      },
    ],
  };
  const live = {
    EndpointStatus: 'InService',
    EndpointConfigName: name,
    LastModifiedTime: new Date(0),
    ProductionVariants: [variant()],
    ...endpoint,
  } as unknown as DescribeEndpointOutput;
  return {
    clock: { now: () => nine + minutes(1) },
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    read: {
      sagemaker: {
        describeEndpoint: async () => {
          if (endpoint === undefined) throw awsError('sagemaker:DescribeEndpoint', 'Could not find endpoint "churn".');
          return live;
        },
        describeEndpointConfig: async ({ EndpointConfigName }: { readonly EndpointConfigName: string }) => {
          if (![name, former].includes(EndpointConfigName) || config === 'deleted' || endpoint === undefined)
            throw awsError('sagemaker:DescribeEndpointConfig', 'Could not find endpoint configuration.');
          return { ...described, EndpointConfigName };
        },
        describeModel: async ({ ModelName }: { readonly ModelName: string }) => {
          if (ModelName !== 'churn-1-0-0') throw awsError('sagemaker:DescribeModel', 'Could not find model.');
          return { ModelName, PrimaryContainer: {} };
        },
        listInferenceExperiments: async () => ({}),
        listTags: async () => ({ Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
      },
      cloudwatch: {
        ...fakeMetrics(did),
        describeAlarms: async () => ({
          CompositeAlarms: composite.map((AlarmName) => ({ AlarmName, StateValue: 'OK' })),
        }),
      },
      autoscaling: {
        describeScalableTargets: async () => ({
          ScalableTargets: scaling ? [{ MinCapacity: scaling.min, MaxCapacity: scaling.max }] : [],
        }),
        describeScalingPolicies: async () => ({ ScalingPolicies: scaling?.policies ?? [] }),
        describeScheduledActions: async () => ({}),
      },
    },
  } as unknown as World;
};

/** A serving variant in DescribeEndpoint's form. */
export const variant = (members: Members = {}): Members => ({
  VariantName: 'AllTraffic',
  CurrentWeight: 1,
  DesiredWeight: 1,
  CurrentInstanceCount: 4,
  DesiredInstanceCount: 4,
  ...members,
});
