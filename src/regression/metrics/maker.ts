import type { MetricName, Task } from '../../manifest/regression.ts';
import type { metricsOf } from '../../manifest/regression-metrics.ts';
import type { Measure } from '../measure.ts';
import type { AnsweredRows } from '../rows.ts';

/** Makes a metric, given its parameters and the classes of the rows. */
export type Maker = (name: MetricName, rows: AnsweredRows) => Omit<Measure, 'name'>;

/** One for each metric that the manifest knows, so that none can be missing. */
export type Makers<T extends Task> = Readonly<Record<keyof (typeof metricsOf)[T], Maker>>;

/** A metric that cannot be made: the policy is wrong, or does not fit the rows. */
export class MetricError extends Error {
  override readonly name = 'MetricError';
}

/** A parameter that has no default. */
export const required = <Key extends 'beta' | 'k' | 'quantile'>(name: MetricName, key: Key): number => {
  const value = name[key];
  if (value === undefined) throw new MetricError(`${name.metric} needs ${key}`);
  return value;
};

/** A mean over rows, and similar: not negative, and less is better. */
export const loss = {
  better: 'lower',
  bounds: [0, Number.POSITIVE_INFINITY],
  classes: [],
  failedRows: 'missing',
} as const;

/** A share: more is better. */
export const share = { better: 'higher', bounds: [0, 1], classes: [] } as const;
