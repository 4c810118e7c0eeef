import { AwsError, type Instant, type Kernel, type Timer } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { createAlarmActions, isScalingPolicy } from './alarm-actions.ts';
import { type AlarmRule, parseRule } from './alarm-rule.ts';
import type { AlarmState } from './missing-data.ts';

/** The input of PutCompositeAlarm. */
export interface CompositeDefinition {
  readonly AlarmName: string;
  readonly AlarmRule: string;
  readonly AlarmDescription?: string;
  readonly ActionsEnabled?: boolean;
  readonly OKActions?: readonly string[];
  readonly AlarmActions?: readonly string[];
  readonly InsufficientDataActions?: readonly string[];
  readonly ActionsSuppressor?: string;
  readonly ActionsSuppressorWaitPeriod?: number;
  readonly ActionsSuppressorExtensionPeriod?: number;
  readonly ActionConfiguration?: unknown;
}

/** What composite alarms see of any alarm. */
export interface Watched {
  readonly state: AlarmState;
  readonly transitionedAt: Instant;
}

type SuppressedBy = 'WaitPeriod' | 'ExtensionPeriod' | 'Alarm';
export interface CompositeAlarm extends Watched {
  readonly definition: CompositeDefinition;
  readonly rule: AlarmRule;
  readonly configuredAt: Instant;
  readonly reason: string;
  readonly reasonData?: string;
  readonly updatedAt: Instant;
  /** Why the actions of this state have not been invoked yet. */
  readonly suppressedBy?: SuppressedBy;
}

export interface CompositeAlarms {
  put(definition: CompositeDefinition): void;
  get(name: string): CompositeAlarm | undefined;
  /** By name. */
  all(): readonly CompositeAlarm[];
  /** Names of the alarms in its rule; none of an alarm that is no composite alarm. */
  children(name: string): readonly string[];
  /** Names of the composite alarms whose rule or suppressor is this alarm. */
  dependents(name: string): readonly string[];
  delete(name: string): void;
  setState(name: string, state: AlarmState, reason: string, reasonData: string | undefined): void;
  /** An alarm has another state now. */
  changed(name: string): void;
}

const invalid = (message: string): AwsError => new AwsError('ValidationError', message);
/** API reference: PutCompositeAlarm. */
const mostChildren = 100;

