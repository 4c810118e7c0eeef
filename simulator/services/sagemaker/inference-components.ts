import type { Handler, Instant } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { type Context, epochSeconds, present, sagemakerArn } from './context.ts';
import type { Endpoints } from './endpoints.ts';
import type { Models } from './models.ts';
import { type ListRequest, list } from './pages.ts';
import { alreadyExists, invalid, notFound } from './refusals.ts';
import type { Tag, Tags } from './tags.ts';

interface CreateInput {
  readonly InferenceComponentName: string;
  readonly EndpointName: string;
  readonly VariantName?: string;
  readonly Specification?: {
    readonly ModelName?: string;
    readonly Container?: { readonly Image?: string };
    readonly BaseInferenceComponentName?: string;
    readonly ComputeResourceRequirements?: object;
  };
  readonly Specifications?: readonly object[];
  readonly RuntimeConfig?: { readonly CopyCount: number };
  readonly Tags?: readonly Tag[];
}
interface ListInput extends ListRequest {
  readonly EndpointNameEquals?: string;
  readonly VariantNameEquals?: string;
  readonly StatusEquals?: string;
}
interface Component {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Instant;
  readonly endpoint: string;
  readonly variant: string;
  readonly input: CreateInput;
  status: 'Creating' | 'InService' | 'Deleting';
}

/**
 * The components of endpoints whose variants have no model (reference/sagemaker.md §7.6): created, described, listed and deleted. Their
 * updates and invocations are not simulated. AWS publishes no words for the refusals, so the words are ours where none are named.
 */
export const createInferenceComponents = (
  context: Context,
  { endpoints, models, tags }: { readonly endpoints: Endpoints; readonly models: Models; readonly tags: Tags },
) => {
  const { clock, settings } = context.kernel;
  const components = new Map<string, Component>();
  const arnOf = (name: string): string => sagemakerArn(context, `inference-component/${name}`);
  const find = (name: string): Component => {
    const component = components.get(name);
    if (!component) throw notFound('inference component', arnOf(name));
    return component;
  };

  const variantOf = ({ EndpointName, VariantName }: CreateInput): string => {
    const endpoint = endpoints.get(EndpointName);
    if (!endpoint) throw notFound('endpoint', sagemakerArn(context, `endpoint/${EndpointName}`));
    if (endpoint.status !== 'InService') throw invalid(`Endpoint "${endpoint.arn}" is not InService.`);
    const { variants } = endpoint.live.config;
    const variant = VariantName === undefined ? variants[0] : variants.find((one) => one.VariantName === VariantName);
    if (!variant || (VariantName === undefined && variants.length > 1))
      throw invalid(`VariantName must be one of ${variants.map((one) => one.VariantName).join(', ')}.`);
    if (variant.ModelName !== undefined)
      throw invalid('Inference components are only supported for endpoints whose variants have no ModelName.');
    return variant.VariantName;
  };

  const refuse = ({ Specification, Specifications }: CreateInput): void => {
    if (Specifications !== undefined) throw notSimulated('sagemaker CreateInferenceComponent, member Specifications');
    if (!Specification) throw invalid('Specification is required.');
    const { ModelName, Container, BaseInferenceComponentName: base, ComputeResourceRequirements } = Specification;
    if ((ModelName === undefined) === (Container === undefined))
      throw invalid('A specification needs either ModelName or Container.');
    if (ModelName !== undefined) models.find(ModelName);
    if (base !== undefined) find(base);
    // An adapter shares the resources of its base (AWS: InferenceComponentSpecification).
    if ((base === undefined) === (ComputeResourceRequirements === undefined))
      throw invalid('ComputeResourceRequirements is required, except for an adapter, which has none.');
  };

  const operations = {
    CreateInferenceComponent: (input: CreateInput) => {
      const name = input.InferenceComponentName;
      const arn = arnOf(name);
      if (components.has(name)) throw alreadyExists('inference component', arn);
      const variant = variantOf(input);
      refuse(input);
      tags.open(arn, input.Tags);
      const component: Component = {
        name,
        arn,
        createdAt: clock.now(),
        endpoint: input.EndpointName,
        variant,
        input,
        status: 'Creating',
      };
      components.set(name, component);
      clock.at(clock.now() + settings.containerStartMs, `start of ${name}`, () => {
        component.status = 'InService';
      });
      return { InferenceComponentArn: arn };
    },

    DescribeInferenceComponent: ({ InferenceComponentName }: { InferenceComponentName: string }) => {
      const { name, arn, createdAt, endpoint, variant, input, status } = find(InferenceComponentName);
      const copies = input.RuntimeConfig?.CopyCount ?? 1;
      return present({
        InferenceComponentName: name,
        InferenceComponentArn: arn,
        EndpointName: endpoint,
        EndpointArn: sagemakerArn(context, `endpoint/${endpoint}`),
        VariantName: variant,
        Specification: input.Specification,
        RuntimeConfig: { DesiredCopyCount: copies, CurrentCopyCount: status === 'InService' ? copies : 0 },
        CreationTime: epochSeconds(createdAt),
        LastModifiedTime: epochSeconds(createdAt),
        InferenceComponentStatus: status,
      });
    },

    ListInferenceComponents: (input: ListInput) => {
      const { EndpointNameEquals: endpoint, VariantNameEquals: variant, StatusEquals: status } = input;
      const found = [...components.values()].filter(
        (one) =>
          (endpoint === undefined || one.endpoint === endpoint) &&
          (variant === undefined || one.variant === variant) &&
          (status === undefined || one.status === status),
      );
      const { items, next } = list(found, input, { order: 'Descending' });
      const summary = (one: Component) => ({
        InferenceComponentName: one.name,
        InferenceComponentArn: one.arn,
        EndpointName: one.endpoint,
        EndpointArn: sagemakerArn(context, `endpoint/${one.endpoint}`),
        VariantName: one.variant,
        InferenceComponentStatus: one.status,
        CreationTime: epochSeconds(one.createdAt),
        LastModifiedTime: epochSeconds(one.createdAt),
      });
      return { InferenceComponents: items.map(summary), ...next };
    },

    /** Words seen in the field, hf-cloud-sagemaker (§7.6). */
    DeleteInferenceComponent: ({ InferenceComponentName }: { InferenceComponentName: string }) => {
      const component = find(InferenceComponentName);
      if (component.status !== 'InService')
        throw invalid(
          `Cannot delete inference component ${component.name} while it is in state ${component.status === 'Creating' ? 'CREATE' : 'DELETE'}_IN_PROGRESS`,
        );
      component.status = 'Deleting';
      clock.at(clock.now() + settings.terminateMs, `deletion of ${component.name}`, () => {
        components.delete(component.name);
        tags.close(component.arn);
      });
      return {};
    },
  } satisfies Record<string, Handler>;

  return { operations };
};
