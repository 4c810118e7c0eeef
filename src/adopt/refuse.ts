import { kinds } from '../endpoint/kind.ts';
import type { Look } from '../endpoint/look.ts';
import { refuseOtherKind, refuseUnusable } from '../endpoint/refuse-kind.ts';
import { Refusal } from '../operation.ts';
import type { EndpointKind } from '../release/record.ts';

/**
 * The kinds that a manifest can make, so that its plan against such an endpoint can be empty. A stepped rollout is the suite's own: its
 * endpoint has a manifest.
 */
const made: Readonly<Record<EndpointKind, boolean>> = {
  instances: true,
  serverless: true,
  asynchronous: true,
  serial: true,
  'asynchronous-serial': true,
  stepped: false,
  shifting: false,
  direct: false,
  'multi-model': false,
  'several-variants': false,
  shadowed: false,
  experiment: false,
  'inference-components': false,
  pooled: false,
};

/** @throws {Refusal} `endpoint-unusable`, with the reason and the remedy */
export const refuseUnadoptable = (endpoint: string, look: Look, kind: EndpointKind): void => {
  refuseUnusable(endpoint, look, kind, ['guardrail', 'variants', 'replacement']);
  if (look.live.pending !== undefined || look.live.status === 'Updating')
    throw new Refusal('endpoint-unusable', `endpoint ${endpoint} is being updated: wait until it is InService`);
  if (made[kind]) return;
  if (kind === 'stepped' || kind === 'shifting')
    throw new Refusal('endpoint-unusable', `endpoint ${endpoint} ${kinds[kind].trait}: ${kinds[kind].instead}`);
  refuseOtherKind(endpoint, look, kind, kind === 'direct' ? 'serial' : 'instances', {});
};
