import { digest } from '../digest.ts';
import { type Desired, type DesiredFrom, desired } from '../endpoint/desired.ts';
import type { EndpointSpec, Rollout } from '../manifest/manifest.ts';
import type { World } from '../world.ts';

/** A request for a delivery: one registered version on one endpoint by one rollout. */
export interface DeliveryRequest {
  readonly group: string;
  readonly version: string;
  readonly spec: EndpointSpec;
  readonly rollout: Rollout;
}

/** Hex digest of the whole request, and of no live state: the same request has the same digest on every run. */
export const planDigest = (requested: DeliveryRequest, packageVersion: number): string =>
  digest({ ...contentOf(requested), operation: 'deploy-endpoint', packageVersion });

/** The request without the statement about the kind that it replaces: that kind is gone once the request is carried out. */
export const contentOf = ({ spec: { replacesKind: _, ...spec }, ...request }: DeliveryRequest): object => ({
  ...request,
  spec,
});

/** The model and the endpoint config of a request, given the values that a plan froze; the same in every turn. */
export const desiredOf = (
  { account }: World,
  { group, version, spec }: DeliveryRequest,
  frozen: Pick<DesiredFrom, 'packageVersion' | 'variant' | 'instanceCount' | 'attempt'>,
): Desired => desired({ account, group, version, spec, ...frozen });
