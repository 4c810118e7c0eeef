import type { Containers, Kernel, Metrics } from '../../contracts.ts';
import type { ServiceState } from './model.ts';

/**
 * Requests to the production listener of a service, in the background. The load balancer splits them by the weights that CodeDeploy gives
 * both target groups. Each counts in `AWS/ApplicationELB` for the load balancer and for the target group; an error only where there is one
 * ("CloudWatch metrics for your Application Load Balancer": "Reporting criteria: There is a nonzero value"). Only RequestCount,
 * HTTPCode_Target_4XX_Count, HTTPCode_Target_5XX_Count and TargetResponseTime, in seconds, are simulated.
 */
export const createRequests = (
  kernel: Kernel,
  metrics: Metrics,
  serviceOf: (cluster: string, name: string) => ServiceState | undefined,
): Containers => {
  const failing = new Map<string, { readonly 400?: number; readonly 500?: number }>();
  const times = new Map<string, number>();

  const record = (LoadBalancer: string, TargetGroup: string, { seconds, mistaken, errors }: Counted): void => {
    const at = kernel.clock.now();
    for (const dimensions of [{ LoadBalancer }, { TargetGroup, LoadBalancer }]) {
      const count = (name: string, times: number): void =>
        metrics.recordMany('AWS/ApplicationELB', name, dimensions, [1], [times], at);
      count('RequestCount', seconds.length);
      if (mistaken > 0) count('HTTPCode_Target_4XX_Count', mistaken);
      if (errors > 0) count('HTTPCode_Target_5XX_Count', errors);
      const each = seconds.map(() => 1);
      metrics.recordMany('AWS/ApplicationELB', 'TargetResponseTime', dimensions, seconds, each, at);
    }
  };

  return {
    fail: (taskDefinition, rate, status = 500) =>
      void failing.set(taskDefinition, { ...failing.get(taskDefinition), [status]: rate }),
    slow: (taskDefinition, milliseconds) => void times.set(taskDefinition, milliseconds),
    traffic({ cluster, service: name, loadBalancer, requestsPerSecond, seed }) {
      const random = kernel.random(`requests/${cluster}/${name}/${seed}`);
      let owed = 0;
      const timer = kernel.clock.every(1000, `requests to ${cluster}/${name}`, () => {
        const service = serviceOf(cluster, name);
        owed += requestsPerSecond;
        const due = Math.floor(owed);
        owed -= due;
        if (service === undefined) return;
        for (const { revision, loadBalancer: behind, share } of shares(service)) {
          const name = `${revision.family}:${revision.revision}`;
          const { 400: mistakes = 0, 500: failures = 0 } = failing.get(name) ?? {};
          const usual = times.get(name) ?? usualMilliseconds;
          const counted: Counted = { seconds: [], mistaken: 0, errors: 0 };
          for (let request = 0; request < due; request++) {
            const lot = random();
            if (lot < share.from || lot >= share.to) continue;
            counted.seconds.push(Math.round(usual * (0.5 + random())) / 1000);
            const answer = random();
            if (answer < failures) counted.errors++;
            else if (answer < failures + mistakes) counted.mistaken++;
          }
          if (counted.seconds.length > 0) record(loadBalancer, targetGroupOf(behind.targetGroupArn), counted);
        }
      });
      return { stop: () => timer.cancel() };
    },
  };
};

/** Of the tasks of one revision in one second. */
interface Counted {
  /** Response times, one of each request. */
  readonly seconds: number[];
  mistaken: number;
  errors: number;
}

/** Response time, unless `slow` has another. */
const usualMilliseconds = 40;

/** Each task set with its part of [0, 1). */
const shares = ({ taskSets }: ServiceState) => {
  let from = 0;
  return taskSets.map(({ revision, loadBalancer, weight }) => {
    const share = { from, to: from + weight / 100 };
    from = share.to;
    return { revision, loadBalancer, share };
  });
};

/** As the metrics name it: `targetgroup/churn-blue/0123456789abcdef`. */
const targetGroupOf = (arn: string): string => arn.slice(arn.indexOf('targetgroup/'));
