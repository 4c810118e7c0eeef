/** A horizontal axis of values. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  /** Round numbers within. */
  readonly ticks: readonly number[];
}

/**
 * From the least to the greatest value, and a little more.
 * @param most ticks that fit
 */
export const axisOver = (values: readonly number[], most: number): Axis => {
  const least = Math.min(...values);
  const greatest = Math.max(...values);
  const width = greatest - least || Math.abs(greatest) || 1;
  const from = least - width * 0.06;
  const to = greatest + width * 0.06;
  const step = tickStep((to - from) / most);
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  return { from, to, ticks: Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step) };
};

/** The smallest of 1, 2, 5 × 10ⁿ that is at least `least`. */
const tickStep = (least: number): number => {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
};
