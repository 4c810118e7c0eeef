import { type EndpointSpec, replaceableKinds } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { EndpointKind, MechanismName } from '../release/record.ts';
import { kinds, servedKindOf } from './kind.ts';
import type { Look } from './look.ts';

const unusable = (endpoint: string, why: string): never => {
  throw new Refusal('endpoint-unusable', `endpoint ${endpoint} ${why}`);
};

/**
 * Refuses an endpoint whose state or kind accepts no such release, before the first write.
 * @param by any of these mechanisms may deliver the version; `restore`: a way back
 * @throws {Refusal} `endpoint-unusable`
 */
export const refuseUnusable = (
  endpoint: string,
  look: Look,
  kind: EndpointKind,
  by: readonly MechanismName[] | 'restore',
): void => {
  const { live } = look;
  if (live.status === 'Failed')
    unusable(
      endpoint,
      `is Failed (${live.failureReason ?? 'SageMaker gives no reason'}): delete it, then deploy again`,
    );
  if (live.status === 'Deleting' || live.status === 'OutOfService') unusable(endpoint, `is ${live.status}`);
  if (live.status === 'Creating')
    unusable(endpoint, 'is being created outside of this release: wait until it is InService');
  if (live.variants.length === 0) unusable(endpoint, 'has no variant in the answer of DescribeEndpoint');
  const { deliver, leave, instead } = kinds[kind];
  if (by === 'restore' ? leave !== 'never' : by.some((mechanism) => deliver.includes(mechanism))) return;
  unusable(endpoint, `${traitOf(look, kind)}: ${instead}`);
};

/**
 * Refuses to make another kind of an endpoint, unless the manifest states the kind that it replaces: callers of the one kind do not reach
 * the other in the same way.
 * @param requested the kind that the release makes
 * @throws {Refusal} `endpoint-unusable`
 */
export const refuseOtherKind = (
  endpoint: string,
  look: Look,
  kind: EndpointKind,
  requested: EndpointKind,
  { replacesKind }: Pick<EndpointSpec, 'replacesKind'>,
): void => {
  // The variants of our own stepped rollout are not the kind that its callers see.
  const served = kinds[kind].leave === 'always' ? servedKindOf(look) : kind;
  if (served === requested || served === replacesKind) return;
  const stated = replaceableKinds.find((name) => name === served);
  unusable(
    endpoint,
    `${traitOf(look, served)}, and the release would make one of it that ${kinds[requested].trait}: ${kinds[served].instead}${
      stated ? `; to replace it all the same, set \`replaces-kind: ${stated}\` on the endpoint in the manifest` : ''
    }`,
  );
};

/** With the names of its variants, or of the experiment that owns it. */
const traitOf = ({ live, experiment }: Look, kind: EndpointKind): string => {
  const { trait } = kinds[kind];
  if (kind === 'experiment' && experiment !== undefined) return `${trait} (${experiment})`;
  return live.variants.length > 1 ? `${trait} (${live.variants.map(({ name }) => name).join(', ')})` : trait;
};
