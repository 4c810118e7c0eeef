import { AwsError, type Handler, type Kernel } from '../../contracts.ts';
import type { Actions } from './alarm-actions.ts';
import type { AlarmDefinition } from './alarm-definition.ts';
import { type Alarm, type AlarmEngine, notFound } from './alarms.ts';
import type { CompositeAlarm, CompositeDefinition } from './composite-alarms.ts';
import type { AlarmState } from './missing-data.ts';
import { instantOf, page, type WireTime, wireTime } from './wire.ts';

interface Paged {
  readonly MaxRecords?: number;
  readonly NextToken?: string;
}

/** Defaults of DescribeAlarms for members that PutMetricAlarm did not set. */
const defaults = { ActionsEnabled: true, OKActions: [], AlarmActions: [], InsufficientDataActions: [], Dimensions: [] };

const { Dimensions: _none, ...compositeDefaults } = defaults;

interface DescribeInput extends Paged {
  readonly AlarmNames?: readonly string[];
  readonly AlarmNamePrefix?: string;
  readonly AlarmTypes?: readonly string[];
  readonly StateValue?: AlarmState;
  readonly ActionPrefix?: string;
  readonly ChildrenOfAlarmName?: string;
  readonly ParentsOfAlarmName?: string;
}

const isComposite = (alarm: Alarm | CompositeAlarm): alarm is CompositeAlarm => 'rule' in alarm;

