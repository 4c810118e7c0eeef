import type { Kernel, Metrics } from '../../contracts.ts';
import { uuidOf } from '../../random.ts';
import type { StartedOutside } from '../outside.ts';
import type { Artifacts } from './artifacts.ts';
import type {
  ConditionDeclaration,
  ConditionRun,
  ConditionType,
  Execution,
  InvokedRule,
  RuleRun,
  StageRun,
} from './model.ts';
import { resolveText } from './variables.ts';
import { windowOf } from './window.ts';

export interface Conditions {
  /** Runs every rule of the condition. @param end called once: "If all rules in a condition succeed, then the condition is met." */
  run(
    execution: Execution,
    stage: StageRun,
    type: ConditionType,
    declaration: ConditionDeclaration,
    end: (met: boolean) => void,
  ): void;
  /** Ends the condition that is in progress, and calls no `end`. */
  abandon(stage: StageRun, status: 'Abandoned' | 'Overridden'): void;
}

interface Around {
  readonly metrics: Pick<Metrics, 'alarmState'>;
  readonly artifacts: Pick<Artifacts, 'bodies'>;
  readonly startOutside: StartedOutside['start'];
  readonly invokeRule: (invoked: InvokedRule) => void;
}

/** User guide "How do stage conditions work?" and the references of its rules. The driver runs builds, commands and functions. */
export const createConditions = (
  kernel: Kernel,
  { metrics, artifacts, startOutside, invokeRule }: Around,
): Conditions => {
  let rules = 0;
  const now = () => kernel.clock.now();

  /** @returns undefined while it is in progress */
  const check = (
    run: RuleRun,
    type: ConditionType,
  ): { readonly met: boolean; readonly because: string } | undefined => {
    const { configuration, declaration } = run;
    const missing = Object.entries(declaration.configuration ?? {}).find(([key]) => configuration[key] === undefined);
    // The words are ours. [unconfirmed]
    if (missing !== undefined) return { met: false, because: `The variable ${missing[1]} could not be resolved` };
    const { provider } = declaration.ruleTypeId;
    if (provider === 'VariableCheck') return checkVariable(configuration);
    if (provider === 'DeploymentWindow') return checkWindow(configuration);
    // The answer comes from outside.
    if (provider !== 'CloudWatchAlarm') return undefined;
    const { AlarmName = '', WaitTime = '0' } = configuration;
    const state = metrics.alarmState(AlarmName);
    // The words are ours. [unconfirmed]
    if (state === undefined) return { met: false, because: `The alarm ${AlarmName} does not exist` };
    // "For On Success conditions, OK and INSUFFICIENT_DATA meet the criteria. ALARM meets the criteria for On Failure conditions."
    const good = type === 'ON_FAILURE' ? state === 'ALARM' : state !== 'ALARM';
    const isOver = now() >= run.startedAt + Number(WaitTime) * 60_000;
    const because = `The alarm ${AlarmName} is in state ${state}`;
    // A bake: "roll back the changes if a CloudWatch alarm goes into ALARM state within 60 minutes"; or, by the rule's reference, "wait for an
    // alarm state to change to OK before applying the rule result".
    if (type === 'ON_SUCCESS' && kernel.settings.successAlarmRule === 'watches')
      return !good || isOver ? { met: good, because } : undefined;
    return good || isOver ? { met: good, because } : undefined;
  };

  const checkWindow = (configuration: Readonly<Record<string, string>>) => {
    const window = windowOf(configuration);
    const isOpen = typeof window === 'object' && window.isOpen(now());
    if (!isOpen && kernel.settings.closedWindowRule === 'waits') return undefined;
    // The words are ours. [unconfirmed]
    return { met: isOpen, because: `The deployment window ${configuration['Cron']} is ${isOpen ? 'open' : 'closed'}` };
  };

  /** Starts the build, the commands or the function of a rule. @returns false for a rule that is looked at instead */
  const begin = (
    execution: Execution,
    rule: RuleRun,
    type: ConditionType,
    settle: (met: boolean, because: string) => void,
  ): boolean => {
    const { declaration, configuration } = rule;
    const { provider } = declaration.ruleTypeId;
    if (provider === 'LambdaInvoke') {
      // "An error from the Lambda function meets the criteria for On Failure conditions."
      const end = (succeeded: boolean, because: string): void =>
        settle(type === 'ON_FAILURE' ? !succeeded : succeeded, because);
      invokeRule({ execution, rule, end });
      return true;
    }
    if (provider !== 'CodeBuild' && provider !== 'Commands') return false;
    const { name } = execution.pipeline;
    const [kind, started] =
      provider === 'CodeBuild'
        ? (['build', configuration['ProjectName'] ?? ''] as const)
        : (['commands', name] as const);
    const running = startOutside(kind, started, {
      ...{ id: `${started}:${rule.id}`, configuration },
      artifacts: artifacts.bodies(execution, declaration.inputArtifacts),
      ...(declaration.commands === undefined ? {} : { commands: declaration.commands }),
    });
    // The words are ours. [unconfirmed]
    if (running === undefined)
      settle(
        false,
        kind === 'build'
          ? `The project of CodeBuild ${started} does not exist`
          : `not simulated: commands of the pipeline ${name}, which the driver has not defined`,
      );
    else void running.then((ended) => settle(ended.succeeded, ended.succeeded ? 'The run succeeded' : ended.message));
    return true;
  };

  return {
    run(execution, stage, type, declaration, end) {
      const condition: ConditionRun = { type, declaration, status: 'InProgress', updatedAt: now(), rules: [] };
      stage.conditions.push(condition);
      const conclude = (met: boolean): void => {
        condition.status = met ? 'Succeeded' : 'Failed';
        condition.updatedAt = now();
        for (const rule of condition.rules) stop(rule, now());
        end(met);
      };
      const settle = (rule: RuleRun, met: boolean, because: string): void => {
        if (condition.status !== 'InProgress' || rule.status !== 'InProgress') return;
        rule.timer?.cancel();
        rule.timeout?.cancel();
        rule.status = met ? 'Succeeded' : 'Failed';
        rule.summary = because;
        rule.updatedAt = now();
        // "if one rule fails in the condition, then the condition fails"
        if (!met) conclude(false);
        else if (condition.rules.every(({ status }) => status === 'Succeeded')) conclude(true);
      };
      const look = (rule: RuleRun): void => {
        if (condition.status !== 'InProgress' || rule.status !== 'InProgress') return;
        const found = check(rule, type);
        if (found === undefined) {
          rule.timer = kernel.clock.at(now() + kernel.settings.alarmPollMs, `rule ${rule.declaration.name}`, () =>
            look(rule),
          );
          return;
        }
        settle(rule, found.met, found.because);
      };
      for (const rule of declaration.rules ?? [])
        condition.rules.push({
          id: uuidOf('codepipeline-rule', rules++),
          declaration: rule,
          configuration: Object.fromEntries(
            Object.entries(rule.configuration ?? {}).flatMap(([key, value]) => {
              const resolved = resolveText(value, execution);
              return 'text' in resolved ? [[key, resolved.text]] : [];
            }),
          ),
          startedAt: now(),
          updatedAt: now(),
          status: 'InProgress',
        });
      for (const rule of [...condition.rules]) {
        if (condition.status !== 'InProgress') return;
        const { timeoutInMinutes } = rule.declaration;
        if (timeoutInMinutes !== undefined)
          rule.timeout = kernel.clock.at(
            now() + timeoutInMinutes * 60_000,
            `timeout of rule ${rule.declaration.name}`,
            () => settle(rule, false, `The rule did not end within ${timeoutInMinutes} minutes`),
          );
        const unresolved = check(rule, type);
        if (unresolved !== undefined) settle(rule, unresolved.met, unresolved.because);
        else if (!begin(execution, rule, type, (met, because) => settle(rule, met, because))) look(rule);
      }
    },
    abandon(stage, status) {
      const condition = stage.conditions.at(-1);
      if (condition === undefined) return;
      condition.status = status;
      condition.updatedAt = now();
      for (const rule of condition.rules) stop(rule, now());
    },
  };
};

const stop = (rule: RuleRun, at: number): void => {
  rule.timer?.cancel();
  rule.timeout?.cancel();
  if (rule.status !== 'InProgress') return;
  rule.status = 'Abandoned';
  rule.updatedAt = at;
};

/** Rule reference "VariableCheck". `MATCHES` takes the whole value, as Java's `matches` does. [unconfirmed] */
const checkVariable = ({
  Variable = '',
  Value = '',
  Operator,
}: Readonly<Record<string, string>>): { readonly met: boolean; readonly because: string } => {
  const met = {
    EQ: Variable === Value,
    NE: Variable !== Value,
    CONTAINS: Variable.includes(Value),
    MATCHES: Operator === 'MATCHES' && new RegExp(`^(?:${Value})$`).test(Variable),
  }[Operator ?? ''];
  return { met: met === true, because: `${JSON.stringify(Variable)} ${Operator} ${JSON.stringify(Value)}: ${met}` };
};
