/** Numbers in sentences. Pure. */

/**
 * `0.07` → `7 %`: the one way a fraction is written for people.
 * @param digits that count; more than three for a number that the user wrote
 */
export const percent = (fraction: number, digits = 3): string => `${Number((fraction * 100).toPrecision(digits))} %`;

/** Counts as they are; sums of scores are no whole numbers. */
export const amount = (value: number): string => String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));

/** `1 alarm`, `2 alarms`. */
export const counted = (count: number, noun: string): string => `${count} ${plural(count, noun)}`;

/** `alarm`, `alarms`: without the number, for a list of names that follows. */
export const plural = (count: number, noun: string): string => (count === 1 ? noun : `${noun}s`);

/** `1.5 times`: two digits that count, and no digit that a small count cannot carry. */
export const times = (ratio: number): string =>
  `${ratio >= 100 ? Math.round(ratio) : Number(ratio.toPrecision(2))} times`;

/** The most that a chance can be, given the ln of the evidence against it: `at most 0.4 %`. */
export const chance = (log: number): string =>
  log <= 0 ? 'not small' : log > Math.log(1e6) ? 'less than one in a million' : `at most ${percent(Math.exp(-log), 2)}`;

/** ln of evidence as betting odds, 1 in …: what is beyond a million decides nothing more. */
export const odds = (log: number): string => {
  const value = Math.exp(log);
  return value >= 1e6 ? 'over a million' : String(Number(value.toPrecision(value < 1 ? 1 : 3)));
};

/** `about 4 minutes`: a length of time, rounded. */
export const lasting = (seconds: number): string => {
  const [minutes, hours] = [seconds / 60, seconds / 3600];
  if (minutes <= 1) return 'a minute';
  if (minutes < 90) return counted(Math.ceil(minutes), 'minute');
  return hours < 48 ? counted(Math.round(hours), 'hour') : counted(Math.round(hours / 24), 'day');
};
