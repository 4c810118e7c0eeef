export type Mapping = Readonly<Record<string, unknown>>;

/**
 * @param keys to leave out, and the reason of each
 * @param where the part stands in the manifest: `production.`
 * @param leftOut gets a sentence for each key that was there
 */
export const withoutKeys = (
  part: Mapping,
  keys: Readonly<Record<string, string>>,
  where: string,
  leftOut: string[],
): Mapping =>
  Object.fromEntries(
    Object.entries(part).filter(([key]) => {
      const why = Object.hasOwn(keys, key) ? keys[key] : undefined;
      if (why !== undefined) leftOut.push(`\`${where}${key}\`: ${why}`);
      return why === undefined;
    }),
  );

/** A rollout whose judge has none of the user's own metrics, which no stand-in publishes. */
export const withoutOwnMetrics = (rollout: Mapping, where: string, leftOut: string[]): Mapping => {
  const { judge } = rollout;
  if (typeof judge !== 'object' || judge === null) return rollout;
  const why = 'your model publishes them, and a stand-in serves here';
  return { ...rollout, judge: withoutKeys(judge as Mapping, { metrics: why }, `${where}rollout.judge.`, leftOut) };
};
