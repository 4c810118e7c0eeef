import type { DistributionDiff, LatencyQuantiles } from '../../findings/comparison.ts';
import type { Regression, Repeated } from '../../findings/regression.ts';
import { percent } from '../../judge/amounts.ts';
import { valueText } from '../../regression/units.ts';

/** How far the answers differ, how long they took, and whether they repeat; by these no rule decides. Plain text without any foreign one; empty where nothing is known. */
export const answerDiffSentence = ({
  diff,
  latencies,
  repeated,
}: Pick<Regression, 'diff' | 'latencies' | 'repeated'>): string =>
  [
    ...(diff === undefined
      ? []
      : [
          `Predictions differ in ${percent(diff.flipRate)} of the rows (${percent(diff.interval[0]).replace(' %', '')} to ${percent(diff.interval[1])})`,
          ...diff.distributions.map(distributionText),
        ]),
    ...(latencies === undefined
      ? []
      : [
          `Latency p50, p95, p99: ${(['candidate', 'baseline'] as const)
            .flatMap((side) => (latencies[side] === undefined ? [] : `${side} ${quantilesText(latencies[side])}`))
            .join('; ')}`,
        ]),
    ...(repeated === undefined ? [] : [repeatedText(repeated)]),
  ]
    .map((sentence) => `${sentence}.`)
    .join(' ');

const repeatedText = ({ rows, ...changed }: Repeated): string => {
  const differing = (['candidate', 'baseline'] as const).filter((side) => changed[side] > 0);
  return differing.length === 0
    ? `${rows} requests were sent twice, with the same answers`
    : `${rows} requests were sent twice: ${differing.map((side) => `the ${side} answered ${changed[side]} of them differently`).join(', ')}`;
};

const distributionText = ({ of, stabilityIndex, byChance, jensenShannonBits }: DistributionDiff): string =>
  `Distribution of ${of}: PSI ${short(stabilityIndex)}, by chance up to ${short(byChance)}; Jensen–Shannon ${short(jensenShannonBits)} bits`;

/** Differences of a distribution in a millionth are none to a reader. */
const short = (value: number): string => String(Number((Math.abs(value) < 1e-6 ? 0 : value).toPrecision(3)));

const quantilesText = ({ p50, p95, p99 }: LatencyQuantiles): string =>
  [p50, p95, p99].map((value) => valueText('latency-p50', value)).join(', ');
