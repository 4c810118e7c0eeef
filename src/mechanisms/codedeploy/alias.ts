import { orUndefined } from '../../aws/errors.ts';
import type { LambdaAlias } from '../../manifest/manifest.ts';
import { Refusal } from '../../operation.ts';
import type { AliasDeployment, Release } from '../../release/record.ts';
import type { World } from '../../world.ts';

/** The versions that an alias leads to (Lambda developer guide, "weighted alias": at most two). */
export interface AliasLook {
  readonly version: string;
  /** The other version, and its part of the requests. */
  readonly other?: { readonly version: string; readonly weight: number };
}

type Named = Pick<LambdaAlias, 'function' | 'alias'>;

/** @returns undefined without such a function or alias */
export const lookAtAlias = async (world: World, named: Named): Promise<AliasLook | undefined> => {
  const found = await orUndefined(world.read.lambda.getAlias({ FunctionName: named.function, Name: named.alias }));
  if (found?.FunctionVersion === undefined) return undefined;
  const [other] = Object.entries(found.RoutingConfig?.AdditionalVersionWeights ?? {}).filter(
    ([, weight]) => weight > 0,
  );
  return {
    version: found.FunctionVersion,
    ...(other === undefined ? {} : { other: { version: other[0], weight: other[1] } }),
  };
};

/** `churn:live`, as Lambda writes it. */
export const nameOfAlias = (named: Named): string => `${named.function}:${named.alias}`;

/** The alias of a release. */
export const aliasOfRelease = ({ function: name, variant: alias }: AliasDeployment): Named => ({
  function: name,
  alias,
});

/** The name of a published version in the release record. */
export const configOfVersion = (version: string): string => `version-${version}`;

/** @returns undefined for a configuration of an endpoint */
export const versionOfConfig = (endpointConfig: string): string | undefined =>
  /^version-([1-9][0-9]*)$/.exec(endpointConfig)?.[1];

/**
 * Rule 21: a writer of the record may have put another function, or another group, into a release of this alias.
 * @throws {Refusal} `foreign-record`
 */
export const refuseForeignTarget = (release: Release, lambda: LambdaAlias): void => {
  const { submission } = release;
  if (submission.kind !== 'deployment')
    throw new Refusal('foreign-record', `${release.id} in the release record is of no alias; nothing was changed`);
  const { function: name, variant, application, deploymentGroup, to } = submission;
  const isOwn =
    name === lambda.function &&
    variant === lambda.alias &&
    application === lambda.application &&
    deploymentGroup === lambda.deploymentGroup &&
    release.candidate.endpointConfig === configOfVersion(to);
  if (isOwn) return;
  throw new Refusal(
    'foreign-record',
    `${release.id} in the release record is about ${name.slice(0, 64)}:${variant} and the deployment group ${deploymentGroup.slice(0, 100)}, and this manifest about ${nameOfAlias(lambda)} and ${lambda.deploymentGroup}; nothing was changed`,
  );
};
