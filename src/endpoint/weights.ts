import { type World, writesOf } from '../world.ts';
import type { LiveEndpoint } from './observe.ts';

/** The candidate's share of the weights in SageMaker's report; 0 when no variant has weight. */
export const shareOf = (live: LiveEndpoint, candidate: string): number => {
  const sum = live.variants.reduce((total, { weight }) => total + weight, 0);
  return sum === 0 ? 0 : (live.variants.find(({ name }) => name === candidate)?.weight ?? 0) / sum;
};

interface OnEndpoint {
  readonly world: World;
  readonly endpoint: string;
}

/** One call moves both weights (AWS: UpdateEndpointWeightsAndCapacities); a repeated call changes nothing. */
export const setShare = async (
  { world, endpoint }: OnEndpoint,
  baseline: string,
  candidate: string,
  share: number,
): Promise<void> => {
  await writesOf(world).sagemaker.updateEndpointWeightsAndCapacities({
    EndpointName: endpoint,
    DesiredWeightsAndCapacities: [
      { VariantName: baseline, DesiredWeight: 1 - share },
      { VariantName: candidate, DesiredWeight: share },
    ],
  });
};

/** Capacity comes before weight, and one call may change the capacity of one variant only (AWS: same). */
export const setCount = async ({ world, endpoint }: OnEndpoint, variant: string, count: number): Promise<void> => {
  await writesOf(world).sagemaker.updateEndpointWeightsAndCapacities({
    EndpointName: endpoint,
    DesiredWeightsAndCapacities: [{ VariantName: variant, DesiredInstanceCount: count }],
  });
};
