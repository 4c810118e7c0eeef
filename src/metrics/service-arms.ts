import type { LatencyPlan } from '../judge/latency.ts';
import type { MeasuredTasks } from '../release/record.ts';
import type { World } from '../world.ts';
import type { Arms, Reading } from './arms.ts';
import { readSeries, type Series } from './fleet-metrics.ts';
import type { CountedMetric } from './sums-by-minute.ts';

/**
 * The requests to the tasks of one target group ("CloudWatch metrics for your Application Load Balancer"). RequestCount has the requests for
 * which the load balancer chose a target. The status codes are those of the targets: an answer of the load balancer itself, such as a 502 for
 * a task that died, has no target group and no version. They are reported only where there are some, so a minute without a data point
 * of them has none. TargetResponseTime is in seconds.
 */
export const seriesOfTasks = ({ loadBalancer, targetGroup }: MeasuredTasks): Series => ({
  namespace: 'AWS/ApplicationELB',
  dimensions: [
    { Name: 'TargetGroup', Value: targetGroup },
    { Name: 'LoadBalancer', Value: loadBalancer },
  ],
  sums: { requests: 'RequestCount', errors: 'HTTPCode_Target_5XX_Count', callers: 'HTTPCode_Target_4XX_Count' },
  clientErrors: true,
  latency: { metric: 'TargetResponseTime', perMillisecond: 0.001 },
  counts: (point) => {
    const [requests = 0, errors = 0, clientErrors = 0] = [point('requests'), point('errors'), point('callers')];
    return errors + clientErrors > requests ? undefined : { requests, errors, clientErrors };
  },
});

/** The requests of `seriesOfTasks` alone. */
export const requestsOfTasks = (measured: MeasuredTasks): CountedMetric => {
  const { dimensions, sums } = seriesOfTasks(measured);
  return { namespace: 'AWS/ApplicationELB', name: sums.requests, statistic: 'Sum', dimensions };
};

/** The tasks of two revisions behind one load balancer. Other services may be behind it too, so its own count checks nothing. */
export const armsOfTasks = (
  world: World,
  measured: { readonly candidate: MeasuredTasks; readonly baseline: MeasuredTasks },
  latency: LatencyPlan | undefined,
): Arms => {
  const arm =
    (tasks: MeasuredTasks): Reading =>
    (from, to) =>
      readSeries(world, seriesOfTasks(tasks), latency, from, to);
  return { candidate: arm(measured.candidate), baseline: arm(measured.baseline) };
};
