import type { Call, Handler, Instant } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import type { ContainerDefinition } from './container-definition.ts';
import { assumed, type Context, epochSeconds, objectAt, placeAt, sagemakerArn } from './context.ts';
import { type ModelData, modelDataOf } from './model-data.ts';
import type { ModelPackages } from './model-packages.ts';
import { type ListRequest, list } from './pages.ts';
import { alreadyExists, inaccessibleImage, inaccessibleModelData, invalid, notFound, otherRegion } from './refusals.ts';
import { type PackageFace, strangerIn } from './registry-face.ts';
import type { Tag, Tags } from './tags.ts';

interface CreateInput {
  readonly ModelName: string;
  readonly PrimaryContainer?: ContainerDefinition;
  readonly Containers?: readonly ContainerDefinition[];
  readonly ExecutionRoleArn?: string;
  readonly VpcConfig?: object;
  readonly EnableNetworkIsolation?: boolean;
  readonly InferenceExecutionConfig?: { readonly Mode: 'Serial' | 'Direct' };
  readonly Tags?: readonly Tag[];
}

export interface Model {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Instant;
  readonly input: CreateInput;
  /** In the order in which a request passes through them. */
  readonly containers: readonly ContainerDefinition[];
}

/** The container that a fleet starts: its own members, or those of the model package it names. */
export interface Runnable {
  readonly hostname: string | undefined;
  readonly image: string;
  readonly modelData: ModelData | undefined;
  /** SageMaker pulls the image and reads the data as this role. */
  readonly role: string | undefined;
  /** The package that the model was made of. */
  readonly modelPackage: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Its data is a prefix, and each call names an object below it (AWS: ContainerDefinition, Mode). */
  readonly multiModel: boolean;
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

  const packageOf = (name: string): PackageFace => {
    const stranger = strangerIn(context.kernel, name);
    return (stranger === undefined ? packages : context.registryOf(stranger).packages).find(name);
  };

  /** A package of another account needs that group's consent (AWS: "Cross-account support", which lists CreateModel). */
  const authorize = (name: string, call: Call): void => {
    const stranger = strangerIn(context.kernel, name);
    if (stranger !== undefined) context.registryOf(stranger).authorize(call.principal, 'sagemaker:CreateModel', name);
  };

  const containersOf = (input: CreateInput): readonly ContainerDefinition[] => {
    if (input.PrimaryContainer && input.Containers)
      throw invalid('Both PrimaryContainer and Containers cannot be given.');
    const containers = input.PrimaryContainer ? [input.PrimaryContainer] : (input.Containers ?? []);
    if (containers.length === 0) throw invalid('PrimaryContainer or Containers is required.');
    for (const container of containers) {
      if ((container.Image === undefined) === (container.ModelPackageName === undefined))
        throw invalid('A container needs either Image or ModelPackageName.');
      if (container.Mode === 'MultiModel' && container.ModelDataUrl === undefined)
        throw invalid('A container with Mode MultiModel needs the prefix of its models as ModelDataUrl.');
    }
    refuseTogether(input, containers);
    return containers;
  };

  /** The rules for several containers (AWS: CreateModel, ContainerHostname; "Create a multi-container endpoint"). The words are ours. */
  const refuseTogether = ({ InferenceExecutionConfig }: CreateInput, all: readonly ContainerDefinition[]): void => {
    const names = all.flatMap(({ ContainerHostname }) => ContainerHostname ?? []);
    if (all.length > 1 && names.length > 0 && names.length < all.length)
      throw invalid('ContainerHostname must be given for all containers or for none.');
    if (new Set(names).size !== names.length) throw invalid('ContainerHostname must be unique within a model.');
    // Only one of them may host many models (AWS: "Host multiple models in one container behind one endpoint").
    if (all.filter(({ Mode }) => Mode === 'MultiModel').length > 1)
      throw invalid('Only one container of a model can have Mode MultiModel.');
    if (InferenceExecutionConfig?.Mode === 'Direct' && names.length < all.length)
      throw invalid('Every container needs a ContainerHostname when InferenceExecutionConfig.Mode is Direct.');
  };

  /** "The value must be Approved to deploy the model" (AWS: CreateModelPackage); at which call is [unconfirmed] (§13.7). */
  const refuseUnapproved = (container: ContainerDefinition): void => {
    if (container.ModelPackageName === undefined) return;
    const { arn, state } = packageOf(container.ModelPackageName);
    if (state.ModelApprovalStatus !== 'Approved')
      throw invalid(
        `Model package ${arn} is ${state.ModelApprovalStatus}. The value must be Approved to deploy the model.`,
      );
  };

