import type { MetricAlarm } from '../../src/aws/cloudwatch.ts';
import { type Instant, minutes } from '../../src/clock.ts';
import type { EndpointSpec, Rollout } from '../../src/manifest/manifest.ts';
import type { DeliveryRequest } from '../../src/mechanisms/request.ts';
import type { ReleaseRecord } from '../../src/release/record.ts';
import type { World } from '../../src/world.ts';
import { type Did, fakeMetrics } from './metrics.ts';
import { configuration, release } from './release.ts';
import { judgePolicy, nine } from './stepping.ts';

type Steps = Extract<Rollout, { strategy: 'steps' }>;

export const rollout: Steps = {
  strategy: 'steps',
  steps: [0.07, 0.5, 1],
  bakeSeconds: 300,
  minimumRequests: 100,
  judge: judgePolicy,
  alarms: { named: [] },
} as unknown as Steps;

/** A request for the steps on `churn`. */
export const asking = (version: string, wanted: Rollout = rollout, spec = churnSpec): DeliveryRequest => ({
  group: 'churn',
  version,
  spec,
  rollout: wanted,
});
export const churnSpec = {
  name: 'churn',
  instance: { type: 'ml.m5.large', count: 2 },
  environment: {},
  tags: {},
} as unknown as EndpointSpec;

/** 50 requests a second, all day, on the variant that serves. */
export const busy = (fleet: string): Did | undefined => (fleet === 'AllTraffic' ? { requests: 3000 } : undefined);

/** 1.1.0 stands dark beside 1.0.0. */
export const recordOf = (version = '1.1.0'): ReleaseRecord => ({
  schemaVersion: 2,
  endpoint: 'churn',
  epoch: 3,
  ended: [
    release({
      version,
      outcome: 'succeeded',
      reason: 'candidate-dark',
      candidate: {
        ...configuration(version),
        endpointConfig: 'churn-dark',
        beside: { candidate: `churn-${version.replaceAll('.', '-')}`, baseline: 'churn-1-0-0' },
      },
    }),
  ],
  history: [{ ...configuration('1.0.0'), endpointConfig: 'churn-dark', from: 0, good: true }],
});

/** An endpoint with this config and these shares. */
export const planningWorld = (
  weights: Readonly<Record<string, number>>,
  options: {
    readonly config?: string;
    readonly count?: number;
    readonly did?: (fleet: string, at: Instant) => Did | undefined;
    readonly alarms?: readonly MetricAlarm[];
  } = {},
): World => {
  const { config = 'churn-dark', count = 4, did = busy } = options;
  return {
    clock: { now: () => nine + minutes(1) },
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    read: {
      sagemaker: {
        describeEndpoint: async () => ({
          EndpointStatus: 'InService',
          EndpointConfigName: config,
          ProductionVariants: Object.entries(weights).map(([VariantName, CurrentWeight]) => ({
            VariantName,
            CurrentWeight,
            DesiredWeight: CurrentWeight,
            CurrentInstanceCount: count,
            DesiredInstanceCount: count,
          })),
        }),
        describeEndpointConfig: async () => ({
          EndpointConfigName: config,
          ProductionVariants: [
            {
              VariantName: 'AllTraffic',
              ModelName: 'churn-1-0-0',
              InstanceType: 'ml.m5.large',
              InitialInstanceCount: 2,
            },
          ],
        }),
        describeModel: async ({ ModelName }: { readonly ModelName: string }) => ({
          ModelName,
          PrimaryContainer: { Image: 'image' },
        }),
        listInferenceExperiments: async () => ({}),
        listTags: async () => ({}),
      },
      cloudwatch: {
        ...fakeMetrics(did),
        describeAlarms: async () => ({ MetricAlarms: options.alarms ?? [] }),
      },
      autoscaling: { describeScalableTargets: async () => ({}) },
    },
  } as unknown as World;
};
