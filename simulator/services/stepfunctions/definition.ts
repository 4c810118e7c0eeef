/**
 * The part of the Amazon States Language (https://states-language.net) that is played here. Everything else is refused by its name: a field that is
 * ignored would play another state machine than AWS.
 */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json };
export type Members = { readonly [member: string]: Json };

export interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}
interface Flow {
  readonly Next?: string;
  readonly End?: true;
}
interface Shaping {
  readonly InputPath?: string;
  readonly Parameters?: Members;
  readonly ResultSelector?: Members;
  readonly ResultPath?: string;
  readonly OutputPath?: string;
}
export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly MaxAttempts?: number;
  readonly JitterStrategy?: 'FULL' | 'NONE';
}
export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly ResultPath?: string;
  readonly Next: string;
}
export interface TaskState extends Flow, Shaping {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly TimeoutSeconds?: number;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}
export interface MapState extends Flow, Pick<Shaping, 'ResultPath'> {
  readonly Type: 'Map';
  readonly Label?: string;
  readonly ItemsPath: string;
  readonly ItemSelector?: Members;
  readonly MaxConcurrency?: number;
  readonly MaxConcurrencyPath?: string;
  readonly ToleratedFailurePercentage?: number;
  readonly ItemProcessor: Machine & {
    readonly ProcessorConfig: { readonly Mode: 'INLINE' | 'DISTRIBUTED'; readonly ExecutionType?: 'STANDARD' };
  };
}
export type State =
  | TaskState
  | MapState
  | (Flow & Pick<Shaping, 'Parameters'> & { readonly Type: 'Pass' })
  | (Flow & { readonly Type: 'Wait'; readonly TimestampPath: string })
  | {
      readonly Type: 'Choice';
      readonly Choices: readonly { readonly Variable: string; readonly StringEquals: string; readonly Next: string }[];
      readonly Default: string;
    }
  | { readonly Type: 'Succeed' }
  | { readonly Type: 'Fail'; readonly Error: string; readonly CausePath: string };

const flow = ['Next', 'End'];
const fields: Readonly<Record<State['Type'], readonly string[]>> = {
  Task: [
    ...flow,
    ...['Resource', 'TimeoutSeconds', 'Retry', 'Catch'],
    ...['InputPath', 'Parameters', 'ResultSelector', 'ResultPath', 'OutputPath'],
  ],
  Map: [
    ...flow,
    ...['Label', 'ItemsPath', 'ItemSelector', 'MaxConcurrency', 'MaxConcurrencyPath', 'ToleratedFailurePercentage'],
    ...['ItemProcessor', 'ResultPath'],
  ],
  Pass: [...flow, 'Parameters'],
  Wait: [...flow, 'TimestampPath'],
  Choice: ['Choices', 'Default'],
  Succeed: [],
  Fail: ['Error', 'CausePath'],
};
const machineFields = ['Comment', 'StartAt', 'States', 'ProcessorConfig'];

/** @throws {TypeError} naming the state, and the field or the value that is not played here or leads nowhere */
export const readDefinition = (given: unknown, place = 'the state machine'): Machine => {
  const machine = members(given, place);
  only(machine, machineFields, place);
  const States = members(machine['States'], `${place}: States`);
  const StartAt = String(machine['StartAt']);
  const exists = (name: unknown, from: string): void => {
    if (typeof name !== 'string' || !(name in States))
      throw new TypeError(`${from}: there is no state ${String(name)}`);
  };
  exists(StartAt, place);
  for (const [name, one] of Object.entries(States)) {
    const state = members(one, name);
    const allowed = fields[state['Type'] as State['Type']];
    if (allowed === undefined) throw new TypeError(`state ${name}: Type ${String(state['Type'])} is not simulated`);
    only(state, ['Type', 'Comment', ...allowed], `state ${name}`);
    if (allowed.includes('Next') && (state['Next'] === undefined) === (state['End'] !== true))
      throw new TypeError(`state ${name}: it has neither Next nor End, or both`);
    const choices = (state['Choices'] ?? []) as readonly Members[];
    const catchers = (state['Catch'] ?? []) as readonly Members[];
    for (const choice of choices) only(choice, ['Variable', 'StringEquals', 'Next'], `state ${name}: a choice`);
    for (const catcher of catchers) only(catcher, ['ErrorEquals', 'ResultPath', 'Next'], `state ${name}: Catch`);
    for (const retrier of (state['Retry'] ?? []) as readonly Members[])
      only(
        retrier,
        ['ErrorEquals', 'IntervalSeconds', 'BackoffRate', 'MaxDelaySeconds', 'MaxAttempts', 'JitterStrategy'],
        `state ${name}: Retry`,
      );
    for (const next of [
      state['Next'],
      state['Default'],
      ...choices.map(({ Next }) => Next),
      ...catchers.map(({ Next }) => Next),
    ])
      if (next !== undefined) exists(next, `state ${name}`);
    if (state['Type'] === 'Task' && !/^arn:aws[a-z-]*:states:::lambda:invoke$/.test(String(state['Resource'])))
      throw new TypeError(`state ${name}: Resource ${String(state['Resource'])} is not simulated`);
    if (state['Type'] === 'Map') {
      const config = members(
        members(state['ItemProcessor'], name)['ProcessorConfig'],
        `state ${name}: ProcessorConfig`,
      );
      only(config, ['Mode', 'ExecutionType'], `state ${name}: ProcessorConfig`);
      if (config['Mode'] === 'DISTRIBUTED' ? config['ExecutionType'] !== 'STANDARD' : config['Mode'] !== 'INLINE')
        throw new TypeError(`state ${name}: ${JSON.stringify(config)} is not simulated`);
      readDefinition(state['ItemProcessor'], `state ${name}`);
    }
  }
  return given as Machine;
};

const members = (given: unknown, place: string): Readonly<Record<string, unknown>> => {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return { ...given };
  throw new TypeError(`${place}: it is no object`);
};

const only = (given: object, allowed: readonly string[], place: string): void => {
  const other = Object.keys(given).find((member) => !allowed.includes(member));
  if (other !== undefined) throw new TypeError(`${place}: ${other} is not simulated`);
};
