import type { Chart, Series } from './chart.ts';
import type { EvidenceLevel, EvidenceMinute } from './story.ts';

type Frame = Pick<Chart, 'from' | 'to' | 'origin' | 'bucketMs' | 'bands' | 'marks'>;

/**
 * Both questions of the judge as odds on a logarithmic axis: each line decides when it reaches its threshold, and not before. The axis
 * ends at ten times the larger threshold, above which nothing changes, and at one tenth, below which no difference matters.
 */
export const evidenceChart = (evidence: readonly EvidenceMinute[], frame: Frame): Chart | undefined => {
  const last = evidence.at(-1);
  if (last === undefined) return undefined;
  const health = evidence.findLast(({ healthy }) => healthy !== undefined)?.healthy;
  const thresholds: Chart['thresholds'] = [
    { value: decades(last.worse.threshold), label: `convicts at ${oddsOf(last.worse)}`, style: 'worse' },
    ...(health
      ? [{ value: decades(health.threshold), label: `proves at ${oddsOf(health)}`, style: 'healthy' as const }]
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
      ...(health ? [line('healthy', 'evidence that it is healthy', evidence, ({ healthy }) => healthy)] : []),
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
