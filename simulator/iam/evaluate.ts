import type { Demand } from './demands.ts';
import { operatorNamed } from './operators.ts';
import type { Policy, Statement } from './policy.ts';
import { arnPattern, wildcard } from './wildcards.ts';

export type Decision = 'allowed' | 'implicitly-denied' | 'explicitly-denied';

/** As IAM decides within one account: a Deny that matches wins, else an Allow that matches, else it is denied (IAM user guide, "Policy evaluation logic"). */
export const evaluate = (policies: readonly Policy[], demand: Demand): Decision => {
  const matching = policies.flatMap(({ statements }) => statements).filter((statement) => matches(statement, demand));
  if (matching.some(({ effect }) => effect === 'Deny')) return 'explicitly-denied';
  return matching.length > 0 ? 'allowed' : 'implicitly-denied';
};

const matches = ({ actions, resources, conditions }: Statement, { action, resource, context }: Demand): boolean =>
  actions.some((pattern) => wildcard(pattern, 'i').test(action)) &&
  resources.some((pattern) => arnPattern(pattern).test(resource)) &&
  conditions.every(({ operator, key, wanted }) => operatorNamed(operator)?.holds(context(key), wanted) === true);
