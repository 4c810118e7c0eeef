import type { Evidence, EvidenceMetric, RegisteredMetrics } from '../../findings/evidence.ts';
import { counted } from '../../judge/amounts.ts';
import { amount, difference, servingSentence } from './evidence-words.ts';
import type { Section } from './section.ts';

export const metricsSection = (found: RegisteredMetrics): Section => {
  const { tag, serves, metrics: all } = found;
  const beside = servingName(serves);
  const rows = all.map((metric) => [
    metric.name,
    amount(metric.candidate),
    ...(beside === undefined ? [] : [amount(metric.serving), difference(metric)]),
  ]);
  return {
    title: 'Metrics',
    lines: [servingSentence(serves), ...notesOf(found)],
    ...(all.length === 0
      ? {}
      : { table: { heads: ['metric', tag, ...(beside === undefined ? [] : [beside, 'difference'])], rows } }),
  };
};

/** The same for a log. */
export const metricsLines = (found: RegisteredMetrics): readonly string[] => [
  ...found.metrics.map(metricInWords),
  ...notesOf(found),
];

const notesOf = ({ metrics: all, metricNotes, metricsLeft }: RegisteredMetrics): readonly string[] => [
  ...(all.length === 0 ? ['No version has registered metrics.'] : []),
  ...metricNotes,
  ...(metricsLeft === 0 ? [] : [`${counted(metricsLeft, 'more metric')}: see the evaluation of the package.`]),
];

/** `auc 0.91, serving 0.9 (+0.01 ▲ better)`. */
export const metricInWords = (one: EvidenceMetric): string =>
  one.serving === undefined
    ? `${one.name} ${amount(one.candidate)}`
    : `${one.name} ${amount(one.candidate)}, serving ${amount(one.serving)} (${difference(one)})`;

const servingName = (serves: Evidence['serves']): string | undefined =>
  serves.is === 'known' ? serves.value.name : undefined;