export const alarmOperations = (kernel: Kernel, engine: AlarmEngine): Readonly<Record<string, Handler>> => {
  const { composites } = engine;
  /** Its words in hashicorp/terraform#7371. */
  const refuseElsewhere = ({ AlarmActions = [], OKActions = [], InsufficientDataActions = [] }: Actions): void => {
    const regions = [...AlarmActions, ...OKActions, ...InsufficientDataActions].map((arn) => arn.split(':')[3] ?? '');
    const elsewhere = regions.find((region) => region !== '' && region !== kernel.region);
    if (elsewhere !== undefined)
      throw new AwsError(
        'ValidationError',
        `Invalid region ${elsewhere} specified. Only ${kernel.region} is supported.`,
      );
  };
  const arnOf = (name: string): string => kernel.arn('cloudwatch', `alarm:${name}`);
  const describe = (alarm: Alarm): object => ({
    ...defaults,
    ...alarm.definition,
    AlarmArn: arnOf(alarm.definition.AlarmName),
    AlarmConfigurationUpdatedTimestamp: wireTime(alarm.configuredAt),
    StateValue: alarm.state,
    StateReason: alarm.reason.slice(0, 1023),
    ...(alarm.reasonData === undefined ? {} : { StateReasonData: alarm.reasonData }),
    StateUpdatedTimestamp: wireTime(alarm.updatedAt),
    StateTransitionedTimestamp: wireTime(alarm.transitionedAt),
  });

  const describeComposite = ({ definition, ...alarm }: CompositeAlarm): object => ({
    ...compositeDefaults,
    ...definition,
    AlarmArn: arnOf(definition.AlarmName),
    AlarmConfigurationUpdatedTimestamp: wireTime(alarm.configuredAt),
    StateValue: alarm.state,
    StateReason: alarm.reason.slice(0, 1023),
    ...(alarm.reasonData === undefined ? {} : { StateReasonData: alarm.reasonData }),
    StateUpdatedTimestamp: wireTime(alarm.updatedAt),
    StateTransitionedTimestamp: wireTime(alarm.transitionedAt),
    ...(alarm.suppressedBy === undefined
      ? {}
      : {
          ActionsSuppressedBy: alarm.suppressedBy,
          ActionsSuppressedReason: `Actions suppressed by ${alarm.suppressedBy}`,
        }),
  });
  const byKind = (
    found: readonly (Alarm | CompositeAlarm)[],
    input: Paged,
    shown: (alarm: Alarm | CompositeAlarm) => object,
  ): object => {
    const { items, ...rest } = page(found, input.MaxRecords ?? 50, input.NextToken);
    return {
      MetricAlarms: items.filter((alarm) => !isComposite(alarm)).map(shown),
      CompositeAlarms: items.filter(isComposite).map(shown),
      ...rest,
    };
  };
  /** "You cannot specify any other parameters in the request except for MaxRecords and NextToken" (DescribeAlarms). */
  const relatives = (input: DescribeInput): object | undefined => {
    const {
      ChildrenOfAlarmName: parent,
      ParentsOfAlarmName: child,
      MaxRecords: _size,
      NextToken: _page,
      ...others
    } = input;
    if (parent === undefined && child === undefined) return undefined;
    if ((parent !== undefined && child !== undefined) || Object.keys(others).length > 0)
      throw new AwsError(
        'ValidationError',
        'ChildrenOfAlarmName and ParentsOfAlarmName must not be specified together with other parameters',
      );
    const names = child === undefined ? composites.children(parent ?? '') : composites.dependents(child);
    const found = names.flatMap((name) => engine.get(name) ?? composites.get(name) ?? []);
    return byKind(found, input, ({ definition: { AlarmName }, state, updatedAt }) => ({
      AlarmName,
      AlarmArn: arnOf(AlarmName),
      ...(child === undefined ? { StateValue: state, StateUpdatedTimestamp: wireTime(updatedAt) } : {}),
    }));
  };

  return {
    PutCompositeAlarm: (input: CompositeDefinition) => {
      refuseElsewhere(input);
      composites.put(input);
      return {};
    },

    PutMetricAlarm: (input: AlarmDefinition) => {
      refuseElsewhere(input);
      engine.put(input);
      return {};
    },

    /** Composite and log alarms appear only on request, and there are no log alarms; an unknown name is simply absent (§5.1). */
    DescribeAlarms: (input: DescribeInput) => {
      const related = relatives(input);
      if (related) return related;
      if (input.AlarmNames && input.AlarmNamePrefix !== undefined)
        throw new AwsError(
          'ValidationError',
          'The parameters AlarmNames and AlarmNamePrefix must not be specified together',
        );
      const types = input.AlarmTypes ?? ['MetricAlarm'];
      const found = [
        ...(types.includes('MetricAlarm') ? engine.all() : []),
        ...(types.includes('CompositeAlarm') ? composites.all() : []),
      ].filter(({ definition, state }) => {
        const actions = [definition.OKActions, definition.AlarmActions, definition.InsufficientDataActions].flatMap(
          (list) => list ?? [],
        );
        return (
          (input.AlarmNames?.includes(definition.AlarmName) ?? true) &&
          definition.AlarmName.startsWith(input.AlarmNamePrefix ?? '') &&
          (input.StateValue ?? state) === state &&
          (input.ActionPrefix === undefined || actions.some((action) => action.startsWith(input.ActionPrefix ?? '')))
        );
      });
      return byKind(found, input, (alarm) => (isComposite(alarm) ? describeComposite(alarm) : describe(alarm)));
    },

    DeleteAlarms: ({ AlarmNames }: { AlarmNames: readonly string[] }) => {
      const composite = AlarmNames.filter((name) => composites.get(name));
      if (composite.length > 1)
        throw new AwsError('ValidationError', 'Only one composite alarm can be deleted in a request');
      const needed = AlarmNames.filter((name) =>
        composites.dependents(name).some((parent) => parent === name || !AlarmNames.includes(parent)),
      );
      // Its words in cloud-custodian/cloud-custodian#7763 and ekristen/aws-nuke#462.
      if (needed.length > 0)
        throw new AwsError(
          'ValidationError',
          `Cannot delete ${needed.join(',')} as there are composite alarm(s) depending on ${needed.length === 1 ? 'it' : 'them'}.`,
        );
      const metric = AlarmNames.filter((name) => !composite.includes(name));
      const removed = engine.remove(metric) + composite.length;
      if (removed === 0 && kernel.settings.unknownAlarmsDeleted === 'refused') throw notFound();
      for (const name of composite) composites.delete(name);
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
      const to = composites.get(input.AlarmName) ? composites : engine;
      to.setState(input.AlarmName, input.StateValue, input.StateReason, input.StateReasonData);
      return {};
    },

    DescribeAlarmHistory: (
      input: Paged & {
        AlarmName?: string;
        AlarmTypes?: readonly string[];
        HistoryItemType?: string;
        StartDate?: WireTime;
        EndDate?: WireTime;
        ScanBy?: 'TimestampDescending' | 'TimestampAscending';
      },
    ) => {
      const found = engine.history().filter(
        ({ alarm, kind, type, at }) =>
          // "If you omit this parameter, only metric alarms are returned" (DescribeAlarms; reference/sagemaker.md §5.1).
          (input.AlarmTypes ?? ['MetricAlarm']).includes(kind) &&
          (input.AlarmName ?? alarm) === alarm &&
          (input.HistoryItemType ?? type) === type &&
          at >= (input.StartDate === undefined ? 0 : instantOf(input.StartDate)) &&
          at <= (input.EndDate === undefined ? Number.POSITIVE_INFINITY : instantOf(input.EndDate)),
      );
      const ordered = input.ScanBy === 'TimestampAscending' ? found : found.toReversed();
      const { items, ...rest } = page(ordered, input.MaxRecords ?? 50, input.NextToken);
      return {
        AlarmHistoryItems: items.map(({ alarm, kind, at, type, summary, data }) => ({
          AlarmName: alarm,
          AlarmType: kind,
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
