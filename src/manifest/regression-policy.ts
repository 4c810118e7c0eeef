import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Refuse } from './refuse.ts';
import {
  type Criterion,
  type MetricName,
  type RegressionSpec,
  type Rule,
  type Slice,
  type Task,
  usualConfidence,
} from './regression.ts';
import { askingOf } from './regression-asking.ts';
import { bestBy } from './regression-best-of.ts';
import type { RawMetric, RawPolicy, RawRule } from './regression-keys.ts';
import { type MetricFacts, metricsOf } from './regression-metrics.ts';
import { readSlice, SliceProblem } from './slices.ts';
import { either, suggest } from './suggest.ts';

/** The meaning of `regression:`: metrics of the task with their parameters, rules with every default, slices as conditions. */

interface Problem {
  readonly path: readonly (string | number)[];
  /** A whole sentence about the value there. */
  readonly message: string;
}
/** The policy, and what is wrong with it; with problems it is not to be used. */
export const policyOf = (
  written: RawPolicy,
): { readonly policy: RegressionSpec; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = [];
  const refuse: Refuse = (message, ...path) => void problems.push({ path, message });
  const { task, dataset, positive, cluster, group, seed, missing = 0, normalization = 'none' } = written;
  refuseKeysOfOtherTasks(written, refuse);
  const slices = slicesOf(written.slices ?? [], refuse);
  const metrics = (written.metrics ?? []).flatMap((metric, at) =>
    metricOf(task, typeof metric === 'string' ? { metric } : metric, refuse, 'metrics', at),
  );
  refuseTwice(metrics.map(metricText), 'metrics', refuse);
  const rules = (written.rules ?? []).flatMap((rule, at) => ruleOf(task, rule, slices, refuse, at));
  refuseTwice(
    rules.map(({ metric, criterion, slice }) => `${metricText(metric)}, ${criterion.is}, ${slice ?? 'all rows'}`),
    'rules',
    refuse,
  );
  if (written.metrics === undefined && written.rules === undefined)
    refuse('has neither metrics nor rules; expected at least one of them');
  const ruled = new Set(rules.filter(({ slice }) => slice === undefined).map(({ metric }) => metricText(metric)));
  const defaults = metrics.flatMap((metric, at) =>
    ruled.has(metricText(metric)) ? [] : defaultRule(task, metric, refuse, at),
  );
  if (written['best-of'] !== undefined && bestBy([...rules, ...defaults]) === undefined)
    refuse(
      'needs a rule of level fail that compares two versions over all rows by something else than a latency, e.g. { metric: accuracy, non-inferior: 0.02 }',
      'best-of',
    );
  return {
    problems,
    policy: {
      task,
      rules: [...rules, ...defaults],
      slices,
      minimumSupport: {
        rows: written['minimum-support']?.rows ?? 30,
        rowsOfClass: written['minimum-support']?.['rows-of-class'] ?? 10,
      },
      missing,
      normalization,
      asking: askingOf(task, written, refuse),
      ...withoutUndefined({
        dataset: typeof dataset === 'string' ? dataset : dataset?.path,
        datasetDigest: typeof dataset === 'string' ? undefined : dataset?.digest,
        datasetVersion: typeof dataset === 'string' ? undefined : dataset?.version,
        datasetExpires: typeof dataset === 'string' ? undefined : dataset?.expires,
        positive,
        cluster,
        group,
        seed,
      }),
    },
  };
};

/** The tasks that a key belongs to; it is required in the first of them where `required`. */
const keysOfTasks = [
  { key: 'positive', task: 'binary-classification', required: true, so: 'the label of the positive class, e.g. "1"' },
  { key: 'group', task: 'ranking', required: true, so: 'the column of the query' },
  { key: 'normalization', task: 'text', required: false, so: '' },
] as const;

const refuseKeysOfOtherTasks = (written: RawPolicy, refuse: Refuse): void => {
  for (const { key, task, required, so } of keysOfTasks) {
    const has = written[key] !== undefined;
    if (has && written.task !== task) refuse(`belongs to ${task}, and the task is ${written.task}`, key);
    if (!has && required && written.task === task) refuse(`${key} is missing; ${task} needs ${so}`);
  }
};

const slicesOf = (written: readonly string[], refuse: Refuse): readonly Slice[] => {
  const slices = written.flatMap((text, at) => sliceOf(text, refuse, 'slices', at));
  refuseTwice(
    slices.map(({ text }) => text),
    'slices',
    refuse,
  );
  return slices;
};

const sliceOf = (text: string, refuse: Refuse, ...path: readonly (string | number)[]): readonly Slice[] => {
  try {
    return [readSlice(text)];
  } catch (error) {
    if (!(error instanceof SliceProblem)) throw error;
    refuse(`${shown(text)} is not a slice: ${error.message}`, ...path);
    return [];
  }
};

