import type { Kernel } from '../../contracts.ts';
import type { AlarmState } from './missing-data.ts';

/** What an action gets to know about the alarm that invokes it. */
export interface Invoked {
  readonly alarm: string;
  readonly state: AlarmState;
  /** How far the newest value lies above the threshold; 0 of an alarm without one, as on missing data. */
  readonly above: number;
}

/** Invokes a scaling policy. False: no policy has this ARN. */
export type InvokePolicy = (policyArn: string, invoked: Invoked) => boolean;

export interface Actions {
  readonly ActionsEnabled?: boolean;
  readonly AlarmActions?: readonly string[];
  readonly OKActions?: readonly string[];
  readonly InsufficientDataActions?: readonly string[];
}

/** Those of this state; none while they are disabled. */
const actionsFor = (definition: Actions, state: AlarmState): readonly string[] => {
  if (definition.ActionsEnabled === false) return [];
  const of = { ALARM: 'AlarmActions', OK: 'OKActions', INSUFFICIENT_DATA: 'InsufficientDataActions' } as const;
  return definition[of[state]] ?? [];
};

export const isScalingPolicy = (arn: string): boolean => /^arn:[^:]+:autoscaling:[^:]*:[^:]*:scalingPolicy:/.test(arn);

/**
 * AWS: "Alarm actions". Each action is invoked when the state changes. Topics, functions and everything else outside of this simulator get
 * nothing: an event says so.
 */
export const createAlarmActions = (
  kernel: Kernel,
  /** An action that AWS would show as executed. */
  executed: (alarm: string, arn: string) => void,
) => {
  let invokePolicy: InvokePolicy = () => false;
  return {
    onScaling: (invoke: InvokePolicy): void => {
      invokePolicy = invoke;
    },
    changed: (definition: Actions, state: AlarmState, look: () => Invoked): void => {
      for (const arn of actionsFor(definition, state)) {
        const invoked = look();
        const done = isScalingPolicy(arn) && invokePolicy(arn, invoked);
        if (done) executed(invoked.alarm, arn);
        const outcome = done
          ? ''
          : isScalingPolicy(arn)
            ? ': no such scaling policy'
            : ': not simulated, nobody gets it';
        kernel.note({ source: 'alarm', object: invoked.alarm, what: 'action', detail: `${arn}${outcome}` });
      }
    },
    /** "Except for Auto Scaling actions, the actions happen only on state transitions": these, once a minute as long as the state lasts. */
    remains: (definition: Actions, state: AlarmState, look: () => Invoked): void => {
      for (const arn of actionsFor(definition, state)) if (isScalingPolicy(arn)) invokePolicy(arn, look());
    },
  };
};
