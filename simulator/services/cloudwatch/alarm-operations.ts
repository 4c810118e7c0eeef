import { AwsError, type Handler, type Kernel } from '../../contracts.ts';
import type { AlarmDefinition } from './alarm-definition.ts';
import { type Alarm, type AlarmEngine, notFound } from './alarms.ts';
import type { AlarmState } from './missing-data.ts';
import { instantOf, page, type WireTime, wireTime } from './wire.ts';

interface Paged {
  readonly MaxRecords?: number;
  readonly NextToken?: string;
}

/** Defaults of DescribeAlarms for members that PutMetricAlarm did not set. */
const defaults = { ActionsEnabled: true, OKActions: [], AlarmActions: [], InsufficientDataActions: [], Dimensions: [] };

export const alarmOperations = (kernel: Kernel, engine: AlarmEngine): Readonly<Record<string, Handler>> => {
  const describe = (alarm: Alarm): object => ({
    ...defaults,
    ...alarm.definition,
    AlarmArn: kernel.arn('cloudwatch', `alarm:${alarm.definition.AlarmName}`),
    AlarmConfigurationUpdatedTimestamp: wireTime(alarm.configuredAt),
    StateValue: alarm.state,
    StateReason: alarm.reason.slice(0, 1023),
    ...(alarm.reasonData === undefined ? {} : { StateReasonData: alarm.reasonData }),
    StateUpdatedTimestamp: wireTime(alarm.updatedAt),
    StateTransitionedTimestamp: wireTime(alarm.transitionedAt),
  });

  return {
    PutMetricAlarm: (input: AlarmDefinition) => {
      engine.put(input);
      return {};
    },

    /** Composite and log alarms appear only on request, and there are none; an unknown name is simply absent (§5.1). */
    DescribeAlarms: (
      input: Paged & {
        AlarmNames?: readonly string[];
        AlarmNamePrefix?: string;
        AlarmTypes?: readonly string[];
        StateValue?: AlarmState;
        ActionPrefix?: string;
      },
    ) => {
      if (input.AlarmNames && input.AlarmNamePrefix !== undefined)
        throw new AwsError(
          'ValidationError',
          'The parameters AlarmNames and AlarmNamePrefix must not be specified together',
        );
      const found = engine.all().filter(({ definition, state }) => {
        const actions = [definition.OKActions, definition.AlarmActions, definition.InsufficientDataActions].flatMap(
          (list) => list ?? [],
        );
        return (
          (input.AlarmTypes ?? ['MetricAlarm']).includes('MetricAlarm') &&
          (input.AlarmNames?.includes(definition.AlarmName) ?? true) &&
          definition.AlarmName.startsWith(input.AlarmNamePrefix ?? '') &&
          (input.StateValue ?? state) === state &&
          (input.ActionPrefix === undefined || actions.some((action) => action.startsWith(input.ActionPrefix ?? '')))
        );
      });
      const { items, ...rest } = page(found, input.MaxRecords ?? 50, input.NextToken);
      return { MetricAlarms: items.map(describe), CompositeAlarms: [], ...rest };
    },

    DeleteAlarms: (input: { AlarmNames: readonly string[] }) => {
      if (engine.remove(input.AlarmNames) === 0 && kernel.settings.unknownAlarmsDeleted === 'refused') throw notFound();
      return {};
    },

    SetAlarmState: (input: {
      AlarmName: string;
      StateValue: AlarmState;
      StateReason: string;
      StateReasonData?: string;
    }) => {
      if (input.StateReasonData !== undefined && !isJson(input.StateReasonData))
        throw new AwsError('InvalidFormatFault', 'StateReasonData must be valid JSON');
      engine.setState(input.AlarmName, input.StateValue, input.StateReason, input.StateReasonData);
      return {};
    },

    DescribeAlarmHistory: (
      input: Paged & {
        AlarmName?: string;
        HistoryItemType?: string;
        StartDate?: WireTime;
        EndDate?: WireTime;
        ScanBy?: 'TimestampDescending' | 'TimestampAscending';
      },
    ) => {
      const found = engine
        .history()
        .filter(
          ({ alarm, type, at }) =>
            (input.AlarmName ?? alarm) === alarm &&
            (input.HistoryItemType ?? type) === type &&
            at >= (input.StartDate === undefined ? 0 : instantOf(input.StartDate)) &&
            at <= (input.EndDate === undefined ? Number.POSITIVE_INFINITY : instantOf(input.EndDate)),
        );
      const ordered = input.ScanBy === 'TimestampAscending' ? found : found.toReversed();
      const { items, ...rest } = page(ordered, input.MaxRecords ?? 50, input.NextToken);
      return {
        AlarmHistoryItems: items.map(({ alarm, at, type, summary, data }) => ({
          AlarmName: alarm,
          AlarmType: 'MetricAlarm',
          Timestamp: wireTime(at),
          HistoryItemType: type,
          HistorySummary: summary,
          HistoryData: data,
        })),
        ...rest,
      };
    },
  };
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
