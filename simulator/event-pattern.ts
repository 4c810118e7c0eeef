/**
 * Event patterns of EventBridge, as far as rules for CodePipeline need them: members, lists of values, and `prefix` (EventBridge user guide,
 * "Amazon EventBridge event patterns").
 */
export type Pattern = {
  readonly [member: string]: Pattern | readonly (string | number | { readonly prefix: string })[];
};

/** @throws TypeError naming a filter that is not evaluated here */
export const refuseUnknownFilters = (pattern: Pattern): void => {
  for (const [member, wanted] of Object.entries(pattern)) {
    if (!isList(wanted)) refuseUnknownFilters(wanted);
    else
      for (const filter of wanted)
        if (typeof filter === 'object' && Object.keys(filter).join() !== 'prefix')
          throw new TypeError(`event pattern, ${member}: the filter ${JSON.stringify(filter)} is not simulated`);
  }
};

/** "For a pattern to match an event, the event must contain all the field names listed in the pattern"; types count: 1 is not "1". */
export const matches = (pattern: Pattern, event: unknown): boolean =>
  Object.entries(pattern).every(([member, wanted]) => {
    const value = (event as Readonly<Record<string, unknown>> | undefined)?.[member];
    if (!isList(wanted)) return typeof value === 'object' && value !== null && matches(wanted, value);
    return wanted.some((filter) =>
      typeof filter === 'object' ? typeof value === 'string' && value.startsWith(filter.prefix) : filter === value,
    );
  });

const isList = (wanted: Pattern[string]): wanted is Exclude<Pattern[string], Pattern> => Array.isArray(wanted);
