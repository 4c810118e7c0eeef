import { digest } from '../digest.ts';
import { type Content, packageOfModel } from '../endpoint/look.ts';
import type { LiveEndpoint } from '../endpoint/observe.ts';
import { canonicalOf } from '../endpoint/variants.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** The variant that serves, and the digest of its content. */
export interface Served {
  readonly variant: string;
  readonly model: string;
  /** Hex; of containers and running images. Names of models and configs do not count: the same content has the same digest. */
  readonly content: string;
}

/** The facts of a look (src/endpoint/look.ts) that a baseline is known by. */
export interface Serving extends Content {
  readonly live: LiveEndpoint;
}

/** @returns undefined when nothing serves, or when the config or the model of the variant was deleted */
export const servedIn = (look: Serving | undefined): Served | undefined => {
  const variant = look && canonicalOf(look.live);
  return variant === undefined ? undefined : contentOfVariant(look, variant);
};

/** ARN of the package whose model serves; undefined where nothing serves, or a model without a package. */
export const servedPackage = (look: Serving | undefined): string | undefined => {
  const model = look?.models.get(servedIn(look)?.model ?? '');
  return model && packageOfModel(model);
};

/** As `servedIn`, for a variant by its name. */
export const contentOfVariant = (look: Serving | undefined, name: string): Served | undefined => {
  const model = look?.config?.ProductionVariants?.find(({ VariantName }) => VariantName === name)?.ModelName;
  const described = model === undefined ? undefined : look?.models.get(model);
  if (look === undefined || model === undefined || described === undefined) return undefined;
  const { PrimaryContainer, Containers, InferenceExecutionConfig } = described;
  const images = look.live.variants.find((variant) => variant.name === name)?.imageDigests ?? [];
  return {
    variant: name,
    model,
    content: digest(withoutUndefined({ PrimaryContainer, Containers, InferenceExecutionConfig, images })),
  };
};
