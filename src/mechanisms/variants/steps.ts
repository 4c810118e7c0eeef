import { digest } from '../../digest.ts';
import type { Rollout } from '../../manifest/manifest.ts';
import { Refusal } from '../../operation.ts';
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

/** Hex digest of the request: the version, the endpoint, the rollout. */
export const stepsDigest = ({ spec, version, rollout, registry }: DeliveryRequest): string =>
  digest({
    operation: 'shift-traffic',
    endpoint: spec.name,
    version,
    rollout,
    ...(registry === undefined ? {} : { registry }),
  });
