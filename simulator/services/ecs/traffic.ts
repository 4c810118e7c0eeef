import type { Containers, Kernel, Metrics } from '../../contracts.ts';
import type { ServiceState } from './model.ts';

/**
 * Requests to the production listener of a service, in the background. The load balancer splits them by the weights that CodeDeploy gives
 * both target groups. Each counts in `AWS/ApplicationELB` for the load balancer and for the target group; an error only where there is one
 * ("CloudWatch metrics for your Application Load Balancer": "Reporting criteria: There is a nonzero value"). Only RequestCount and
 * HTTPCode_Target_5XX_Count are simulated.
 */
export const createRequests = (
  kernel: Kernel,
  metrics: Metrics,
  serviceOf: (cluster: string, name: string) => ServiceState | undefined,
): Containers => {
  const failing = new Map<string, number>();

  const record = (loadBalancer: string, targetGroup: string, requests: number, errors: number): void => {
    const LoadBalancer = loadBalancer;
    for (const dimensions of [{ LoadBalancer }, { TargetGroup: targetGroup, LoadBalancer }]) {
      const at = kernel.clock.now();
      metrics.recordMany('AWS/ApplicationELB', 'RequestCount', dimensions, [1], [requests], at);
      if (errors > 0)
        metrics.recordMany('AWS/ApplicationELB', 'HTTPCode_Target_5XX_Count', dimensions, [1], [errors], at);
    }
  };

  return {
    fail: (taskDefinition, rate) => void failing.set(taskDefinition, rate),
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
          const rate = failing.get(`${revision.family}:${revision.revision}`) ?? 0;
          const counted = { requests: 0, errors: 0 };
          for (let request = 0; request < due; request++) {
            const lot = random();
            if (lot < share.from || lot >= share.to) continue;
            counted.requests++;
            if (random() < rate) counted.errors++;
          }
          if (counted.requests > 0)
            record(loadBalancer, targetGroupOf(behind.targetGroupArn), counted.requests, counted.errors);
        }
      });
      return { stop: () => timer.cancel() };
    },
  };
};

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