  /** The containers that run for one of a model: itself, or those of the package it names. */
  const sourcesOf = (
    container: ContainerDefinition,
  ): readonly (ContainerDefinition & { readonly ProductId?: string })[] => {
    if (container.ModelPackageName === undefined) return [container];
    const packaged = packageOf(container.ModelPackageName).state.InferenceSpecification?.Containers ?? [];
    if (packaged.length === 0) return [container];
    return context.kernel.settings.packageContainersRun === 'first' ? packaged.slice(0, 1) : packaged;
  };

  /** CreateModel already checks role, image and artifact. Words seen in the field, one source each. */
  const refuseMissing = (role: string | undefined, container: ContainerDefinition): void => {
    for (const source of sourcesOf(container)) refuseMissingOf(role, source, container.Mode === 'MultiModel');
  };

  const refuseMissingOf = (role: string | undefined, source: ContainerDefinition, multiModel: boolean): void => {
    // awslabs/predictive-maintenance-using-machine-learning#3.
    if (role !== undefined && !context.canAssume(role))
      throw invalid(
        `Could not assume role ${role}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.`,
      );
    const { region } = context.kernel;
    const imageRegion = /^\d{12}\.dkr\.ecr\.([a-z0-9-]+)\./.exec(source.Image ?? '')?.[1];
    if (source.Image !== undefined && imageRegion !== undefined && imageRegion !== region)
      throw otherRegion(source.Image, region);
    // aws-samples/easy-amazon-sagemaker-deployments#4.
    if (source.Image !== undefined && context.images.resolve(source.Image) === undefined)
      throw invalid(`Requested image ${source.Image} not found.`);
    const data = modelDataOf(source);
    const prefix = data?.form === 'prefix' || multiModel;
    // API, ModelDataUrl: `(https|s3)://([^/]+)/?(.*)`.
    if (data !== undefined && !data.url.startsWith('s3://'))
      throw notSimulated(`model data at ${data.url}, no s3:// URI`);
    // aws/aws-step-functions-data-science-sdk-python#61.
    if (data !== undefined && !prefix && !objectAt(context, data.url))
      throw invalid(`Could not find model data at ${data.url}.`);
    if (role === undefined) return;
    const principal = assumed(context, role);
    // A role without permission to pull is noticed by the next launch (aws/amazon-sagemaker-examples#275).
    if (source.Image !== undefined && context.images.pullRefusedBy(principal, source.Image) === 'repository')
      throw inaccessibleImage(source.Image);
    const place = data && placeAt(data.url);
    if (data === undefined || place === undefined) return;
    const { objects } = context;
    // API, ContainerDefinition, ModelDataUrl: the bucket must be in the region of the model.
    const here = [undefined, region].includes(objects.regionOf(place.bucket));
    const readable = prefix
      ? objects.mayList(principal, place.bucket)
      : objects.mayRead(principal, place.bucket, place.key);
    if (!here || !readable) throw inaccessibleModelData(data.url, role, region);
  };

  const operations = {
    CreateModel: (input: CreateInput, call: Call) => {
      const name = input.ModelName;
      const arn = arnOf(name);
      if (models.has(name)) throw alreadyExists('model', arn);
      const containers = containersOf(input);
      for (const container of containers) {
        // A missing package is refused here, an unapproved one at the call that the setting names.
        if (container.ModelPackageName !== undefined) {
          authorize(container.ModelPackageName, call);
          packageOf(container.ModelPackageName);
        }
        if (context.kernel.settings.unapprovedRefusedAt === 'CreateModel') refuseUnapproved(container);
      }
      // AWS: troubleshooting guide of the SageMaker Python SDK has these words; the same check on CreateModel is [unconfirmed].
      const roleAccount = input.ExecutionRoleArn?.split(':')[4];
      if (roleAccount !== undefined && roleAccount !== call.principal.accountId)
        throw invalid('Cross-account pass role is not allowed.');
      for (const container of containers) refuseMissing(input.ExecutionRoleArn, container);
      tags.open(arn, input.Tags);
      models.set(name, { name, arn, createdAt: context.kernel.clock.now(), input, containers });
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

  const runnable = (name: string): readonly Runnable[] =>
    find(name).containers.flatMap((container) =>
      sourcesOf(container).map((source) => ({
        hostname: container.ContainerHostname ?? source.ContainerHostname,
        image: source.Image ?? '',
        modelData: modelDataOf(source),
        role: find(name).input.ExecutionRoleArn,
        modelPackage: container.ModelPackageName,
        environment: { ...source.Environment, ...container.Environment },
        multiModel: container.Mode === 'MultiModel',
        marketplace: source.ProductId !== undefined,
      })),
    );

  return {
    operations,
    find,
    runnable,
    isDirect: (name: string): boolean => find(name).input.InferenceExecutionConfig?.Mode === 'Direct',
    refuseUnapproved: (name: string): void => {
      for (const container of find(name).containers) refuseUnapproved(container);
    },
  };
};
export type Models = ReturnType<typeof createModels>;
