import { percent } from './amounts.ts';
import type { Metric } from './policy.ts';
import type { MetricEvidence } from './verdict.ts';

/** Sentences about metrics of the user's own. */

/** `confident answers: 20 of 300 (6.67 %) beside 900 of 2700 (33.3 %)`; of a distribution, its most conspicuous cell. */
export const ownSides = (
  { says }: Pick<Metric, 'says'>,
  { candidate, baseline, cell }: Pick<MetricEvidence, 'candidate' | 'baseline' | 'cell'>,
): string =>
  `${says}${cell ? ` "${cell.name}"` : ''}: ${part(candidate)} beside ${part(baseline)}${cell ? `, ${cell.change} than before` : ''}`;

const part = ({ requests, bad }: MetricEvidence['candidate']): string =>
  `${amount(bad)} of ${amount(requests)} (${requests > 0 ? percent(bad / requests) : 'none'})`;

/** Sums of scores are no whole numbers. */
const amount = (value: number): string => String(Number(value.toPrecision(6)));

/** The event that the evidence is about: `is more than 1.2 times worse`. */
export const suspicion = ({ worseThan, good, cells }: Metric): string => {
  if (cells) return `is off by a factor of more than ${worseThan}`;
  return good ? `is more than ${worseThan} times below that` : `is more than ${worseThan} times worse`;
};

export const ownMissing = (names: readonly string[], seconds: number): string =>
  `no data of ${names.join(', ')} for ${Math.round(seconds)} s: unknown is neither healthy nor guilty, so the weight stays`;

/**
 * @param evidence of that metric, if there is any
 * @param guilt the evidence of all metrics together
 */
export const ownDiffers = (metric: Metric, evidence: MetricEvidence | undefined, guilt: string): string => {
  const seen = `${evidence ? ownSides(metric, evidence) : metric.says}; the candidate seems to differ by a factor of more than ${metric.worseThan}`;
  return metric.holds
    ? `${seen}. A new model may differ on purpose, so ${metric.name} convicts nothing and the weight stays: give the command promote-now if the change is meant, or set "verdict: convict" to take such a version back`
    : `${seen}: too much to take the next step, and not yet enough to convict; ${guilt}`;
};
