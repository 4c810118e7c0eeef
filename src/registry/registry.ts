import { CredentialsUnavailable } from '../aws/credentials-unavailable.ts';
import { classify, permissionOf, withRemedy } from '../aws/errors.ts';
import { type Account, arn, type Registry, type World } from '../world.ts';
import { grantTo } from './grant.ts';

/** The account of the model package groups: the manifest's registry, else the delivering account. */
export const registryAccount = ({ account, registry }: Pick<World, 'account' | 'registry'>): Account =>
  registry?.account ?? account;

/** A package whose ARN names this account and region is in this registry. */
export const isOf = (registry: Pick<Account, 'id' | 'region'>, home: Pick<Account, 'id' | 'region'>): boolean =>
  home.id === registry.id && home.region === registry.region;

/** The World of an operation that works in the registry's account, with the credentials that are meant for it. */
export const inRegistry = (world: World): World => {
  const { registry } = world;
  if (registry === undefined) return world;
  const { write: _own, ...rest } = world;
  return { ...rest, read: registry.read, ...(registry.write === undefined ? {} : { write: registry.write }) };
};

/** Artifacts and images as the delivering account reads them, when another account owns them. */
export const contentWorld = (world: World): World =>
  world.registry === undefined ? world : { ...world, read: world.registry.content };

/** A group's name; its ARN when the credentials belong to another account than the group (AWS: "Cross-account support"). */
export const groupName = ({ registry }: Pick<World, 'registry'>, model: string): string =>
  registry !== undefined && registry.role === undefined
    ? arn(registry.account, 'sagemaker', `model-package-group/${model}`)
    : model;

/** The answer of a registry; a denial by another account's registry names the policy that has to change. */
export const fromRegistry = async <Answer>(
  { registry }: Pick<World, 'registry'>,
  model: string,
  answer: Promise<Answer>,
): Promise<Answer> => {
  if (registry === undefined) return answer;
  try {
    return await answer;
  } catch (error) {
    throw explained(error, registry, model);
  }
};

const explained = (error: unknown, registry: Registry, model: string): unknown => {
  if (error instanceof CredentialsUnavailable && error.denied && registry.role !== undefined)
    // Only the registry is closed: the delivering account's own credentials work, so a live release goes on looking.
    return withRemedy(
      Object.assign(new Error(error.message, { cause: error }), { name: 'AccessDenied', call: 'sts:AssumeRole' }),
      `${error.message}; its trust policy needs ${grantTo(registry.account.id, [registry.readers.caller], ['sts:AssumeRole'])}`,
    );
  if (classify(error) !== 'access-denied') return error;
  const { action = 'sagemaker:DescribeModelPackage' } = permissionOf(error) ?? {};
  if (registry.role !== undefined)
    return withRemedy(error, `the policy of the registry's role ${registry.role} has to allow it`);
  if (isOwnPolicy(error))
    return withRemedy(error, `the policy of ${registry.readers.caller}, the caller, has to allow it`);
  const type =
    action === 'sagemaker:DescribeModelPackageGroup' ? `model-package-group/${model}` : `model-package/${model}/*`;
  const statement = grantTo(
    registry.account.id,
    [registry.readers.caller],
    [action],
    arn(registry.account, 'sagemaker', type),
  );
  return withRemedy(
    error,
    `the resource policy of the model package group ${model}, in the account ending in ${registry.account.id.slice(-4)}, needs ${statement}; and the caller's own policy has to allow it`,
  );
};

/** AWS says which kind of policy is missing, where it says anything (IAM user guide, "Troubleshoot access denied error messages"). */
export const isOwnPolicy = (error: unknown): boolean =>
  error instanceof Error &&
  /no identity-based policy allows|explicit deny in an identity-based policy/.test(error.message);
