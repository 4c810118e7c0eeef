import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { TestAccount } from './account.ts';

// What the accounts with an alias and with a service have in common.

export const canary = '{ strategy: canary, size: 10%, bake: 5m, final-bake: 0s, minimum-requests: 0 }';
export const allAtOnce = '{ strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }';
/** Under a judge. */
export const judged = (rollout: string = canary): string =>
  rollout.replace(
    '}',
    ', judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 0.5%, confidence: 0.95 } } }',
  );

type Simulated = Pick<TestAccount['simulator'], 'call' | 'objects'>;

/** The alarm of the group: its limit is on the errors of a minute. One minute of five, since the metrics of a minute may come late. */
export const alarmOnErrors = (
  { call }: Simulated,
  metric: {
    readonly Namespace: string;
    readonly MetricName: string;
    readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  },
  Threshold: number,
): Promise<unknown> =>
  call('cloudwatch', 'PutMetricAlarm', {
    AlarmName: 'iris-live-errors',
    ...metric,
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 5,
    DatapointsToAlarm: 1,
    Threshold,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
  });

/** The journals of all releases. @param of `lambda/iris/live` */
export const journalsOf = ({ objects }: Simulated, of: string): string =>
  objects
    .under(`model-delivery-${team.account}-${team.region}`, `${of}/releases/`)
    .filter(({ key }) => key.endsWith('/journal.jsonl'))
    .map(({ body }) => body.toString())
    .join('');

/** Deployments of the group that were created by a user, newest first. */
export const deploymentsOf = async ({ call }: Simulated): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const { deployments } = await call('codedeploy', 'ListDeployments', {
    applicationName: 'iris',
    deploymentGroupName: 'live',
  });
  const all = [];
  for (const deploymentId of deployments as readonly string[]) {
    const { deploymentInfo } = await call('codedeploy', 'GetDeployment', { deploymentId });
    all.push(deploymentInfo as Readonly<Record<string, unknown>>);
  }
  return all.filter(({ creator }) => creator === 'user');
};
