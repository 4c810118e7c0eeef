import type { Call, Handler, Instant } from '../../contracts.ts';
import type { ContainerDefinition } from './container-definition.ts';
import { type Context, epochSeconds, objectAt, sagemakerArn } from './context.ts';
import { type ModelData, modelDataOf } from './model-data.ts';
import type { ModelPackages } from './model-packages.ts';
import { type ListRequest, list } from './pages.ts';
import { alreadyExists, invalid, notFound } from './refusals.ts';
import type { Tag, Tags } from './tags.ts';

interface CreateInput {
  readonly ModelName: string;
  readonly PrimaryContainer?: ContainerDefinition;
  readonly Containers?: readonly ContainerDefinition[];
  readonly ExecutionRoleArn?: string;
  readonly VpcConfig?: object;
  readonly EnableNetworkIsolation?: boolean;
  readonly InferenceExecutionConfig?: object;
  readonly Tags?: readonly Tag[];
}

export interface Model {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Instant;
  readonly input: CreateInput;
  readonly container: ContainerDefinition;
}

/** The container that a fleet starts: its own members, or those of the model package it names. */
export interface Runnable {
  readonly image: string;
  readonly modelData: ModelData | undefined;
  /** AWS Marketplace products are excluded from deployment guardrails (AWS: "Deployment guardrails: exclusions"). */
  readonly marketplace: boolean;
}

/** Immutable: there is no UpdateModel. */
export const createModels = (context: Context, packages: ModelPackages, tags: Tags) => {
  const models = new Map<string, Model>();
  const arnOf = (name: string): string => sagemakerArn(context, `model/${name}`);

  const find = (name: string): Model => {
    const model = models.get(name);
    if (!model) throw notFound('model', arnOf(name));
    return model;
  };

  const containerOf = (input: CreateInput): ContainerDefinition => {
    const containers = [...(input.PrimaryContainer ? [input.PrimaryContainer] : []), ...(input.Containers ?? [])];
    if (input.PrimaryContainer && input.Containers)
      throw invalid('Both PrimaryContainer and Containers cannot be given.');
    const [container] = containers;
    if (!container) throw invalid('PrimaryContainer or Containers is required.');
    if (containers.length > 1) throw invalid('Inference pipelines are not simulated: give one container.');
    if ((container.Image === undefined) === (container.ModelPackageName === undefined))
      throw invalid('A container needs either Image or ModelPackageName.');
    return container;
  };

  /** "The value must be Approved to deploy the model" (AWS: CreateModelPackage); at which call is [unconfirmed] (§13.7). */
  const refuseUnapproved = (container: ContainerDefinition): void => {
    if (container.ModelPackageName === undefined) return;
    const { arn, state } = packages.find(container.ModelPackageName);
    if (state.ModelApprovalStatus !== 'Approved')
      throw invalid(
        `Model package ${arn} is ${state.ModelApprovalStatus}. The value must be Approved to deploy the model.`,
      );
  };

  const sourceOf = (container: ContainerDefinition): ContainerDefinition & { readonly ProductId?: string } => {
    if (container.ModelPackageName === undefined) return container;
    const [packaged] = packages.find(container.ModelPackageName).state.InferenceSpecification?.Containers ?? [];
    return packaged ?? container;
  };

  /** CreateModel already checks role, image and artifact. Words seen in the field, one source each. */
  const refuseMissing = (role: string | undefined, container: ContainerDefinition): void => {
    // awslabs/predictive-maintenance-using-machine-learning#3.
    if (role !== undefined && !context.roleExists(role))
      throw invalid(
        `Could not assume role ${role}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.`,
      );
    const source = sourceOf(container);
    // aws-samples/easy-amazon-sagemaker-deployments#4.
    if (source.Image !== undefined && context.images.resolve(source.Image) === undefined)
      throw invalid(`Requested image ${source.Image} not found.`);
    const data = modelDataOf(source);
    // aws/aws-step-functions-data-science-sdk-python#61.
    if (data !== undefined && data.form !== 'prefix' && !objectAt(context, data.url))
      throw invalid(`Could not find model data at ${data.url}.`);
  };

  const operations = {
    CreateModel: (input: CreateInput, call: Call) => {
      const name = input.ModelName;
      const arn = arnOf(name);
      if (models.has(name)) throw alreadyExists('model', arn);
      const container = containerOf(input);
      // A missing package is refused here, an unapproved one at the call that the setting names.
      if (container.ModelPackageName !== undefined) packages.find(container.ModelPackageName);
      if (context.kernel.settings.unapprovedRefusedAt === 'CreateModel') refuseUnapproved(container);
      // AWS: troubleshooting guide of the SageMaker Python SDK has these words; the same check on CreateModel is [unconfirmed].
      const roleAccount = input.ExecutionRoleArn?.split(':')[4];
      if (roleAccount !== undefined && roleAccount !== call.principal.accountId)
        throw invalid('Cross-account pass role is not allowed.');
      refuseMissing(input.ExecutionRoleArn, container);
      tags.open(arn, input.Tags);
      models.set(name, { name, arn, createdAt: context.kernel.clock.now(), input, container });
      return { ModelArn: arn };
    },

    DescribeModel: (input: { ModelName: string }) => {
      const model = find(input.ModelName);
      const { Tags: _tags, ...created } = model.input;
      return {
        ...created,
        ModelArn: model.arn,
        CreationTime: epochSeconds(model.createdAt),
        EnableNetworkIsolation: created.EnableNetworkIsolation ?? false,
      };
    },

    /** Nothing counts references: a model that serves can be deleted, and only the next launch notices (§2.1). */
    DeleteModel: (input: { ModelName: string }) => {
      const { arn } = find(input.ModelName);
      models.delete(input.ModelName);
      tags.close(arn);
      return {};
    },

    ListModels: (input: ListRequest) => {
      const { items, next } = list([...models.values()], input, { order: 'Descending' });
      const summary = ({ name, arn, createdAt }: Model) => ({
        ModelName: name,
        ModelArn: arn,
        CreationTime: epochSeconds(createdAt),
      });
      return { Models: items.map(summary), ...next };
    },
  } satisfies Record<string, Handler>;

  const runnable = (name: string): Runnable => {
    const source = sourceOf(find(name).container);
    return { image: source.Image ?? '', modelData: modelDataOf(source), marketplace: source.ProductId !== undefined };
  };

  return {
    operations,
    find,
    runnable,
    refuseUnapproved: (name: string): void => refuseUnapproved(find(name).container),
  };
};
export type Models = ReturnType<typeof createModels>;
