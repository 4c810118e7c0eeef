import { AwsError, type Handler, type Instant } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { type Context, epochSeconds, present, sagemakerArn } from './context.ts';
import { settled } from './endpoint.ts';
import type { EndpointConfigs } from './endpoint-configs.ts';
import type { Endpoints } from './endpoints.ts';
import type { Models } from './models.ts';
import { type ListRequest, list } from './pages.ts';
import { conflict, invalid } from './refusals.ts';
import type { Tag, Tags } from './tags.ts';

interface Variant {
  readonly ModelName: string;
  readonly VariantName: string;
  readonly InfrastructureConfig: {
    readonly RealTimeInferenceConfig: { readonly InstanceType: string; readonly InstanceCount: number };
  };
}
interface CreateInput {
  readonly Name: string;
  readonly Type: 'ShadowMode';
  readonly RoleArn: string;
  readonly EndpointName: string;
  readonly ModelVariants: readonly Variant[];
  readonly ShadowModeConfig: {
    readonly SourceModelVariantName: string;
    readonly ShadowModelVariants: readonly {
      readonly ShadowModelVariantName: string;
      readonly SamplingPercentage: number;
    }[];
  };
  readonly Schedule?: { readonly StartTime?: number; readonly EndTime?: number };
  readonly Description?: string;
  readonly Tags?: readonly Tag[];
}
interface StopInput {
  readonly Name: string;
  readonly ModelVariantActions: Readonly<Record<string, 'Retain' | 'Remove' | 'Promote'>>;
  readonly DesiredState?: 'Completed' | 'Cancelled';
  readonly Reason?: string;
}
interface ListInput extends ListRequest {
  readonly StatusEquals?: string;
  readonly Type?: string;
}
interface Experiment {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Instant;
  readonly input: CreateInput;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  status: 'Created' | 'Starting' | 'Running' | 'Stopping' | 'Completed' | 'Cancelled';
  reason?: string;
  /** The config from before it, to which its end reverts the endpoint. */
  home?: string;
}

const day = 24 * 3_600_000;
/** How often it looks whether its update of the endpoint has ended; AWS publishes no figure. */
const lookMs = 30_000;

/**
 * Shadow tests by SageMaker itself (reference/breadth.md §2): from its start an experiment updates its endpoint to a config with a shadow
 * variant, and at its end back to the config before it. AWS publishes no words for the refusals: the words are ours.
 */
