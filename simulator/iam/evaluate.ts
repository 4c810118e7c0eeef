import type { Demand } from './demands.ts';
import { operators, wildcard } from './operators.ts';
import type { Policy, Statement } from './policy.ts';

export type Decision = 'allowed' | 'implicitly-denied' | 'explicitly-denied';

/** As IAM decides within one account: a Deny that matches wins, else an Allow that matches, else it is denied (IAM user guide, "Policy evaluation logic"). */
export const evaluate = (policies: readonly Policy[], demand: Demand): Decision => {
  const matching = policies.flatMap(({ statements }) => statements).filter((statement) => matches(statement, demand));
  if (matching.some(({ effect }) => effect === 'Deny')) return 'explicitly-denied';
  return matching.length > 0 ? 'allowed' : 'implicitly-denied';
};

const matches = ({ actions, resources, conditions }: Statement, { action, resource, context }: Demand): boolean =>
  actions.some((pattern) => wildcard(pattern, 'i').test(action)) &&
  resources.some((pattern) => wildcard(pattern).test(resource)) &&
  conditions.every(({ operator, key, wanted }) => operators[operator]?.holds(context(key), wanted) === true);
