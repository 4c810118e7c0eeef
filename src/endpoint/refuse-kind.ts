import { type EndpointSpec, replaceableKinds } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { EndpointKind, EndpointMechanism } from '../release/record.ts';
import { kinds, servedKindOf } from './kind.ts';
import type { Look } from './look.ts';

type Stated = Pick<EndpointSpec, 'replacesKind'>;

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
  by: readonly EndpointMechanism[] | 'restore',
  { replacesKind }: Stated = {},
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
  const stated = kind === replacesKind ? `; \`replaces-kind: ${kind}\` allows a rollback over it, and no delivery` : '';
  unusable(endpoint, `${traitOf(look, kind)}: ${instead}${stated}`);
};

/** Refuses an endpoint that no request of a regression test would reach. @throws {Refusal} `endpoint-unusable` */
export const refuseUnasked = (endpoint: string, look: Look, kind: EndpointKind): void => {
  if (!kinds[kind].asked)
    unusable(
      endpoint,
      `${traitOf(look, kind)}: a regression test cannot ask the model that serves; set \`regression.baseline\` to a file of its predictions`,
    );
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
  { replacesKind }: Stated,
): void => {
  const served = calledAs(look, kind);
  if (served === requested || served === replacesKind) return;
  const replaceable = replaceableKinds.find((name) => name === served);
  const wrong =
    replacesKind === undefined ? '' : `; the manifest has \`replaces-kind: ${replacesKind}\`, which is not its kind`;
  const way = replaceable
    ? `; to replace it all the same, set \`replaces-kind: ${replaceable}\` on the endpoint in the manifest`
    : '';
  unusable(
    endpoint,
    `${traitOf(look, served)}, and the release would make one of it that ${kinds[requested].trait}: ${kinds[served].instead}${wrong}${way}`,
  );
};

/** The kind that callers see: the variants of our own stepped rollout are none. */
const calledAs = (look: Look, kind: EndpointKind): EndpointKind =>
  kinds[kind].leave === 'always' ? servedKindOf(look) : kind;

/**
 * The notes of a delivery's plan about a change of kind, and about a statement in the manifest that allows none.
 * @param seen the endpoint and its kind; undefined without an endpoint
 * @param requested the kind that the release makes
 */
export const kindNotes = (
  seen: { readonly look: Look; readonly kind: EndpointKind } | undefined,
  requested: EndpointKind,
  { name, replacesKind }: Stated & Pick<EndpointSpec, 'name'>,
): readonly string[] => {
  const served = seen && calledAs(seen.look, seen.kind);
  if (served !== undefined && served !== requested)
    return [
      `the endpoint becomes another kind, as the manifest states: it ${kinds[served].trait}, and then it ${kinds[requested].trait}; its callers have to follow`,
    ];
  if (replacesKind === undefined) return [];
  const because = served === undefined ? `there is no endpoint ${name}` : `${name} ${kinds[served].trait} already`;
  return [`\`replaces-kind: ${replacesKind}\` has nothing to replace, because ${because}: remove the key`];
};

/** Their traits speak of variants. */
const ofVariants: readonly EndpointKind[] = ['stepped', 'shifting', 'several-variants'];

/** With the names of the variants, where the trait speaks of them, or of the experiment that owns it. */
const traitOf = ({ live, experiment }: Look, kind: EndpointKind): string => {
  const { trait } = kinds[kind];
  if (kind === 'experiment' && experiment !== undefined) return `${trait} (${experiment})`;
  return ofVariants.includes(kind) ? `${trait} (${live.variants.map(({ name }) => name).join(', ')})` : trait;
};
