import type { Stack } from 'aws-cdk-lib';
import { Token } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { acknowledge } from './acknowledged.ts';
import { given, onlyIf, parameter } from './template.ts';

interface Watched {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Alarms over five minutes, which tell the topic of a parameter. */
export const alarmsOf = (stack: Stack) => {
  const topic = parameter(stack, 'AlarmTopic', {
    description: 'ARN of an SNS topic that the alarms tell; empty for none.',
    default: '',
    allowedPattern: '(arn:[a-z-]+:sns:.+)?',
    constraintDescription: 'empty, or the ARN of a topic',
  });
  const hasTopic = given(stack, 'HasAlarmTopic', topic);
  const alarm = (
    id: string,
    alarmDescription: string,
    { namespace, metricName, dimensions }: Watched,
    when: 'something' | 'nothing',
  ): void => {
    const made = new CfnAlarm(stack, id, {
      alarmDescription,
      namespace,
      metricName,
      dimensions: Object.entries(dimensions).map(([name, value]) => ({ name, value })),
      statistic: metricName.startsWith('Approximate') ? 'Maximum' : 'Sum',
      period: 300,
      evaluationPeriods: 1,
      threshold: 1,
      comparisonOperator: when === 'something' ? 'GreaterThanOrEqualToThreshold' : 'LessThanThreshold',
      treatMissingData: when === 'something' ? 'notBreaching' : 'breaching',
      alarmActions: Token.asList(onlyIf(hasTopic.logicalId, [{ Ref: 'AlarmTopic' }])),
    });
    acknowledge(made, 'An empty topic is left out by its condition.', 'CloudFormation-Validate::W1030');
  };
  return alarm;
};
