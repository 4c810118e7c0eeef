import type { MetricName, Task } from '../../manifest/regression.ts';
import type { Measure } from '../measure.ts';
import type { AnsweredRows } from '../rows.ts';
import { binary } from './binary.ts';
import { type Maker, type Makers, MetricError } from './maker.ts';
import { multiclass, withAverages } from './multiclass.ts';
import { ranking } from './ranking.ts';
import { regression } from './regression.ts';
import { text } from './text.ts';

const makers: { readonly [T in Task]: Makers<T> } = {
  'binary-classification': binary,
  'multiclass-classification': multiclass,
  regression,
  ranking,
  text,
};

/** @throws MetricError where the task has no such metric, a parameter is missing, or the rows have no such class */
export const measureOf = (name: MetricName, rows: AnsweredRows): Measure => {
  const made: Readonly<Record<string, Maker>> = makers[rows.task];
  const maker = Object.hasOwn(made, name.metric) ? made[name.metric] : undefined;
  if (maker === undefined) throw new MetricError(`${rows.task} has no metric ${name.metric}`);
  return { name: titleOf(name, rows.task), ...maker(name, rows) };
};

/** `f-beta (beta 2, macro)`, `recall[versicolor]`: with the defaults that the manifest left out. */
const titleOf = (name: MetricName, task: Task): string => {
  const {
    metric,
    class: one,
    average,
    beta,
    k,
    quantile,
    pairs,
  } = task === 'multiclass-classification' ? withAverages(name) : name;
  const parameters = [
    ...(beta === undefined ? [] : [`beta ${beta}`]),
    ...(k === undefined ? [] : [`k ${k}`]),
    ...(quantile === undefined ? [] : [`quantile ${quantile}`]),
    ...(average === undefined ? [] : [average]),
    ...(pairs === undefined ? [] : [pairs]),
  ];
  return `${metric}${one === undefined ? '' : `[${one}]`}${parameters.length === 0 ? '' : ` (${parameters.join(', ')})`}`;
};
