import type { JudgedMetric, Judgement } from '../../findings/judgement.ts';
import { counted, odds, percent } from '../../judge/amounts.ts';
import { htmlTable } from '../html-table.ts';
import { prose } from '../markdown.ts';
import type { ArmMinute } from '../story.ts';
import { escapeXml } from '../xml.ts';
import type { FindingsRenderer, PageAround, TestCase } from './renderer.ts';

const title = 'What the judge found';

export const judgementRenderer = {
  member: 'judged',
  summary: (found: Judgement): string =>
    [
      `### ${title}`,
      '',
      sentence(found),
      '',
      `| ${heads.join(' | ')} |`,
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      ...rows(found).map((cells) => `| ${cells.map(prose).join(' | ')} |`),
    ].join('\n'),
  html: (found: Judgement, { minutes }: PageAround): string =>
    [
      `<h3>${title}</h3>`,
      `<p>${escapeXml(sentence(found))}${minutes === undefined ? '' : ` ${answeredInAll(minutes)}`}</p>`,
      htmlTable(
        heads,
        // A count and the text in brackets behind it fit a narrow cell one below the other.
        rows(found).map((cells) => cells.map((cell) => escapeXml(cell).replace(' (', '<br>('))),
        'numbers judged',
      ),
    ].join('\n'),
  junit: (found: Judgement): readonly TestCase[] => [
    {
      classname: 'model-delivery.judge',
      name: 'the judge does not convict the candidate',
      ended: convicts(found)
        ? { is: 'failed', type: 'convicted', message: together(found), details: sentence(found) }
        : { is: 'passed' },
      output: [sentence(found), ...rows(found).map(line)].join('\n'),
    },
  ],
} as const satisfies FindingsRenderer<Judgement>;

/** One test case for all metrics: a metric alone convicts nothing, and a green deployment must not show a red case. */
const convicts = ({ logEvidence, threshold }: Judgement): boolean => logEvidence >= threshold;

const together = ({ logEvidence, threshold }: Judgement): string =>
  `evidence that the candidate is worse, all metrics together: ${odds(logEvidence)} of ${odds(threshold)}`;

/** `errors: candidate 36 of 873 (4.12 %), baseline …`. */
const line = ([metric = '', ...cells]: readonly string[]): string =>
  `${metric}: ${cells.flatMap((cell, index) => (cell === '' ? [] : [`${heads[index + 1]} ${cell}`])).join(', ')}`;

/** Heads of the table; its rows are `rows`. Plain text. */
const heads = [
  'bad requests',
  'candidate',
  'baseline',
  'excess',
  'evidence that it is worse',
  'evidence that it is healthy',
] as const;

/** One row per metric, and one for all of them together. Evidence is shown as odds, beside the odds that decide. */
const rows = ({ metrics, logEvidence, threshold }: Judgement): readonly (readonly string[])[] => [
  ...metrics.map((metric) => [
    metric.says,
    side(metric.candidate),
    side(metric.baseline),
    excess(metric),
    `${odds(metric.logEvidence)}${metric.reported ? ', not judged' : metric.holds ? ', holds only' : ''}`,
    metric.health ? `${odds(metric.health.logEvidence)} of ${odds(metric.health.threshold)}` : 'not required',
  ]),
  ['together', '', '', '', `${odds(logEvidence)} of ${odds(threshold)}`, ''],
];

/** Exposure and harm, and each conspicuous figure that decides nothing. */
const sentence = ({ exposed, harmed, metrics, threshold }: Judgement): string =>
  [
    `In the judged minutes the candidate had ${counted(exposed, 'request')} and failed ${counted(harmed, 'time')}.`,
    ...metrics
      .filter(({ reported, logEvidence }) => reported && logEvidence >= threshold)
      .map(
        ({ says, candidate, baseline }) =>
          `Remark: ${says}, ${side(candidate)} beside ${side(baseline)}: the candidate may refuse input that the old version accepts. This decides nothing by itself; it does with "client-errors: judge" in the manifest.`,
      ),
  ].join(' ');

/** Of the whole release, including the minutes without a judgement. */
const answeredInAll = (minutes: readonly ArmMinute[]): string => {
  const answered = minutes.filter(({ arm }) => arm === 'candidate');
  const sum = (of: (minute: ArmMinute) => number): number => answered.reduce((total, one) => total + of(one), 0);
  return `In all it answered ${counted(
    sum(({ requests }) => requests),
    'request',
  )}, ${sum(({ errors }) => errors)} of them with an error and ${sum(({ clientErrors }) => clientErrors)} with a 4xx.`;
};

const side = ({ requests, bad }: JudgedMetric['candidate']): string =>
  requests === 0 ? 'none' : `${bad} of ${requests} (${percent(bad / requests)})`;

const excess = ({ excess: estimate, interval: [lower, upper], baseline: { requests, bad } }: JudgedMetric): string => {
  // No rate is below zero, so no excess is below the baseline's rate.
  const least = requests > 0 ? Math.max(lower, -bad / requests) : lower;
  return estimate === undefined
    ? 'unknown'
    : `${percent(estimate)} (${percent(Math.min(least, estimate))} to ${percent(upper)})`;
};
