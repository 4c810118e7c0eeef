import { odds, percent } from '../judge/because.ts';
import type { Judged, JudgedMetric } from '../operation.ts';

/** Heads of the table of what a judge found; its rows are `judgedRows`. Plain text. */
export const judgedHeads = [
  'bad requests',
  'candidate',
  'baseline',
  'excess',
  'evidence that it is worse',
  'evidence that it is healthy',
] as const;

/** One row per metric, and one for all of them together. Evidence is told as odds, with what it takes. */
export const judgedRows = ({ metrics, logEvidence, threshold }: Judged): readonly (readonly string[])[] => [
  ...metrics.map((metric) => [
    metric.says,
    side(metric.candidate),
    side(metric.baseline),
    excess(metric),
    `${odds(metric.logEvidence)}${metric.reported ? ', not judged' : ''}`,
    metric.health ? `${odds(metric.health.logEvidence)} of ${odds(metric.health.threshold)}` : 'not asked',
  ]),
  ['together', '', '', '', `${odds(logEvidence)} of ${odds(threshold)}`, ''],
];

/** Exposure and harm, and a figure that decides nothing and stands out all the same. */
export const judgedSentence = ({ exposed, harmed, metrics, threshold }: Judged): string =>
  [
    `In the minutes that were judged the candidate was asked ${count(exposed, 'time')} and failed ${count(harmed, 'time')}.`,
    ...metrics
      .filter(({ reported, logEvidence }) => reported && logEvidence >= threshold)
      .map(
        ({ says, candidate, baseline }) =>
          `Remark: ${says}, ${side(candidate)} beside ${side(baseline)}: the candidate may refuse input that the old version takes. This decides nothing by itself; "client-errors: judge" in the manifest lets it.`,
      ),
  ].join(' ');

const count = (n: number, noun: string): string => `${n} ${n === 1 ? noun : `${noun}s`}`;

const side = ({ requests, bad }: JudgedMetric['candidate']): string =>
  requests === 0 ? 'none' : `${bad} of ${requests} (${percent(bad / requests)})`;

const excess = ({ excess: estimate, interval: [lower, upper] }: JudgedMetric): string =>
  estimate === undefined ? 'unknown' : `${percent(estimate)} (${percent(lower)} to ${percent(upper)})`;
