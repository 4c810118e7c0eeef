/**
 * Event patterns of EventBridge, as far as the rules of this suite need them: members, lists of values, `$or`, and the filters below (EventBridge
 * user guide, "Amazon EventBridge event patterns" and "Comparison operators for use in event patterns").
 */
export type Pattern = { readonly [member: string]: Pattern | readonly Filter[] };
type Filter =
  | string
  | number
  | { readonly prefix: string }
  | { readonly exists: boolean }
  | { readonly 'equals-ignore-case': string }
  | { readonly 'anything-but': string | readonly string[] }
  /** Of `$or`. */
  | Pattern;

type Test = (wanted: unknown, value: unknown) => boolean;
const operators: Readonly<Record<string, Test>> = {
  prefix: (wanted, value) => typeof value === 'string' && value.startsWith(String(wanted)),
  exists: (wanted, value) => (value !== undefined) === wanted,
  'equals-ignore-case': (wanted, value) =>
    typeof value === 'string' && value.toLowerCase() === String(wanted).toLowerCase(),
  'anything-but': (wanted, value) => value !== undefined && ![wanted].flat().includes(value),
};

/** @throws TypeError naming a filter that is not evaluated here */
export const refuseUnknownFilters = (pattern: Pattern): void => {
  for (const [member, wanted] of Object.entries(pattern)) {
    if (!isList(wanted)) refuseUnknownFilters(wanted);
    else if (member === '$or') for (const one of wanted) refuseUnknownFilters(one as Pattern);
    else
      for (const filter of wanted)
        if (typeof filter === 'object' && operatorOf(filter) === undefined)
          throw new TypeError(`event pattern, ${member}: the filter ${JSON.stringify(filter)} is not simulated`);
  }
};

/**
 * "For a pattern to match an event, the event must contain all the field names listed in the pattern"; types count: 1 is not "1". A list in the event
 * matches when one of its values does.
 */
export const matches = (pattern: Pattern, event: unknown): boolean =>
  Object.entries(pattern).every(([member, wanted]) => {
    if (member === '$or') return (wanted as readonly Pattern[]).some((one) => matches(one, event));
    const value = (event as Readonly<Record<string, unknown>> | undefined)?.[member];
    if (!isList(wanted)) return typeof value === 'object' && value !== null && matches(wanted, value);
    const values = Array.isArray(value) && value.length > 0 ? value : [value];
    return wanted.some((filter) => values.some((one) => holds(filter, one)));
  });

const holds = (filter: Filter, value: unknown): boolean => {
  if (typeof filter !== 'object') return filter === value;
  const [name, wanted] = Object.entries(filter)[0] ?? [];
  return name !== undefined && operators[name]?.(wanted, value) === true;
};

const operatorOf = (filter: object): Test | undefined => {
  const [[name, wanted] = ['', undefined], ...others] = Object.entries(filter);
  const isNested = typeof wanted === 'object' && !Array.isArray(wanted);
  return others.length === 0 && !isNested && Object.hasOwn(operators, name) ? operators[name] : undefined;
};

const isList = (wanted: Pattern[string]): wanted is readonly Filter[] => Array.isArray(wanted);
