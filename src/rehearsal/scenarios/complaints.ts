import { minutes } from '../../clock.ts';
import type { Stage } from '../stage.ts';

/** An alarm of the team's own, which a manifest may name. */
export const complaints = 'iris-complaints';

export const watchComplaints = async (stage: Stage): Promise<void> => {
  await stage.simulator.call('cloudwatch', 'PutMetricAlarm', {
    AlarmName: complaints,
    Namespace: 'Acme/Garden',
    MetricName: 'Complaints',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
  });
  await stage.driver.until(stage.driver.now() + minutes(5));
};

/** One complaint a minute. */
export const complain = async (stage: Stage, during: number): Promise<void> => {
  const until = stage.driver.now() + during;
  while (stage.driver.now() < until) {
    stage.simulator.metrics.record('Acme/Garden', 'Complaints', {}, 1, stage.driver.now());
    await stage.driver.until(stage.driver.now() + minutes(1));
  }
};
