import { amount, lasting, percent } from './amounts.ts';
import type { Metric } from './policy.ts';
import type { MetricEvidence } from './verdict.ts';

/** Sentences about metrics of the user's own. */

/** `confident answers: 20 of 300 (6.67 %) beside the baseline's 900 of 2700 (33.3 %)`; of a distribution, its most conspicuous cell. */
export const ownSides = (
  { says }: Pick<Metric, 'says'>,
  { candidate, baseline, cell }: Pick<MetricEvidence, 'candidate' | 'baseline' | 'cell'>,
): string =>
  `${says}${cell ? ` "${cell.name}"` : ''}: ${part(candidate)} beside the baseline's ${part(baseline)}${cell ? `, ${cell.change} than the baseline` : ''}`;

const part = ({ requests, bad }: MetricEvidence['candidate']): string =>
  `${amount(bad)} of ${amount(requests)}${requests > 0 ? ` (${percent(bad / requests)})` : ''}`;

/** What the candidate may do: `up to 1.2 times is tolerated`. */
export const tolerance = ({ worseThan, good, cells }: Metric): string => {
  if (cells) return `a share may differ by a factor of ${worseThan}`;
  if (good) return `the baseline may have up to ${worseThan} times as many`;
  return worseThan === 1 ? 'no more than the baseline is tolerated' : `up to ${worseThan} times is tolerated`;
};

export const ownMissing = (names: readonly string[], seconds: number): string =>
  `no data of ${names.join(', ')} for ${lasting(seconds)}: unknown is neither healthy nor guilty, so the weight stays`;

/**
 * @param evidence of that metric
 * @param guilt the end of the sentence: the evidence of all metrics together, where it is worth a word
 */
export const ownDiffers = (metric: Metric, evidence: MetricEvidence, guilt: string): string => {
  const seen = `${ownSides(metric, evidence)}; the candidate seems to differ by a factor of more than ${metric.worseThan}`;
  return metric.holds
    ? `${seen}. A new model may differ on purpose, so ${metric.name} convicts nothing and the weight stays: give the command promote-now if the change is meant, or set "verdict: convict" to take such a version back`
    : `${seen}: too much to take the next step, and not yet enough to convict${guilt}`;
};
