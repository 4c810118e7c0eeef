import type { CreateEndpointConfigInput, DescribeEndpointConfigOutput } from '../aws/sagemaker.ts';
import type { Beside, Configuration, ReleaseRecord } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Desired } from './desired.ts';
import { contentName } from './names.ts';
import type { LiveEndpoint } from './observe.ts';

type Variant = NonNullable<CreateEndpointConfigInput['ProductionVariants']>[number];

/** DESIGN §5: the candidate beside the canonical variant. */
export const candidateVariant = (canonical: string): string => `${canonical.slice(0, 58)}-next`;

/** The serving variant: of two, the one that is not the candidate's. */
export const canonicalOf = (live: LiveEndpoint): string | undefined =>
  live.variants.find(({ name }) => !live.variants.some((other) => candidateVariant(other.name) === name))?.name;

/** Whether the former variant has all of the traffic. */
export const servesCanonical = (live: LiveEndpoint): boolean => {
  const canonical = canonicalOf(live);
  return live.variants.every(({ name, weight }) => (name === canonical ? weight > 0 : weight === 0));
};

/** The candidate beside the variant that serves. */
export interface Candidate {
  readonly version: string;
  readonly configuration: Configuration;
  readonly beside: Beside;
}

/** The candidate of a stepped rollout that has ended, or not begun to shift: it has no traffic. */
export const leftBehind = (live: LiveEndpoint, record: ReleaseRecord): Candidate | undefined => {
  if (live.variants.length !== 2) return undefined;
  const canonical = canonicalOf(live);
  const idle = live.variants.find(({ name }) => name !== canonical);
  if (canonical === undefined || idle === undefined || idle.weight !== 0 || idle.desiredWeight !== 0) return undefined;
  return candidateOf(live, record);
};

/** The candidate of the serving config, whatever its traffic. */
export const candidateOf = ({ endpointConfig }: LiveEndpoint, record: ReleaseRecord): Candidate | undefined => {
  const made = record.ended.find(({ candidate }) => candidate.endpointConfig === endpointConfig);
  const beside = made?.candidate.beside;
  return made && beside && { version: made.version, configuration: made.candidate, beside };
};

/** A configuration without the candidate beside it. */
export const alone = ({ beside, ...configuration }: Configuration): Configuration =>
  beside ? { ...configuration, endpointConfig: beside.baseline } : configuration;

/**
 * The config that starts a candidate dark: the serving variant, unchanged, and the candidate beside it at full size with weight 0.
 * @param serving the live config, as DescribeEndpointConfig returns it
 * @param alone the candidate's final config
 * @param count instances that serve now: the candidate must have the capacity for all of the traffic
 */
export const darkConfig = (
  endpoint: string,
  version: string,
  serving: DescribeEndpointConfigOutput,
  canonical: string,
  alone: Desired['config'],
  count: number,
  attempt: number,
): Desired['config'] => {
  const kept = serving.ProductionVariants?.find(({ VariantName }) => VariantName === canonical);
  const [candidate] = alone.ProductionVariants ?? [];
  if (kept === undefined || candidate === undefined)
    throw new Error(`${serving.EndpointConfigName} has no variant ${canonical}`);
  const variants: readonly Variant[] = [
    { ...kept, InitialInstanceCount: count, InitialVariantWeight: 1 },
    { ...candidate, VariantName: candidateVariant(canonical), InitialInstanceCount: count, InitialVariantWeight: 0 },
  ];
  const { EndpointConfigName: _name, ProductionVariants: _variants, Tags, ...around } = alone;
  const content = { ...around, ProductionVariants: [...variants] };
  return {
    EndpointConfigName: contentName(endpoint, version, content, attempt),
    ...content,
    ...withoutUndefined({ Tags }),
  };
};
