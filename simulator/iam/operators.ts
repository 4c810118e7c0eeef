import { arnPattern, wildcard } from './wildcards.ts';

/**
 * The condition operators, as IAM evaluates them (IAM user guide, "IAM JSON policy elements: Condition operators" and "Set operators for
 * multivalued context keys"). Another operator is refused when a policy is attached: an unsupported condition must not pass.
 */
export interface ConditionOperator {
  /** Whether it compares a set of values; the others take keys with one value. */
  readonly set: boolean;
  /** Whether it only tests the presence of the key; that works for every key. */
  readonly presence: boolean;
  /** Of the policy's value. */
  readonly takes: RegExp;
  /** @param found the key's values in the request; none: the key is absent */
  holds(found: readonly string[], wanted: readonly string[]): boolean;
}

type Comparison = (value: string, wanted: string) => boolean;

const comparisons: Readonly<Record<string, Comparison>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringEqualsIgnoreCase: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  StringLike: (value, wanted) => wildcard(wanted).test(value),
  // Both behave alike.
  ArnEquals: (value, wanted) => arnPattern(wanted).test(value),
  ArnLike: (value, wanted) => arnPattern(wanted).test(value),
};
const negated = (name: string): string => name.replace(/^(String|Arn)/, '$1Not');

const anyText = /^/;
const truth = /^(true|false)$/;

/** One value: an absent key meets a negated operator, and no other one. `IfExists` is met by an absent key, whatever the operator. */
const oneValue = (name: string, compare: Comparison, not: boolean): readonly [string, ConditionOperator][] => {
  const meets = ([value]: readonly string[], wanted: readonly string[], absent: boolean): boolean =>
    value === undefined ? absent : wanted.some((one) => compare(value, one)) !== not;
  const kind = { set: false, presence: false, takes: anyText };
  return [
    [name, { ...kind, holds: (found, wanted) => meets(found, wanted, not) }],
    [`${name}IfExists`, { ...kind, holds: (found, wanted) => meets(found, wanted, true) }],
  ];
};

/** Many values: of an absent key there is none, so `ForAllValues` holds and `ForAnyValue` does not. */
const manyValues = (name: string, compare: Comparison, not: boolean): readonly [string, ConditionOperator][] => {
  const meets = (value: string, wanted: readonly string[]): boolean =>
    wanted.some((one) => compare(value, one)) !== not;
  const kind = { set: true, presence: false, takes: anyText };
  return [
    [`ForAnyValue:${name}`, { ...kind, holds: (found, wanted) => found.some((value) => meets(value, wanted)) }],
    [`ForAllValues:${name}`, { ...kind, holds: (found, wanted) => found.every((value) => meets(value, wanted)) }],
  ];
};

/** A condition element that AWS's pages leave open, such as `IfExists` of a set operator, is not among them. */
const operators: ReadonlyMap<string, ConditionOperator> = new Map([
  ...Object.entries(comparisons).flatMap(([name, compare]) => [
    ...oneValue(name, compare, false),
    ...oneValue(negated(name), compare, true),
    ...manyValues(name, compare, false),
    ...manyValues(negated(name), compare, true),
  ]),
  ...oneValue('Bool', (value, wanted) => value.toLowerCase() === wanted, false).map(
    ([name, operator]) => [name, { ...operator, takes: truth }] as const,
  ),
  // `true`: the key is absent; `false`: it is there with a value.
  [
    'Null',
    {
      set: true,
      presence: true,
      takes: truth,
      holds: (found: readonly string[], wanted: readonly string[]) => wanted.includes(String(found.length === 0)),
    },
  ] as const,
]);

/** Undefined: this simulator does not evaluate it. */
export const operatorNamed = (name: string): ConditionOperator | undefined => operators.get(name);
