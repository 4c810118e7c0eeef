import type { Simulator } from '../../simulator/contracts.ts';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { minutes } from '../clock.ts';
import type { EndpointKind } from '../release/record.ts';
import { rehearsedTeam as team } from './manifest.ts';

/** A stepped rollout is always our own. */
export type KindOfOthers = Exclude<EndpointKind, 'stepped' | 'shifting'>;

interface Parts {
  /** Of the model; absent: no model. */
  readonly model?: object;
  readonly variants?: readonly object[];
  readonly around?: object;
  /** The rest, once the endpoint is InService. */
  readonly inService?: (call: Call, endpoint: string, model: string) => Promise<unknown>;
}
type Call = (operation: string, input: object) => Promise<unknown>;

const role = `arn:aws:iam::${team.account}:role/iris-serving`;
const prefix = `s3://${team.bucket}/others/`;
const container = { Image: team.image, ModelDataUrl: `${prefix}model.tar.gz` };
const one = { PrimaryContainer: container };
const two = {
  Containers: ['clean', 'predict'].map((ContainerHostname) => ({ ...container, ContainerHostname })),
};
const onInstances = { InstanceType: 'ml.m5.large', InitialInstanceCount: 1 };
const variant = { VariantName: 'main', ...onInstances };
const queue = { AsyncInferenceConfig: { OutputConfig: { S3OutputPath: `s3://${team.bucket}/answers` } } };

/** Each kind as the console, a template or another tool makes it. */
const parts: Readonly<Record<KindOfOthers, Parts>> = {
  instances: { model: one },
  serverless: {
    model: one,
    variants: [{ VariantName: 'main', ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 20 } }],
  },
  asynchronous: { model: one, around: queue },
  serial: { model: two },
  'asynchronous-serial': { model: two, around: queue },
  direct: { model: { ...two, InferenceExecutionConfig: { Mode: 'Direct' } } },
  'multi-model': { model: { PrimaryContainer: { Image: team.image, Mode: 'MultiModel', ModelDataUrl: prefix } } },
  'several-variants': { model: one, variants: [variant, { ...variant, VariantName: 'other' }] },
  shadowed: { model: one, around: { ShadowProductionVariants: [{ ...variant, VariantName: 'shadow' }] } },
  experiment: {
    model: one,
    inService: (call, endpoint, ModelName) =>
      call('CreateInferenceExperiment', {
        Name: `${endpoint}-test`,
        Type: 'ShadowMode',
        RoleArn: role,
        EndpointName: endpoint,
        ModelVariants: ['main', 'shadow'].map((VariantName) => ({
          ModelName,
          VariantName,
          InfrastructureConfig: {
            InfrastructureType: 'RealTimeInference',
            RealTimeInferenceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
          },
        })),
        ShadowModeConfig: {
          SourceModelVariantName: 'main',
          ShadowModelVariants: [{ ShadowModelVariantName: 'shadow', SamplingPercentage: 50 }],
        },
      }),
  },
  pooled: {
    model: one,
    variants: [
      {
        VariantName: 'main',
        InitialInstanceCount: 1,
        InstancePools: ['ml.m5.large', 'ml.m5.xlarge'].map((InstanceType, index) => ({
          InstanceType,
          Priority: index + 1,
        })),
      },
    ],
  },
  'inference-components': {
    around: { ExecutionRoleArn: role },
    inService: (call, EndpointName) =>
      call('CreateInferenceComponent', {
        InferenceComponentName: `${EndpointName}-base`,
        EndpointName,
        VariantName: 'main',
        Specification: {
          Container: { Image: team.image, ArtifactUrl: container.ModelDataUrl },
          ComputeResourceRequirements: { MinMemoryRequiredInMb: 1024, NumberOfCpuCoresRequired: 1 },
        },
        RuntimeConfig: { CopyCount: 1 },
      }),
  },
};

/** Makes an endpoint of this kind, and lets it come into service. */
export const makeForOthers = async (
  { simulator, until }: { readonly simulator: Simulator; until(instant: number): Promise<unknown> },
  kind: KindOfOthers,
  endpoint: string,
): Promise<void> => {
  const call: Call = (operation, input) => simulator.call('sagemaker', operation, input);
  const { model, variants = [variant], around = {}, inService } = parts[kind];
  const ModelName = `${endpoint}-model`;
  simulator.objects.put(team.bucket, 'others/model.tar.gz', irisFixture('1.0.0').artifact);
  if (model !== undefined) await call('CreateModel', { ModelName, ExecutionRoleArn: role, ...model });
  const named = (given: object): object => (model === undefined ? given : { ModelName, ...given });
  const { ShadowProductionVariants: shadows } = around as { readonly ShadowProductionVariants?: readonly object[] };
  await call('CreateEndpointConfig', {
    EndpointConfigName: `${endpoint}-config`,
    ...around,
    ProductionVariants: variants.map(named),
    ...(shadows ? { ShadowProductionVariants: shadows.map(named) } : {}),
  });
  await call('CreateEndpoint', { EndpointName: endpoint, EndpointConfigName: `${endpoint}-config` });
  await until(simulator.clock.now() + minutes(10));
  if (inService === undefined) return;
  await inService(call, endpoint, ModelName);
  await until(simulator.clock.now() + minutes(10));
};