/** A condition looks like an assignment, which `quoted` hides; secrets by shape are removed from the whole message. */
const shown = (text: string): string => JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 79)}…`);

/** `recall[versicolor]`. */
const ofClass = /^([a-z0-9-]+)\[(.+)\]$/s;

const metricOf = (
  task: Task,
  { metric: text, ...given }: Exclude<RawMetric, string>,
  refuse: Refuse,
  ...path: readonly (string | number)[]
): readonly MetricName[] => {
  const [, name = text, ofOne] = ofClass.exec(text) ?? [];
  const known: Readonly<Record<string, MetricFacts>> = metricsOf[task];
  const facts = Object.hasOwn(known, name) ? known[name] : undefined;
  if (facts === undefined) {
    refuse(unknownMetric(task, name, Object.keys(known)), ...path);
    return [];
  }
  const { length } = path;
  const problem = parameterProblem(name, facts, { ...given, ...withoutUndefined({ class: ofOne }) });
  if (problem !== undefined) refuse(problem, ...path.slice(0, length));
  return [
    withoutUndefined({
      metric: name,
      class: ofOne,
      ...given,
      average: given.average ?? (facts.parameters.includes('average') && ofOne === undefined ? 'macro' : undefined),
      pairs: given.pairs ?? (facts.parameters.includes('pairs') && ofOne === undefined ? 'one-vs-rest' : undefined),
    }),
  ];
};

const unknownMetric = (task: Task, name: string, known: readonly string[]): string => {
  const nearest = suggest(name, known);
  const others = Object.entries<Readonly<Record<string, MetricFacts>>>(metricsOf).flatMap(([other, metrics]) =>
    Object.hasOwn(metrics, name) ? [other] : [],
  );
  const hint =
    nearest !== undefined
      ? `did you mean ${nearest}?`
      : others.length > 0
        ? `${either(others)} has it`
        : `there are ${known.join(', ')}`;
  return `${quoted(name)} is not a metric of ${task}; ${hint}`;
};

type Parameter = MetricFacts['parameters'][number];
/** Where a metric has a parameter, it needs a value; only these have a default or another meaning without it. */
const optionalParameters: ReadonlySet<string> = new Set(['class', 'average', 'pairs', 'ndcg.k']);

const parameterProblem = (
  name: string,
  { parameters }: MetricFacts,
  given: Partial<Readonly<Record<Parameter, unknown>>>,
): string | undefined => {
  for (const key of Object.keys(given))
    if (!parameters.some((one) => one === key))
      return `${name} has no ${key}${parameters.length > 0 ? `; it has ${either(parameters)}` : ''}`;
  const missing = parameters.find(
    (one) => given[one] === undefined && !optionalParameters.has(one) && !optionalParameters.has(`${name}.${one}`),
  );
  if (missing !== undefined)
    return `${name} needs ${missing}: { metric: ${name}, ${missing}: ${missing === 'quantile' ? 0.9 : missing === 'k' ? 10 : 2} }`;
  if (given.class !== undefined && (given.average !== undefined || given.pairs !== undefined))
    return `${name} of one class has neither average nor pairs`;
  if (given.pairs === 'one-vs-one' && given.average === 'micro')
    return `${name} of pairs of classes has no micro average`;
  return undefined;
};

/** One text for one metric with its parameters, whatever the order in which they were written. */
const metricText = (metric: MetricName): string =>
  JSON.stringify(Object.entries(metric).sort(([one], [other]) => (one < other ? -1 : 1)));

const criteria = [
  ...['non-inferior', 'equivalent', 'superior', 'floor', 'ceiling', 'max-drop', 'must-improve-by'],
] as const satisfies readonly Criterion['is'][];

const ruleOf = (
  task: Task,
  { metric, average, beta, k, quantile, pairs, slice, level = 'fail', ...written }: RawRule,
  slices: readonly Slice[],
  refuse: Refuse,
  at: number,
): readonly Rule[] => {
  const name = { metric, ...withoutUndefined({ average, beta, k, quantile, pairs }) };
  const metrics = metricOf(task, name, refuse, 'rules', at, 'metric');
  const found = criteria.filter((one) => written[one] !== undefined);
  if (found.length !== 1)
    refuse(
      found.length === 0
        ? `has no criterion; expected ${either(criteria)}`
        : `has ${found.join(' and ')}; a rule has one criterion`,
      'rules',
      at,
    );
  const decided = found.flatMap((one) => written[one] ?? [])[0];
  const of = slice === undefined ? undefined : ruleSlice(slice, slices, refuse, 'rules', at, 'slice');
  if (decided === undefined) return [];
  return metrics.map((one) => ({ metric: one, ...decided, level, ...withoutUndefined({ slice: of }) }));
};

/** The name of the slice of a rule, as the comparison names its slices. */
const ruleSlice = (
  text: string,
  slices: readonly Slice[],
  refuse: Refuse,
  ...path: readonly (string | number)[]
): string | undefined => {
  const [slice] = sliceOf(text, refuse, ...path);
  if (slice === undefined) return undefined;
  if (slice.is === 'column')
    refuse(`${shown(text)} is a column; expected one of its slices, e.g. ${slice.text} = DE`, ...path);
  const ofColumn = valueSlice(slice);
  if (slices.some((one) => one.text === (one.is === 'column' ? ofColumn : slice.text))) return slice.text;
  if (slice.is === 'condition')
    refuse(
      `${shown(text)} is not among slices; add it there${slices.length > 0 ? `, or name one of ${slices.map((one) => one.text).join(', ')}` : ''}`,
      ...path,
    );
  return undefined;
};

/** The column of `country = DE`. */
const valueSlice = (slice: Slice): string | undefined =>
  slice.is === 'condition' && slice.condition.is === 'compare' && slice.condition.by === '='
    ? readSlice(`\`${slice.condition.column}\``).text
    : undefined;

const defaultRule = (task: Task, metric: MetricName, refuse: Refuse, at: number): readonly Rule[] => {
  const facts: MetricFacts | undefined = Object.entries<MetricFacts>(metricsOf[task]).find(
    ([name]) => name === metric.metric,
  )?.[1];
  if (facts?.defaultMargin === undefined) {
    refuse(`${metric.metric} has no default margin: give it a rule`, 'metrics', at);
    return [];
  }
  return [
    {
      metric,
      criterion: { is: 'non-inferior', margin: facts.defaultMargin },
      confidence: usualConfidence,
      level: 'fail',
      byDefault: true,
    },
  ];
};

const refuseTwice = (texts: readonly string[], key: string, refuse: Refuse): void => {
  for (const [at, text] of texts.entries()) if (texts.indexOf(text) < at) refuse('is there twice', key, at);
};
