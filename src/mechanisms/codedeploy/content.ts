import { orUndefined } from '../../aws/errors.ts';
import type { LambdaAlias } from '../../manifest/manifest.ts';
import { Refusal } from '../../operation.ts';
import { dataSourcesOf } from '../../registry/container.ts';
import type { RegisteredVersion } from '../../registry/registered-version.ts';
import type { World } from '../../world.ts';

/** The package's metadata with the number of its published version; `register-model` writes it there from its input `metadata`. */
export const versionKey = 'lambda-version';

/**
 * The published version that a package names. Metadata can be rewritten after the approval, so the name is a hint (rule 21):
 * `requireContent` compares the version with the approved package.
 * @throws {Refusal} `config-missing`
 */
export const namedVersion = ({ tag, metadata }: RegisteredVersion): string => {
  const named = metadata[versionKey];
  if (named !== undefined && /^[1-9][0-9]{0,17}$/.test(named)) return named;
  throw new Refusal(
    'config-missing',
    `${tag} names no published version of the function: ${named === undefined ? `its metadata has no ${versionKey}` : `${versionKey} in its metadata is not a number`}; register it with the number of its version, as metadata: ${versionKey}=7`,
  );
};

/**
 * Rule 2: the version that gets the traffic is the approved package. A published version never changes, and Lambda resolved its image to a
 * digest. Everything that the package says about the model has to be in the version: the image, the model data and the variables.
 * @throws {Refusal} `config-missing`, `endpoint-unusable`, `content-changed`
 */
export const requireContent = async (
  world: World,
  lambda: Pick<LambdaAlias, 'function'>,
  version: string,
  { tag, containers, imageDigest }: Pick<RegisteredVersion, 'tag' | 'containers' | 'imageDigest'>,
): Promise<void> => {
  const found = await orUndefined(world.read.lambda.getFunction({ FunctionName: lambda.function, Qualifier: version }));
  const name = `version ${version} of ${lambda.function}`;
  if (found?.Configuration?.Version === undefined)
    throw new Refusal(
      'config-missing',
      `${tag} names ${name}, which does not exist: publish it, or register the package with another version`,
    );
  const { PackageType, State, Environment } = found.Configuration;
  if (PackageType !== 'Image')
    throw new Refusal(
      'endpoint-unusable',
      `${name} runs code of an archive, which no model package has: only a version that runs a container image can be compared with its package`,
    );
  if (State !== undefined && State !== 'Active' && State !== 'Inactive')
    throw new Refusal('endpoint-unusable', `${name} is ${State}: wait until it is Active, or publish it again`);
  const [container, ...others] = containers;
  if (container === undefined || others.length > 0)
    throw new Refusal('endpoint-unusable', `${tag} has ${containers.length} containers, and a function runs one image`);
  const differs = (what: string): Refusal =>
    new Refusal(
      'content-changed',
      `${name} is not ${tag}: ${what}; publish a version of the approved content, and register it as a new version`,
    );
  const runs = found.Code?.ResolvedImageUri?.split('@')[1];
  if (imageDigest === undefined)
    throw new Refusal(
      'content-changed',
      `the image of ${tag} is not pinned to a digest, so nothing says whether ${name} runs it`,
    );
  if (runs !== imageDigest) throw differs(`it runs the image ${runs ?? 'unknown'}, and the package has ${imageDigest}`);
  if (Environment?.Error !== undefined)
    throw new Refusal(
      'access-denied',
      `the variables of ${name} cannot be read, so they cannot be compared with ${tag}: ${Environment.Error.ErrorCode ?? 'no reason given'}; grant kms:Decrypt on their key`,
    );
  const variables = Environment?.Variables ?? {};
  const values = new Set(Object.values(variables));
  const lacking = dataSourcesOf(container).find(({ uri }) => !values.has(uri));
  if (lacking !== undefined)
    throw differs(`none of its variables has the ${lacking.role} of the package, ${lacking.uri}`);
  const other = Object.entries(container.Environment ?? {}).find(([key, value]) => variables[key] !== value);
  // Its value may be a secret (rule 16).
  if (other !== undefined) throw differs(`its variable ${other[0]} does not have the value of the package`);
};
