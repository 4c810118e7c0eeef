import type { Chart, Series } from './chart.ts';
import type { EvidenceLevel, EvidenceMinute } from './story.ts';

type Frame = Pick<Chart, 'from' | 'to' | 'origin' | 'bucketMs' | 'bands' | 'marks'>;

/**
 * Both questions of the judge as odds on a logarithmic axis: each line decides when it reaches its threshold, and not before. Above
 * ten times the larger one nothing changes any more, below one tenth nothing is left to say.
 */
export const evidenceChart = (evidence: readonly EvidenceMinute[], frame: Frame): Chart | undefined => {
  const last = evidence.at(-1);
  if (last === undefined) return undefined;
  const asked = evidence.findLast(({ healthy }) => healthy !== undefined)?.healthy;
  const thresholds: Chart['thresholds'] = [
    { value: decades(last.worse.threshold), label: `convicts at ${oddsOf(last.worse)}`, style: 'worse' },
    ...(asked
      ? [{ value: decades(asked.threshold), label: `proves at ${oddsOf(asked)}`, style: 'healthy' as const }]
      : []),
  ];
  const top = Math.ceil(Math.max(...thresholds.map(({ value }) => value))) + 1;
  return {
    title: 'Evidence: odds, by minute',
    ...frame,
    bottom: -1,
    top,
    grid: Array.from({ length: top + 2 }, (_, index) => ({ value: index - 1, label: label(index - 1) })),
    form: 'lines',
    series: [
      line('worse', 'evidence that the candidate is worse', evidence, ({ worse }) => worse),
      ...(asked ? [line('healthy', 'evidence that it is healthy', evidence, ({ healthy }) => healthy)] : []),
    ],
    thresholds,
  };
};

const line = (
  style: Series['style'],
  label: string,
  evidence: readonly EvidenceMinute[],
  of: (minute: EvidenceMinute) => EvidenceLevel | undefined,
): Series => ({
  style,
  label,
  values: evidence.map((one) => {
    const found = of(one);
    return { at: one.minute, value: found && decades(found.log) };
  }),
});

const decades = (log: number): number => log / Math.LN10;
const oddsOf = ({ threshold }: EvidenceLevel): string => String(Math.round(Math.exp(threshold)));
const label = (decade: number): string => (decade < 0 ? '1/10' : String(10 ** decade));
