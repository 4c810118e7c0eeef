import type { JudgedMetric, Judgement } from '../findings/judgement.ts';
import { errorsMetric, type Metric } from '../judge/policy.ts';
import type { MetricEvidence } from '../judge/verdict.ts';
import type { Release } from '../release/record.ts';

/**
 * The judge's verdict in a release's record, for a report: the last verdict on steps, or the verdict that stopped a guardrail
 * deployment, or took it back. The result is empty when there was no judge, or when the judge never read a metric.
 */
export const judgementOf = ({
  stepping,
  submission,
  witnessed,
  takenBack,
}: Pick<Release, 'stepping' | 'submission' | 'witnessed' | 'takenBack'>): { readonly findings?: Judgement } => {
  const figures = stepping ? stepping.verdict?.figures : (witnessed.abort ?? takenBack)?.figures;
  const policy = stepping?.policy ?? ('judged' in submission ? submission.judged?.policy : undefined);
  if (policy === undefined || figures === undefined) return {};
  const { evidence, candidateRequests, logEvidence, threshold } = figures;
  return {
    findings: {
      is: 'judgement',
      exposed: candidateRequests,
      harmed: evidence[errorsMetric]?.candidate.bad ?? 0,
      logEvidence: round(logEvidence),
      threshold: round(threshold),
      metrics: policy.metrics.flatMap((metric) => metricOf(metric, evidence[metric.name])),
    },
  };
};

const metricOf = (
  { says, weight, good, holds }: Metric,
  found: MetricEvidence | undefined,
): readonly JudgedMetric[] => {
  if (found === undefined) return [];
  const { candidate, baseline, excess, interval, logEvidence, logHealth, healthThreshold, cell } = found;
  return [
    {
      says: cell ? `${says}: "${cell.name}" (${cell.change})` : good ? `${says} (good ones)` : says,
      candidate,
      baseline,
      ...(excess === undefined ? {} : { excess: round(excess) }),
      interval: [round(interval[0]), round(interval[1])],
      logEvidence: round(logEvidence),
      ...(holds ? { holds } : weight === 0 ? { reported: true as const } : {}),
      ...(healthThreshold === undefined
        ? {}
        : { health: { logEvidence: round(logHealth), threshold: round(healthThreshold) } }),
    },
  ];
};

/** Four digits are known; sixteen would claim more. A record is JSON, so the logarithm of zero is null in it. */
const round = (value: number | null): number =>
  value === null ? Number.NEGATIVE_INFINITY : Number(value.toPrecision(4));
