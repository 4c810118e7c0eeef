import { carries, contextKey } from './context-keys.ts';
import { operatorNamed } from './operators.ts';

/** An identity-based policy whose every element this simulator evaluates. */
export interface Policy {
  readonly statements: readonly Statement[];
}
export interface Statement {
  readonly sid: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly wanted: readonly string[];
}

/**
 * Reads a policy document. It refuses, by name, everything that it could not evaluate as IAM would: an unknown element, operator or
 * key, a key that the statement's action does not carry, a policy variable.
 * @throws {TypeError}
 */
export const parsePolicy = (document: unknown): Policy => {
  // IAM user guide, "IAM JSON policy elements: Version": a policy without one is of 2008-10-17.
  const { Version = '2008-10-17', Statement: statements, ...rest } = members(document, 'the policy');
  none(rest, 'the policy');
  if (Version === '2008-10-17') throw new TypeError('Version 2008-10-17 of a policy is not evaluated here');
  if (Version !== '2012-10-17') throw new TypeError('The policy must contain a valid version string');
  if (statements === undefined) throw new TypeError('Missing required field Statement');
  return { statements: list(statements).map(statementOf) };
};

const statementOf = (document: unknown, index: number): Statement => {
  const { Sid, Effect, Action, Resource, Condition, ...rest } = members(document, `statement ${index + 1}`);
  const sid = typeof Sid === 'string' ? Sid : `statement ${index + 1}`;
  if (Sid !== undefined && !/^[0-9A-Za-z]*$/.test(String(Sid)))
    throw new TypeError(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    );
  // The words of IAM, as its callers meet them.
  if (rest['Principal'] !== undefined) throw new TypeError('Policy document should not specify a principal.');
  none(rest, sid);
  if (Effect !== 'Allow' && Effect !== 'Deny') throw new TypeError(`${sid}: Effect is Allow or Deny`);
  if (Action === undefined) throw new TypeError('Policy statement must contain actions.');
  if (Resource === undefined) throw new TypeError('Policy statement must contain resources.');
  const actions = texts(Action, `${sid}: Action`);
  if (!actions.every((action) => /^(\*|[^:]+:.+)$/.test(action)))
    throw new TypeError('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  const resources = texts(Resource, `${sid}: Resource`);
  const odd = resources.find((resource) => !/^(\*$|arn:)/.test(resource));
  if (odd !== undefined) throw new TypeError(`Resource ${odd} must be in ARN format or "*".`);
  const variable = resources.find((resource) => resource.includes('${'));
  if (variable !== undefined) throw new TypeError(`${sid}: the policy variable in ${variable} is not evaluated here`);
  const conditions = Object.entries(Condition === undefined ? {} : members(Condition, `${sid}: Condition`)).flatMap(
    ([operator, keys]) =>
      Object.entries(members(keys, `${sid}: ${operator}`)).map(([key, value]) => ({
        operator,
        key,
        wanted: texts(typeof value === 'boolean' ? String(value) : value, `${sid}: ${operator} ${key}`),
      })),
  );
  for (const condition of conditions) checkCondition(condition, actions, sid);
  return { sid, effect: Effect, actions, resources, conditions };
};

const checkCondition = ({ operator, key, wanted }: Condition, actions: readonly string[], sid: string): void => {
  const known = operatorNamed(operator);
  if (known === undefined) throw new TypeError(`${sid}: the condition operator ${operator} is not evaluated here`);
  const carried = contextKey(key);
  if (carried === undefined) throw new TypeError(`${sid}: the condition key ${key} is not known here`);
  const stranger = actions.find((action) => !carries(carried, action));
  if (stranger !== undefined)
    throw new TypeError(`${sid}: a request for ${stranger} does not carry the condition key ${key}`);
  if (!known.presence && known.set !== (carried.values === 'many'))
    throw new TypeError(`${sid}: ${key} has ${carried.values} value(s), which ${operator} does not compare`);
  const odd = wanted.find((value) => !known.takes.test(value) || value.includes('${'));
  if (odd !== undefined) throw new TypeError(`${sid}: ${operator} ${key} does not take the value ${odd}`);
};

const members = (value: unknown, where: string): Readonly<Record<string, unknown>> => {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new TypeError(`${where} is not an object`);
  return value as Readonly<Record<string, unknown>>;
};

const none = (rest: Readonly<Record<string, unknown>>, where: string): void => {
  const [name] = Object.keys(rest);
  if (name !== undefined) throw new TypeError(`${where}: the element ${name} is not evaluated here`);
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

const texts = (value: unknown, where: string): readonly string[] => {
  const all = list(value);
  if (all.length === 0 || !all.every((one) => typeof one === 'string'))
    throw new TypeError(`${where} is not a text or a list of texts`);
  return all;
};