export const createInferenceExperiments = (
  context: Context,
  {
    endpoints,
    configs,
    models,
    tags,
  }: {
    readonly endpoints: Endpoints;
    readonly configs: EndpointConfigs;
    readonly models: Models;
    readonly tags: Tags;
  },
) => {
  const { clock, settings } = context.kernel;
  const experiments = new Map<string, Experiment>();
  const arnOf = (name: string): string => sagemakerArn(context, `inference-experiment/${name}`);
  const find = (name: string): Experiment => {
    const experiment = experiments.get(name);
    if (!experiment) throw new AwsError('ResourceNotFound', `Could not find inference experiment "${arnOf(name)}".`);
    return experiment;
  };
  const isOver = ({ status }: Experiment): boolean => status === 'Completed' || status === 'Cancelled';

  const refuse = (input: CreateInput): void => {
    const { EndpointName, ModelVariants: all, ShadowModeConfig } = input;
    const endpoint = endpoints.get(EndpointName);
    if (!endpoint) throw invalid(`Could not find endpoint "${sagemakerArn(context, `endpoint/${EndpointName}`)}".`);
    if (!context.canAssume(input.RoleArn)) throw invalid(`Could not assume role ${input.RoleArn}.`);
    const { variants } = endpoint.live.config;
    if (variants.length !== 1 || variants[0]?.VariantName !== ShadowModeConfig.SourceModelVariantName)
      throw invalid('An experiment needs an endpoint with one production variant, which is its source.');
    const names = all.map(({ VariantName }) => VariantName);
    const shadow = ShadowModeConfig.ShadowModelVariants[0]?.ShadowModelVariantName ?? '';
    if (all.length !== 2 || !names.includes(shadow) || !names.includes(ShadowModeConfig.SourceModelVariantName))
      throw invalid('ModelVariants must be the source and the shadow variant.');
    for (const { ModelName } of all) models.find(ModelName);
    if ([...experiments.values()].some((one) => one.input.EndpointName === EndpointName && !isOver(one)))
      throw new AwsError('ResourceInUse', `Endpoint ${EndpointName} has an inference experiment already.`);
  };

  /** Tries an update until the endpoint accepts it, then waits for its end. */
  const updateTo = (experiment: Experiment, config: string, done: () => void): void => {
    const { EndpointName } = experiment.input;
    const again = (step: () => void): void =>
      void clock.at(clock.now() + lookMs, `experiment ${experiment.name}`, step);
    const arrived = (): void => {
      const endpoint = endpoints.get(EndpointName);
      if (!endpoint || (settled(endpoint) && endpoint.live.config.name === config)) done();
      else again(arrived);
    };
    const submit = (): void => {
      try {
        endpoints.operations.UpdateEndpoint({
          EndpointName,
          EndpointConfigName: config,
          RetainAllVariantProperties: true,
        });
        again(arrived);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        // There is no status Failed: the reason is all that shows (AWS: DescribeInferenceExperiment).
        experiment.reason = error.message;
        if (endpoints.get(EndpointName)) again(submit);
        else done();
      }
    };
    submit();
  };

  const start = (experiment: Experiment): void => {
    if (experiment.status !== 'Created') return;
    const { input, name } = experiment;
    const endpoint = endpoints.get(input.EndpointName);
    const [shadowed] = input.ShadowModeConfig.ShadowModelVariants;
    const shadow = input.ModelVariants.find(({ VariantName }) => VariantName === shadowed?.ShadowModelVariantName);
    const [source] = endpoint?.live.config.variants ?? [];
    if (!endpoint || !shadow || !shadowed || !source) {
      experiment.status = 'Cancelled';
      experiment.reason = 'The endpoint does not exist.';
      return;
    }
    experiment.status = 'Starting';
    experiment.home = endpoint.live.config.name;
    const { InstanceType, InstanceCount } = shadow.InfrastructureConfig.RealTimeInferenceConfig;
    const { Tags: _tags, ...served } = endpoint.live.config.input;
    const EndpointConfigName = `${name}-with-shadow`;
    configs.operations.CreateEndpointConfig({
      ...served,
      EndpointConfigName,
      ShadowProductionVariants: [
        {
          VariantName: shadow.VariantName,
          ModelName: shadow.ModelName,
          InstanceType,
          InitialInstanceCount: InstanceCount,
          InitialVariantWeight: ((source.InitialVariantWeight ?? 1) * shadowed.SamplingPercentage) / 100,
        },
      ],
    });
    clock.at(clock.now() + settings.configVisibleAfterMs, `experiment ${name} starts`, () =>
      updateTo(experiment, EndpointConfigName, () => {
        if (experiment.status === 'Starting') experiment.status = 'Running';
      }),
    );
  };

  const stop = (experiment: Experiment, end: 'Completed' | 'Cancelled'): void => {
    const { home } = experiment;
    if (home === undefined) {
      experiment.status = end;
      return;
    }
    experiment.status = 'Stopping';
    updateTo(experiment, home, () => {
      experiment.status = end;
    });
  };

  const operations = {
    CreateInferenceExperiment: (input: CreateInput) => {
      const name = input.Name;
      const arn = arnOf(name);
      if (experiments.has(name)) throw conflict(`Inference experiment "${arn}" already exists.`);
      refuse(input);
      tags.open(arn, input.Tags);
      const now = clock.now();
      const startsAt = (input.Schedule?.StartTime ?? 0) * 1000 || now;
      // Seven days by default (AWS: "Create a shadow test").
      const endsAt = (input.Schedule?.EndTime ?? 0) * 1000 || startsAt + 7 * day;
      const experiment: Experiment = { name, arn, createdAt: now, input, startsAt, endsAt, status: 'Created' };
      experiments.set(name, experiment);
      clock.at(Math.max(now, startsAt), `experiment ${name} starts`, () => start(experiment));
      clock.at(endsAt, `experiment ${name} ends`, () => {
        if (experiment.status === 'Running' || experiment.status === 'Created') stop(experiment, 'Completed');
      });
      return { InferenceExperimentArn: arn };
    },

    DescribeInferenceExperiment: ({ Name }: { Name: string }) => {
      const { name, arn, createdAt, input, status, reason, startsAt, endsAt } = find(Name);
      const endpoint = endpoints.get(input.EndpointName);
      return present({
        Name: name,
        Arn: arn,
        Type: input.Type,
        Schedule: { StartTime: epochSeconds(startsAt), EndTime: epochSeconds(endsAt) },
        Status: status,
        StatusReason: reason,
        Description: input.Description,
        CreationTime: epochSeconds(createdAt),
        RoleArn: input.RoleArn,
        EndpointMetadata: present({
          EndpointName: input.EndpointName,
          EndpointConfigName: endpoint?.live.config.name,
          EndpointStatus: endpoint?.status,
        }),
        ModelVariants: input.ModelVariants.map((variant) => ({
          ...variant,
          Status: status === 'Running' ? 'InService' : status === 'Created' ? 'Creating' : 'Updating',
        })),
        ShadowModeConfig: input.ShadowModeConfig,
      });
    },

    ListInferenceExperiments: (input: ListInput) => {
      const found = [...experiments.values()].filter(
        ({ status, input: { Type } }) => (input.StatusEquals ?? status) === status && (input.Type ?? Type) === Type,
      );
      const key = (one: Experiment): string => (input.SortBy === 'Status' ? one.status : one.name);
      const { items, next } = list(found, input, { order: 'Descending', key });
      const summary = ({ name, input: { Type, RoleArn }, status, createdAt }: Experiment) => ({
        Name: name,
        Type,
        Status: status,
        CreationTime: epochSeconds(createdAt),
        LastModifiedTime: epochSeconds(createdAt),
        RoleArn,
      });
      return { InferenceExperiments: items.map(summary), ...next };
    },

    StopInferenceExperiment: (input: StopInput) => {
      const experiment = find(input.Name);
      if (isOver(experiment) || experiment.status === 'Starting' || experiment.status === 'Stopping')
        throw conflict(`Inference experiment "${experiment.arn}" is ${experiment.status}.`);
      if (Object.values(input.ModelVariantActions).includes('Promote'))
        throw notSimulated('the promotion of a shadow variant');
      if (input.Reason !== undefined) experiment.reason = input.Reason;
      // Ended early it shows Cancelled, unless the caller wants Completed (AWS: StopInferenceExperiment, DesiredState).
      stop(experiment, input.DesiredState ?? 'Cancelled');
      return { InferenceExperimentArn: experiment.arn };
    },

    /** Only its metadata: neither endpoint nor variants (AWS: DeleteInferenceExperiment). */
    DeleteInferenceExperiment: ({ Name }: { Name: string }) => {
      const experiment = find(Name);
      if (!isOver(experiment) && experiment.status !== 'Created')
        throw conflict(`Inference experiment "${experiment.arn}" is ${experiment.status}.`);
      experiment.status = 'Cancelled';
      experiments.delete(Name);
      tags.close(experiment.arn);
      return { InferenceExperimentArn: experiment.arn };
    },
  } satisfies Record<string, Handler>;

  return { operations };
};
