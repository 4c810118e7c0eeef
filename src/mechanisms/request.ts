import { digest } from '../digest.ts';
import { type Desired, type DesiredFrom, desired } from '../endpoint/desired.ts';
import type { EndpointSpec, Rollout } from '../manifest/manifest.ts';
import { registryAccount } from '../registry/registry.ts';
import type { World } from '../world.ts';

/** A request for a delivery: one registered version on one endpoint by one rollout. */
export interface DeliveryRequest {
  readonly group: string;
  readonly version: string;
  readonly spec: EndpointSpec;
  readonly rollout: Rollout;
  /** The registry, when it is another account's: packages of the same number differ between registries. */
  readonly registry?: { readonly account: string; readonly region: string };
}

/** For a request of which nothing depends on the way: no stage, no alarm, no proof. */
export const noRollout: Rollout = {
  strategy: 'all-at-once',
  finalBakeSeconds: 0,
  alarms: { named: [] },
  minimumRequests: 0,
};

/** The member `registry` of a request; absent for the delivering account's own registry. */
export const registryOf = ({ registry }: Pick<World, 'registry'>): Pick<DeliveryRequest, 'registry'> =>
  registry === undefined ? {} : { registry: { account: registry.account.id, region: registry.account.region } };

/** Hex digest of the whole request, and of no live state: the same request has the same digest on every run. */
export const planDigest = (requested: DeliveryRequest, packageVersion: number): string =>
  digest({ ...contentOf(requested), operation: 'deploy-endpoint', packageVersion });

/** The request without the statement about the kind that it replaces: that kind is gone once the request is carried out. */
export const contentOf = ({ spec: { replacesKind: _, ...spec }, ...requested }: DeliveryRequest): object => ({
  ...requested,
  spec,
});

/** The model and the endpoint config of a request, given the values that a plan froze; the same in every turn. */
export const desiredOf = (
  world: World,
  { group, version, spec }: DeliveryRequest,
  frozen: Pick<DesiredFrom, 'packageVersion' | 'variant' | 'instanceCount' | 'attempt' | 'kept'>,
): Desired => desired({ account: world.account, registry: registryAccount(world), group, version, spec, ...frozen });
