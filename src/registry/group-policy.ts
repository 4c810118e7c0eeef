import * as z from 'zod/mini';
import { classify, orUndefined } from '../aws/errors.ts';
import { Refusal } from '../operation.ts';
import { arn, type Registry, type World } from '../world.ts';
import { grantTo } from './grant.ts';

const texts = z.union([z.string(), z.array(z.string())]);
const statement = z.looseObject({
  Effect: z.string(),
  Principal: z.optional(z.union([z.string(), z.record(z.string(), texts)])),
  Action: z.optional(texts),
});
const document = z.looseObject({ Statement: z.union([statement, z.array(statement)]) });
type Statement = z.output<typeof statement>;

/**
 * Whether the group's resource policy lets the delivering account make a model of its packages: SageMaker checks it whatever role read
 * the package (AWS: "Cross-account support"). Only a role of the registry's account can read the policy: the call takes a plain name.
 * @returns a note for the plan, when that cannot be known
 * @throws {Refusal} `access-denied` when no statement can allow it, `invalid-input` for a registry in another region
 */
export const refuseClosedGroup = async (world: World, group: string): Promise<readonly string[]> => {
  const { registry, account } = world;
  if (registry === undefined) return [];
  if (registry.account.region !== account.region)
    throw new Refusal(
      'invalid-input',
      `registry: it is in ${registry.account.region}, and the endpoint is in ${account.region}: SageMaker makes a model only of a package of its own region; register the version in a registry of ${account.region}`,
    );
  if (registry.account.id === account.id) return [];
  const unknown = `not known: whether the resource policy of ${group} lets this account make a model of its packages (sagemaker:CreateModel)`;
  if (registry.role === undefined) return [unknown];
  try {
    const answer = await orUndefined(
      registry.read.sagemaker.getModelPackageGroupPolicy({ ModelPackageGroupName: group }),
    );
    const statements = answer?.ResourcePolicy === undefined ? [] : statementsOf(answer.ResourcePolicy);
    if (statements === undefined) return [unknown];
    if (statements.some((one) => mayAllow(one, registry))) return [];
  } catch (error) {
    if (classify(error) !== 'access-denied') throw error;
    return [`${unknown}: the role ${registry.role} may not read the policy (sagemaker:GetModelPackageGroupPolicy)`];
  }
  const needed = grantTo(
    registry.account.id,
    [registry.readers.caller],
    ['sagemaker:CreateModel', 'sagemaker:DescribeModelPackage'],
    arn(registry.account, 'sagemaker', `model-package/${group}/*`),
  );
  throw new Refusal(
    'access-denied',
    `sagemaker:CreateModel would be denied: the resource policy of the model package group ${group}, in the account ending in ${registry.account.id.slice(-4)}, does not let the delivering account make a model of its packages; it needs ${needed}`,
  );
};

const statementsOf = (text: string): readonly Statement[] | undefined => {
  try {
    const { Statement: found } = z.parse(document, JSON.parse(text));
    return Array.isArray(found) ? found : [found];
  } catch {
    return undefined;
  }
};

/** Generous: a condition, or an identity that is written in another way, may allow it. A false alarm would stop a delivery that works. */
const mayAllow = ({ Effect, Principal, Action }: Statement, { readers }: Registry): boolean =>
  Effect === 'Allow' &&
  (Action === undefined || list(Action).some(coversCreateModel)) &&
  (Principal === undefined ||
    typeof Principal === 'string' ||
    Object.values(Principal).flatMap(list).some(mayBe(readers.caller)));

const coversCreateModel = (pattern: string): boolean =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'i',
  ).test('sagemaker:CreateModel');

const mayBe =
  (caller: string) =>
  (principal: string): boolean =>
    principal === '*' || principal.includes(caller.split(':')[4] ?? caller);

const list = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);
