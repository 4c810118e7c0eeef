import type {
  FleetMinute,
  Harm,
  Hosting,
  Images,
  Kernel,
  Metrics,
  Objects,
  Scaling,
  Service,
} from '../../contracts.ts';
import type { Context } from './context.ts';
import { createEndpointConfigs } from './endpoint-configs.ts';
import { createEndpoints } from './endpoints.ts';
import { createFleets, instanceType } from './fleets.ts';
import { createInferenceComponents } from './inference-components.ts';
import { createInferenceExperiments } from './inference-experiments.ts';
import { createModelPackageGroups } from './model-package-groups.ts';
import { createModelPackages } from './model-packages.ts';
import { createModels } from './models.ts';
import { createRouting } from './routing.ts';
import { createTags } from './tags.ts';
import { createTrainingJobs, type TrainingMetric } from './training-jobs.ts';

export interface Neighbours {
  readonly metrics: Metrics;
  readonly objects: Objects;
  readonly images: Images;
  /** Whether SageMaker can assume the role. */
  readonly roleExists: (arn: string) => boolean;
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
  const { dependencyFailure, ...routing } = createRouting(context, endpoints);

  return {
    service: {
      operations: {
        ...groups.operations,
        ...packages.operations,
        ...models.operations,
        ...configs.operations,
        ...endpoints.operations,
        ...components.operations,
        ...experiments.operations,
        ...trainingJobs.operations,
        ...tags.operations,
      },
    },
    hosting: {
      ...routing,
      scale: endpoints.scale,
      variant: (name, variantName) => {
        const variant = endpoints.get(name)?.live.variants.find((candidate) => candidate.name === variantName);
        return (
          variant && {
            current: variant.instances,
            desired: variant.desired,
            instanceType: instanceType(variant) ?? 'serverless',
          }
        );
      },
    },
    harm: {
      failCapacity: fleets.failCapacity,
      systemUpdate: endpoints.systemUpdate,
      silentRollback: endpoints.silentRollback,
      dependencyFailure,
    },
    reportTraining: trainingJobs.report,
  };
};
