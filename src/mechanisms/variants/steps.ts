import { digest } from '../../digest.ts';
import { candidateVariant } from '../../endpoint/variants.ts';
import type { Rollout } from '../../manifest/manifest.ts';
import type { NamedArms } from '../../metrics/own-metrics.ts';
import { Refusal } from '../../operation.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { DeliveryRequest } from '../request.ts';

export type Steps = Extract<Rollout, { strategy: 'steps' }>;

/** @throws {Refusal} `infeasible-rollout` */
export const stepsOf = ({ spec, rollout }: Pick<DeliveryRequest, 'spec' | 'rollout'>): Steps => {
  if (rollout.strategy === 'steps') return rollout;
  throw new Refusal(
    'infeasible-rollout',
    `${spec.name} has strategy ${rollout.strategy}; two variants serve strategy steps only`,
  );
};

/** The names of both variants, for the user's own metrics. @param before version that serves, if this suite delivered it */
export const namedVariants = (
  endpoint: string,
  {
    canonical,
    config: endpointConfig,
    version,
    before,
  }: {
    readonly canonical: string;
    readonly config: string;
    readonly version: string;
    readonly before: string | undefined;
  },
): NamedArms => ({
  candidate: { endpoint, variant: candidateVariant(canonical), endpointConfig, version },
  baseline: { endpoint, variant: canonical, endpointConfig, ...withoutUndefined({ version: before }) },
});

/** Hex digest of the request: the version, the endpoint, the rollout. */
export const stepsDigest = ({ spec, version, rollout, registry }: DeliveryRequest): string =>
  digest({
    operation: 'shift-traffic',
    endpoint: spec.name,
    version,
    rollout,
    ...(registry === undefined ? {} : { registry }),
  });
