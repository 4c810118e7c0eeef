/**
 * The condition operators that the published policies use, as IAM evaluates them (IAM user guide, "IAM JSON policy elements:
 * Condition operators"). Another operator is refused when a policy is attached: an unsupported condition must not pass.
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

const equals = (found: readonly string[], wanted: readonly string[]): boolean =>
  found.some((value) => wanted.includes(value));

/** `*`: any characters, `?`: exactly one (IAM user guide, "Resource"; case counts in a resource, not in an action). */
export const wildcard = (pattern: string, flags: 'i' | '' = ''): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    `s${flags}`,
  );

export const operators: Readonly<Record<string, ConditionOperator>> = {
  StringEquals: { set: false, presence: false, takes: /^/, holds: equals },
  Bool: {
    set: false,
    presence: false,
    takes: /^(true|false)$/,
    holds: (found, wanted) =>
      equals(
        found.map((value) => value.toLowerCase()),
        wanted,
      ),
  },
  // `true`: the key is absent; `false`: it is there with a value.
  Null: {
    set: true,
    presence: true,
    takes: /^(true|false)$/,
    holds: (found, wanted) => wanted.includes(String(found.length === 0)),
  },
  'ForAnyValue:StringEquals': { set: true, presence: false, takes: /^/, holds: equals },
  'ForAnyValue:StringLike': {
    set: true,
    presence: false,
    takes: /^/,
    holds: (found, wanted) => found.some((value) => wanted.some((pattern) => wildcard(pattern).test(value))),
  },
};
