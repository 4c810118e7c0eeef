import type {
  FleetMinute,
  Handler,
  Harm,
  Hosting,
  Images,
  Kernel,
  Metrics,
  Objects,
  Scaling,
  Service,
} from '../../contracts.ts';
import { resourceOf } from '../../request-log.ts';
import { createQueue } from './async-queue.ts';
import type { Context } from './context.ts';
import { createEndpointConfigs } from './endpoint-configs.ts';
import { createEndpoints } from './endpoints.ts';
import { createFleets, instanceType, runningIn } from './fleets.ts';
import { createInferenceComponents } from './inference-components.ts';
import { createInferenceExperiments } from './inference-experiments.ts';
import { createModelPackageGroups, type ModelPackageGroups } from './model-package-groups.ts';
import { createModelPackages } from './model-packages.ts';
import { createModels } from './models.ts';
import { type RegistryFace, strangerIn } from './registry-face.ts';
import { createRouting } from './routing.ts';
import { createTags } from './tags.ts';
import { createTrainingJobs, type TrainingMetric } from './training-jobs.ts';
import { createTransformJobs } from './transform-jobs.ts';

export interface Neighbours {
  readonly metrics: Metrics;
  readonly objects: Objects;
  readonly images: Images;
  /** Whether SageMaker can assume the role. */
  readonly canAssume: Context['canAssume'];
  /** By the policies of a role that SageMaker has assumed. */
  readonly mayDo: Context['mayDo'];
  /** The registry of another account in the same region. */
  readonly registryOf: (accountId: string) => RegistryFace;
  /** Called when it is needed: autoscaling is built on top of hosting. */
  readonly scaling: () => Scaling;
}

/** Hosting as the Runtime, background traffic and reports see it. */
export interface HostingFace extends Hosting {
  /** Many requests at one instant, answers dropped; lost when the endpoint does not serve. */
  drive(endpoint: string, bodies: readonly Buffer[], contentType: string, at: number): void;
  minutes(): readonly FleetMinute[];
}

export interface Sagemaker {
  readonly service: Service;
  readonly hosting: HostingFace;
  readonly registry: RegistryFace;
  readonly harm: Harm;
  /** The last metrics of a training job's log: an output of training, which no create call can carry. */
  reportTraining(job: string, metrics: readonly TrainingMetric[]): void;
}

/** SageMaker's registry and hosting. Timestamps in answers are epoch seconds, as on the wire. */
export const createSagemaker = (kernel: Kernel, neighbours: Neighbours): Sagemaker => {
  const context: Context = { kernel, ...neighbours };
  const tags = createTags();
  const groups = createModelPackageGroups(context, tags);
  const packages = createModelPackages(context, groups);
  const models = createModels(context, packages, tags);
  const configs = createEndpointConfigs(context, models, tags);
  const fleets = createFleets(context, models);
  const endpoints = createEndpoints(context, { models, configs, fleets, tags });
  const components = createInferenceComponents(context, { endpoints, models, tags });
  const experiments = createInferenceExperiments(context, { endpoints, configs, models, tags });
  const trainingJobs = createTrainingJobs(context, tags);
  const transformJobs = createTransformJobs(context, { models, fleets, tags });
  const { dependencyFailure, invokeQueued, ...routing } = createRouting(context, endpoints);
  const enqueue = createQueue(context, { endpoints, models, invokeQueued });

  const shared: Readonly<Record<string, Handler>> = { ...groups.operations, ...packages.operations };

  return {
    registry: { operations: shared, packages, authorize: groups.authorize },
    service: {
      operations: {
        ...shared,
        ...withOtherAccounts(context, groups, shared),
        ...models.operations,
        ...configs.operations,
        ...endpoints.operations,
        ...components.operations,
        ...experiments.operations,
        ...trainingJobs.operations,
        ...transformJobs.operations,
        ...tags.operations,
      },
    },
    hosting: {
      ...routing,
      enqueue,
      scale: endpoints.scale,
      provision: endpoints.provision,
      variant: (name, variantName) => {
        const live = endpoints.get(name)?.live;
        const variant = live?.variants.find((candidate) => candidate.name === variantName);
        const concurrency = variant?.settings.ServerlessConfig?.ProvisionedConcurrency;
        return (
          variant && {
            current: runningIn(variant),
            desired: variant.desired,
            instanceType: instanceType(variant) ?? 'serverless',
            ...(live?.config.input.AsyncInferenceConfig ? { asynchronous: true } : {}),
            ...(concurrency === undefined ? {} : { provisionedConcurrency: concurrency }),
          }
        );
      },
    },
    harm: {
      failCapacity: fleets.failCapacity,
      systemUpdate: endpoints.systemUpdate,
      silentRollback: endpoints.silentRollback,
      ignoreGuardrails: endpoints.ignoreGuardrails,
      dependencyFailure,
    },
    reportTraining: trainingJobs.report,
  };
};

/** The calls that accept the ARN of another account's group or package, and the member with the ARN (reference/sagemaker.md §1.1). */
const acrossAccounts: Readonly<Record<string, string>> = {
  DescribeModelPackageGroup: 'ModelPackageGroupName',
  ListModelPackages: 'ModelPackageGroupName',
  CreateModelPackage: 'ModelPackageGroupName',
  DescribeModelPackage: 'ModelPackageName',
  UpdateModelPackage: 'ModelPackageArn',
};

/** Carries a call out where the group lies, under that group's policy. */
const withOtherAccounts = (
  context: Context,
  groups: ModelPackageGroups,
  operations: Readonly<Record<string, Handler>>,
): Readonly<Record<string, Handler>> =>
  Object.fromEntries(
    Object.entries(acrossAccounts).map(([operation, member]): [string, Handler] => [
      operation,
      (input: Readonly<Record<string, unknown>>, call) => {
        const name = String(input[member] ?? '');
        const stranger = strangerIn(context.kernel, name);
        const place =
          stranger === undefined ? { operations, authorize: groups.authorize } : context.registryOf(stranger);
        const arn = resourceOf(context.kernel, 'sagemaker', operation, input);
        if (call.principal.accessKeyId !== 'driver') place.authorize(call.principal, `sagemaker:${operation}`, arn);
        const handler = place.operations[operation];
        if (handler === undefined) throw new RangeError(`the registry does not serve ${operation}`);
        return handler(input, call);
      },
    ]),
  );
