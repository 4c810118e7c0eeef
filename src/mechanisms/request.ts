import type { EndpointSpec, Rollout } from '../manifest/manifest.ts';

/** What is asked: one registered version on one endpoint in one way. */
export interface DeliveryRequest {
  readonly group: string;
  readonly version: string;
  readonly spec: EndpointSpec;
  readonly rollout: Rollout;
}
