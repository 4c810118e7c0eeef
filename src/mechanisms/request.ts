import { digest } from '../digest.ts';
import { type Desired, type DesiredFrom, desired } from '../endpoint/desired.ts';
import type { EndpointSpec, Rollout } from '../manifest/manifest.ts';
import type { World } from '../world.ts';

/** What is asked: one registered version on one endpoint in one way. */
export interface DeliveryRequest {
  readonly group: string;
  readonly version: string;
  readonly spec: EndpointSpec;
  readonly rollout: Rollout;
}

/** Hex digest of everything asked, and of nothing that is live: the same request has the same digest on every run. */
export const planDigest = (asked: DeliveryRequest, packageVersion: number): string =>
  digest({ ...asked, operation: 'deploy-endpoint', packageVersion });

/** What `asked` publishes, given what a plan froze; the same in every turn. */
export const desiredOf = (
  { account }: World,
  { group, version, spec }: DeliveryRequest,
  frozen: Pick<DesiredFrom, 'packageVersion' | 'variant' | 'instanceCount' | 'attempt'>,
): Desired => desired({ account, group, version, spec, ...frozen });
