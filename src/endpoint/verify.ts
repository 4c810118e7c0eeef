import type { Configuration, Release } from '../release/record.ts';
import type { LiveEndpoint } from './observe.ts';

/**
 * Rule 1: an update succeeded when the endpoint is InService **and** its configuration is ours **and** nothing is pending **and**
 * weights and instance counts have arrived **and** the running image is the registered image.
 * @param runs the variant that runs the wanted model; a variant beside it runs another
 * @returns the differences from the wanted configuration, one phrase each; empty = verified
 */
export const mismatches = (live: LiveEndpoint, wanted: Configuration, runs: string): readonly string[] => [
  ...(live.status === 'InService' ? [] : [`status is ${live.status}`]),
  ...(live.endpointConfig === wanted.endpointConfig
    ? []
    : [`configuration is ${live.endpointConfig}, not ${wanted.endpointConfig}`]),
  ...(live.pending === undefined ? [] : [`an update to ${live.pending.endpointConfig} is pending`]),
  ...(live.variants.length > 0 ? [] : ['no variant serves']),
  ...live.variants.flatMap((variant) => [
    ...(Math.abs(share(live, variant.weight) - share(live, variant.desiredWeight, 'desiredWeight')) <= 0.001
      ? []
      : [`variant ${variant.name} has weight ${variant.weight}, not ${variant.desiredWeight}`]),
    ...(variant.current === variant.desired
      ? []
      : [`variant ${variant.name} has ${variant.current} of ${variant.desired} instances`]),
    // SageMaker may not report images for every kind of container; a reported image must be ours.
    ...(variant.name !== runs || variant.imageDigests.length === 0 || runsImages(variant.imageDigests, wanted)
      ? []
      : [
          `variant ${variant.name} runs image ${variant.imageDigests.join(', ')}, not ${(wanted.imageDigests ?? [wanted.imageDigest]).join(', ')}`,
        ]),
  ]),
];

/** Of several containers each runs its registered image, and no other one runs; that AWS keeps their order is [unconfirmed]. */
const runsImages = (running: readonly string[], { imageDigest, imageDigests }: Configuration): boolean =>
  imageDigests === undefined
    ? imageDigest === undefined || running.includes(imageDigest)
    : running.toSorted().join() === imageDigests.toSorted().join();

/** `mismatches` of a release whose update arrived: the candidate's configuration, on the submitted variant. */
export const arrivedAsRequested = ({ candidate, submission }: Release, live: LiveEndpoint): readonly string[] =>
  mismatches(live, candidate, submission.variant);

/** AWS: traffic share = weight / sum of weights; weights come back as 32-bit floats, so shares are compared, not weights. */
const share = (live: LiveEndpoint, weight: number, member: 'weight' | 'desiredWeight' = 'weight'): number => {
  const sum = live.variants.reduce((total, variant) => total + variant[member], 0);
  return sum === 0 ? 0 : weight / sum;
};
