/** Numbers in sentences. Pure. */

/**
 * `0.07` → `7 %`: the one way a fraction is written for people.
 * @param digits that count; more than three for a number that the user wrote
 */
export const percent = (fraction: number, digits = 3): string => `${Number((fraction * 100).toPrecision(digits))} %`;

/** `1 alarm`, `2 alarms`. */
export const counted = (count: number, noun: string): string => `${count} ${plural(count, noun)}`;

/** `alarm`, `alarms`: without the number, for a list of names that follows. */
export const plural = (count: number, noun: string): string => (count === 1 ? noun : `${noun}s`);