/** Composite alarms: they change when an alarm of their rule does, and have their first state a moment after they are put. */
export const createCompositeAlarms = (
  kernel: Kernel,
  others: {
    readonly metricAlarm: (name: string) => Watched | undefined;
    readonly record: (
      alarm: string,
      type: 'StateUpdate' | 'ConfigurationUpdate',
      summary: string,
      data: object,
    ) => void;
  },
): CompositeAlarms => {
  const { clock, settings } = kernel;
  const alarms = new Map<string, CompositeAlarm>();
  const waits = new Map<string, Timer>();
  const actions = createAlarmActions(kernel, () => undefined);
  const arnOf = (name: string): string => kernel.arn('cloudwatch', `alarm:${name}`);
  const watched = (name: string): Watched | undefined => alarms.get(name) ?? others.metricAlarm(name);

  /** Undefined for an ARN of another account or region. */
  const nameIn = (reference: string): string | undefined => {
    if (!reference.startsWith('arn:')) return reference;
    const own = arnOf('');
    return reference.startsWith(own) ? reference.slice(own.length) : undefined;
  };
  const watchedBy = (reference: string): Watched | undefined => {
    const name = nameIn(reference);
    return name === undefined ? undefined : watched(name);
  };
  const childrenOf = ({ rule }: CompositeAlarm): readonly string[] => rule.names.flatMap((one) => nameIn(one) ?? []);
  const suppressorOf = ({ ActionsSuppressor: one }: CompositeDefinition): string | undefined =>
    one === undefined ? undefined : nameIn(one);

  const suppress = (name: string, by: SuppressedBy | undefined): void => {
    const alarm = alarms.get(name);
    if (!alarm) return;
    const { suppressedBy: _before, ...rest } = alarm;
    alarms.set(name, by === undefined ? rest : { ...rest, suppressedBy: by });
  };
  const invoke = (name: string): void => {
    suppress(name, undefined);
    const alarm = alarms.get(name);
    if (!alarm) return;
    actions.changed(alarm.definition, alarm.state, () => ({ alarm: name, state: alarm.state, above: 0 }));
  };
  const invokeAfter = (name: string, seconds: number, by: SuppressedBy): void => {
    suppress(name, by);
    waits.set(
      name,
      clock.at(clock.now() + seconds * 1000, `actions of ${name}`, () => invoke(name)),
    );
  };
  const act = (name: string): void => {
    waits.get(name)?.cancel();
    const definition = alarms.get(name)?.definition;
    const suppressor = definition && suppressorOf(definition);
    if (definition === undefined || suppressor === undefined) invoke(name);
    else if (watched(suppressor)?.state === 'ALARM') suppress(name, 'Alarm');
    else invokeAfter(name, definition.ActionsSuppressorWaitPeriod ?? 0, 'WaitPeriod');
  };

  const enter = (name: string, state: AlarmState, reason: string, reasonData: string | undefined): void => {
    const before = alarms.get(name);
    if (!before) return;
    const now = clock.now();
    const isOther = state !== before.state;
    const { reasonData: _former, ...rest } = before;
    alarms.set(name, {
      ...rest,
      state,
      reason,
      ...(reasonData === undefined ? {} : { reasonData }),
      updatedAt: now,
      transitionedAt: isOther ? now : before.transitionedAt,
    });
    if (!isOther) return;
    others.record(name, 'StateUpdate', `Alarm updated from ${before.state} to ${state}`, {
      oldState: { stateValue: before.state, stateReason: before.reason },
      newState: { stateValue: state, stateReason: reason },
    });
    kernel.note({ source: 'alarm', object: name, what: state, detail: reason });
    act(name);
  };

  /** As AWS writes them (EventBridge's sample events of composite alarms). */
  const reasonData = (names: readonly string[]): string =>
    JSON.stringify({
      triggeringAlarms: names.flatMap((name) => {
        const alarm = watched(name);
        return alarm === undefined
          ? []
          : [
              {
                arn: arnOf(name),
                state: {
                  value: alarm.state,
                  timestamp: new Date(alarm.transitionedAt).toISOString().replace('Z', '+0000'),
                },
              },
            ];
      }),
    });

  const evaluate = (name: string, trigger: string | undefined): void => {
    const alarm = alarms.get(name);
    if (!alarm) return;
    const state = alarm.rule.holds((reference) => watchedBy(reference)?.state) ? 'ALARM' : 'OK';
    if (state === alarm.state) return;
    const moved = trigger === undefined ? undefined : watched(trigger);
    const reason =
      trigger === undefined || moved === undefined
        ? `${arnOf(name)} was created and its alarm rule evaluates to ${state}`
        : `${arnOf(trigger)} transitioned to ${moved.state} at ${longDate(moved.transitionedAt)}`;
    enter(name, state, reason, reasonData(trigger === undefined ? childrenOf(alarm) : [trigger]));
  };

  const dependents = (name: string): readonly string[] =>
    [...alarms.values()]
      .filter((alarm) => childrenOf(alarm).includes(name) || suppressorOf(alarm.definition) === name)
      .map(({ definition }) => definition.AlarmName);

  /** The suppressor of these has another state. */
  const suppressionChanged = (suppressor: string): void => {
    for (const { definition, suppressedBy } of alarms.values()) {
      const { AlarmName: name, ActionsSuppressorExtensionPeriod: extension = 0 } = definition;
      if (suppressedBy === undefined || suppressorOf(definition) !== suppressor) continue;
      if (watched(suppressor)?.state === 'ALARM') {
        waits.get(name)?.cancel();
        suppress(name, 'Alarm');
      } else if (suppressedBy === 'Alarm') invokeAfter(name, extension, 'ExtensionPeriod');
    }
  };

  /** "The evaluation of composite alarms stops if CloudWatch detects a cycle in the evaluation path" (PutCompositeAlarm). */
  const path: string[] = [];
  const changed = (name: string): void => {
    if (path.includes(name)) return;
    path.push(name);
    suppressionChanged(name);
    for (const parent of [...alarms.values()].filter((alarm) => childrenOf(alarm).includes(name))) {
      const before = parent.state;
      evaluate(parent.definition.AlarmName, name);
      if (alarms.get(parent.definition.AlarmName)?.state !== before) changed(parent.definition.AlarmName);
    }
    path.pop();
  };

  const check = (definition: CompositeDefinition): AlarmRule => {
    const { AlarmName, AlarmRule: text, ActionsSuppressor: suppressor, ActionConfiguration } = definition;
    if (ActionConfiguration !== undefined)
      throw notSimulated('cloudwatch PutCompositeAlarm, member ActionConfiguration');
    if (others.metricAlarm(AlarmName)) throw invalid(`The alarm ${AlarmName} is a metric alarm`);
    const rule = parseRule(text);
    if (rule.names.length > mostChildren) throw invalid(`AlarmRule names more than ${mostChildren} alarms`);
    const missing = rule.names.filter((name) => watchedBy(name) === undefined);
    // Its words in awsdocs/aws-cloudformation-user-guide#911.
    if (missing.length > 0)
      throw invalid(
        `Could not save the composite alarm as alarms [${missing.join(', ')}] in the alarm rule do not exist`,
      );
    const { ActionsSuppressorWaitPeriod: wait, ActionsSuppressorExtensionPeriod: extension } = definition;
    const isWhole = suppressor === undefined || (wait !== undefined && extension !== undefined);
    if (!isWhole || (suppressor === undefined && (wait ?? extension) !== undefined))
      throw invalid(
        'ActionsSuppressor, ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod belong together',
      );
    if (suppressor !== undefined && watchedBy(suppressor) === undefined)
      throw invalid(`The actions suppressor ${suppressor} does not exist`);
    const all = [definition.AlarmActions, definition.OKActions, definition.InsufficientDataActions].flatMap(
      (list) => list ?? [],
    );
    // "Composite alarms can't trigger Auto Scaling actions" (CloudWatch user guide). Wording ours.
    const scaling = all.find(isScalingPolicy);
    if (scaling !== undefined) throw invalid(`A composite alarm cannot invoke the action ${scaling}`);
    return rule;
  };

  return {
    put: (definition) => {
      const rule = check(definition);
      const name = definition.AlarmName;
      const before = alarms.get(name);
      const now = clock.now();
      alarms.set(name, {
        state: 'INSUFFICIENT_DATA',
        reason: 'Unchecked: Initial alarm creation',
        updatedAt: now,
        transitionedAt: now,
        ...before,
        definition,
        rule,
        configuredAt: now,
      });
      others.record(name, 'ConfigurationUpdate', `Alarm "${name}" ${before ? 'updated' : 'created'}`, {
        type: before ? 'Update' : 'Create',
      });
      // Actions that are held back go by the new suppressor, or by none. [unconfirmed]
      if (before?.suppressedBy !== undefined && suppressorOf(before.definition) !== suppressorOf(definition)) act(name);
      clock.at(now + settings.alarmSettleMs, 'alarm evaluation', () => {
        const state = alarms.get(name)?.state;
        evaluate(name, undefined);
        if (alarms.get(name)?.state !== state) changed(name);
      });
    },
    get: (name) => alarms.get(name),
    all: () => [...alarms.values()].sort((a, b) => (a.definition.AlarmName < b.definition.AlarmName ? -1 : 1)),
    children: (name) => {
      const alarm = alarms.get(name);
      return alarm ? childrenOf(alarm) : [];
    },
    dependents,
    delete: (name) => {
      waits.get(name)?.cancel();
      alarms.delete(name);
      others.record(name, 'ConfigurationUpdate', `Alarm "${name}" deleted`, { type: 'Delete' });
    },
    // "It returns to its actual state only once any of its children alarms change state" (SetAlarmState).
    setState: (name, state, reason, data) => {
      enter(name, state, reason, data);
      changed(name);
    },
    changed,
  };
};

/** `Friday 04 August, 2023 12:54:46 UTC`, as in the reasons of composite alarms. */
const longDate = (at: Instant): string => {
  const part = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options }).format(at);
  const time = new Date(at).toISOString().slice(11, 19);
  return `${part({ weekday: 'long' })} ${part({ day: '2-digit' })} ${part({ month: 'long' })}, ${part({ year: 'numeric' })} ${time} UTC`;
};
