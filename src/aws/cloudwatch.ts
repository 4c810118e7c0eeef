import {
  CloudWatchClient,
  type CloudWatchClientConfig,
  DeleteAlarmsCommand,
  type DeleteAlarmsInput,
  DescribeAlarmHistoryCommand,
  type DescribeAlarmHistoryInput,
  DescribeAlarmsCommand,
  type DescribeAlarmsInput,
  GetMetricDataCommand,
  type GetMetricDataInput,
  PutMetricAlarmCommand,
  type PutMetricAlarmInput,
  PutMetricDataCommand,
  type PutMetricDataInput,
} from '@aws-sdk/client-cloudwatch';
import type { Sender } from './sender.ts';

export type {
  AlarmHistoryItem,
  GetMetricDataInput,
  GetMetricDataOutput,
  MetricAlarm,
  MetricDataQuery,
  MetricDatum,
  PutMetricAlarmInput,
  PutMetricDataInput,
} from '@aws-sdk/client-cloudwatch';

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const cloudwatchClient = (settings: CloudWatchClientConfig): CloudWatchClient => new CloudWatchClient(settings);

/** CloudWatch, one method per call. */
export const cloudwatch = (send: Sender<CloudWatchClient>) => ({
  reads: {
    describeAlarms: (input: DescribeAlarmsInput) => send(new DescribeAlarmsCommand(input)),
    describeAlarmHistory: (input: DescribeAlarmHistoryInput) => send(new DescribeAlarmHistoryCommand(input)),
    getMetricData: (input: GetMetricDataInput) => send(new GetMetricDataCommand(input)),
  },
  writes: {
    putMetricAlarm: (input: PutMetricAlarmInput) => send(new PutMetricAlarmCommand(input)),
    deleteAlarms: (input: DeleteAlarmsInput) => send(new DeleteAlarmsCommand(input)),
    putMetricData: (input: PutMetricDataInput) => send(new PutMetricDataCommand(input)),
  },
});
export type Cloudwatch = ReturnType<typeof cloudwatch>;
