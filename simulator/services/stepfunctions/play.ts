import type { Instant } from '../../contracts.ts';
import type { Json, Machine, MapState, Members, Retrier, State, TaskState } from './definition.ts';
import type { Thread } from './threads.ts';

/** An error as Step Functions names it. */
export class StatesError extends Error {
  readonly error: string;
  constructor(error: string, cause: string) {
    super(cause);
    this.error = error;
  }
}

/** The execution was stopped: no state begins any more. */
class Stopped extends Error {}

export interface Execution {
  readonly arn: string;
  readonly definition: Machine;
  readonly input: Json;
  /**
   * The function behind a Task. A child execution waits in it; its pauses are those of the thread.
   * @throws {StatesError} with the function's own error
   */
  readonly invoke: (functionArn: string, payload: Json, thread: Thread) => Promise<Json>;
  readonly now: () => Instant;
  readonly random: () => number;
  /** Whether StopExecution was called. */
  readonly isStopped?: () => boolean;
}

export type ExecutionEnd = { readonly events: number } & (
  | { readonly status: 'SUCCEEDED'; readonly output: Json }
  | { readonly status: 'FAILED'; readonly error: string; readonly cause: string }
  | { readonly status: 'ABORTED' }
);

/** Step Functions developer guide, "Quotas": input or result of a state, and events of an execution. */
const mostBytes = 262_144;
const mostEvents = 25_000;
/** Developer guide, "Map state processing modes". */
const mostInlineAtOnce = 40;

interface Context {
  readonly execution: Execution;
  readonly thread: Thread;
  /** `$$.Execution.Id`: of the execution, or of the child that runs an item. */
  readonly id: string;
  readonly item?: Json;
  readonly history: { events: number };
}

/** Plays an execution to its end. Children of a Distributed Map are executions with histories of their own. */
export const playExecution = async (execution: Execution, thread: Thread): Promise<ExecutionEnd> =>
  run(execution.definition, execution.input, { execution, thread, id: execution.arn, history: { events: 0 } });

const run = async (machine: Machine, input: Json, context: Context): Promise<ExecutionEnd> => {
  const { history } = context;
  try {
    count(context, 2);
    const output = await walk(machine, input, context);
    return { status: 'SUCCEEDED', output, events: history.events };
  } catch (error) {
    if (error instanceof Stopped) return { status: 'ABORTED', events: history.events };
    if (!(error instanceof StatesError)) throw error;
    return { status: 'FAILED', error: error.error, cause: error.message, events: history.events };
  }
};

const count = ({ history }: Context, events: number): void => {
  history.events += events;
  if (history.events > mostEvents)
    throw new StatesError(
      'States.Runtime',
      `The execution reached the maximum number of history events (${mostEvents}).`,
    );
};

const walk = async (machine: Machine, input: Json, context: Context): Promise<Json> => {
  let name: string | undefined = machine.StartAt;
  let value = input;
  while (name !== undefined) {
    if (context.execution.isStopped?.()) throw new Stopped();
    const state: State | undefined = machine.States[name];
    if (state === undefined) throw new Error(`there is no state ${name}`);
    count(context, 2);
    const [output, next]: readonly [Json, string | undefined] = await enter(name, state, value, context);
    if (Buffer.byteLength(JSON.stringify(output)) > mostBytes)
      throw new StatesError(
        'States.DataLimitExceeded',
        `The state/task '${name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
      );
    value = output;
    name = next;
  }
  return value;
};

const enter = async (
  name: string,
  state: State,
  input: Json,
  context: Context,
): Promise<readonly [output: Json, next: string | undefined]> => {
  switch (state.Type) {
    case 'Pass':
      return [state.Parameters === undefined ? input : filled(state.Parameters, input, context), state.Next];
    case 'Wait': {
      const until = Date.parse(String(at(state.TimestampPath, input, context)));
      if (Number.isNaN(until))
        throw new StatesError('States.Runtime', `${state.TimestampPath} of ${name} is no timestamp`);
      await context.thread.sleepUntil(until);
      return [input, state.Next];
    }
    case 'Choice': {
      const chosen = state.Choices.find(({ Variable, StringEquals }) => at(Variable, input, context) === StringEquals);
      return [input, chosen?.Next ?? state.Default];
    }
    case 'Succeed':
      return [input, undefined];
    case 'Fail':
      throw new StatesError(state.Error, String(at(state.CausePath, input, context)));
    case 'Task':
      return task(state, input, context);
    case 'Map':
      return [put(input, state.ResultPath, await map(state, input, context)), state.Next];
  }
};

const task = async (state: TaskState, input: Json, context: Context): Promise<readonly [Json, string | undefined]> => {
  const { execution, thread } = context;
  const given = at(state.InputPath ?? '$', input, context);
  const { FunctionName, Payload = {} } = filled(state.Parameters ?? {}, given, context) as Members;
  const tries = new Map<Retrier, number>();
  for (;;) {
    if (execution.isStopped?.()) throw new Stopped();
    try {
      count(context, 3);
      const answer = await execution.invoke(String(FunctionName), Payload, thread);
      if (Buffer.byteLength(JSON.stringify(answer)) > mostBytes)
        throw new StatesError(
          'States.DataLimitExceeded',
          'The task returned a result with a size exceeding the limit.',
        );
      const result: Json = { ExecutedVersion: '$LATEST', Payload: answer, StatusCode: 200 };
      const selected = state.ResultSelector === undefined ? result : filled(state.ResultSelector, result, context);
      return [at(state.OutputPath ?? '$', put(input, state.ResultPath, selected), context), state.Next];
    } catch (error) {
      if (!(error instanceof StatesError)) throw error;
      const means = ({ ErrorEquals }: { readonly ErrorEquals: readonly string[] }): boolean =>
        // Developer guide, "Handling errors": States.ALL catches neither of these two.
        ErrorEquals.includes(error.error) ||
        (ErrorEquals.includes('States.ALL') && !['States.DataLimitExceeded', 'States.Runtime'].includes(error.error));
      const retrier = state.Retry?.find(means);
      const tried = retrier === undefined ? 0 : (tries.get(retrier) ?? 0);
      if (retrier !== undefined && tried < (retrier.MaxAttempts ?? 3)) {
        tries.set(retrier, tried + 1);
        const {
          IntervalSeconds = 1,
          BackoffRate = 2,
          MaxDelaySeconds = Number.POSITIVE_INFINITY,
          JitterStrategy,
        } = retrier;
        const delay = Math.min(IntervalSeconds * BackoffRate ** tried, MaxDelaySeconds);
        await thread.sleepUntil(execution.now() + 1000 * delay * (JitterStrategy === 'FULL' ? execution.random() : 1));
        continue;
      }
      const catcher = state.Catch?.find(means);
      if (catcher === undefined) throw error;
      return [put(input, catcher.ResultPath, { Error: error.error, Cause: error.message }), catcher.Next];
    }
  }
};

const map = async (state: MapState, input: Json, context: Context): Promise<Json> => {
  const items = at(state.ItemsPath, input, context);
  if (!Array.isArray(items)) throw new StatesError('States.Runtime', `${state.ItemsPath} is no list`);
  const { execution, thread } = context;
  const wanted = Number(
    state.MaxConcurrencyPath === undefined ? (state.MaxConcurrency ?? 0) : at(state.MaxConcurrencyPath, input, context),
  );
  const distributed = state.ItemProcessor.ProcessorConfig.Mode === 'DISTRIBUTED';
  const most = distributed ? 10_000 : mostInlineAtOnce;
  count(context, 2 + (distributed ? 2 : 2 * items.length));
  const processor: Machine = state.ItemProcessor;
  const ends = await thread.together(
    items.map((item: Json, index) => async (lane: Thread): Promise<ExecutionEnd> => {
      const within = { ...context, thread: lane, item };
      const given = state.ItemSelector === undefined ? item : filled(state.ItemSelector, input, within);
      if (execution.isStopped?.()) return { status: 'ABORTED', events: 0 };
      if (!distributed) {
        try {
          return { status: 'SUCCEEDED', output: await walk(processor, given, within), events: 0 };
        } catch (error) {
          // The other iterations end by themselves here; AWS stops them.
          if (error instanceof StatesError)
            return { status: 'FAILED', error: error.error, cause: error.message, events: 0 };
          if (error instanceof Stopped) return { status: 'ABORTED', events: 0 };
          throw error;
        }
      }
      return run(processor, given, {
        ...within,
        id: `${context.id}/${state.Label ?? 'Map'}:${index}`,
        history: { events: 0 },
      });
    }),
    Math.min(most, wanted || most),
  );
  if (ends.some(({ status }) => status === 'ABORTED')) throw new Stopped();
  const bad = ends.flatMap((end) => (end.status === 'FAILED' ? [end] : []));
  const [first] = bad;
  if (!distributed && first !== undefined) throw new StatesError(first.error, first.cause);
  if ((100 * bad.length) / Math.max(1, items.length) > (state.ToleratedFailurePercentage ?? 0))
    throw new StatesError(
      'States.ExceedToleratedFailureThreshold',
      'The specified tolerated failure threshold was exceeded',
    );
  // Whether the output has an entry for a child that failed is not documented; here it has none. [unconfirmed]
  return ends.flatMap((end) => (end.status === 'SUCCEEDED' ? [end.output] : []));
};

/** A template: members whose names end with `.$` are paths. */
const filled = (template: Json, input: Json, context: Context): Json => {
  if (Array.isArray(template)) return template.map((one: Json) => filled(one, input, context));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([member, value]) =>
      member.endsWith('.$')
        ? [member.slice(0, -2), at(String(value), input, context)]
        : [member, filled(value, input, context)],
    ),
  );
};

/** A reference path of members: `$.wave.index`, `$$.Map.Item.Value`. @throws {StatesError} where it leads to nothing */
const at = (path: string, input: Json, { id, item }: Context): Json => {
  if (!/^\$\$?(\.[A-Za-z_][A-Za-z0-9_-]*)*$/.test(path)) throw new TypeError(`the path ${path} is not simulated`);
  const [root, ...names] = path.split('.');
  let found: Json | undefined =
    root === '$$' ? { Execution: { Id: id }, Map: { Item: { Value: item ?? null } } } : input;
  for (const name of names) {
    const members: Json | undefined = found;
    found =
      typeof members === 'object' && members !== null && !Array.isArray(members) && Object.hasOwn(members, name)
        ? (members as Members)[name]
        : undefined;
    if (found === undefined)
      throw new StatesError(
        'States.Runtime',
        `The JSONPath '${path}' could not be found in the input '${JSON.stringify(input).slice(0, 200)}'`,
      );
  }
  return found;
};

/** The input with the result at the path; the result alone without one. */
const put = (input: Json, path: string | undefined, result: Json): Json => {
  if (path === undefined || path === '$') return result;
  const [, name = ''] = /^\$\.([A-Za-z_][A-Za-z0-9_-]*)$/.exec(path) ?? [];
  if (name === '') throw new TypeError(`the ResultPath ${path} is not simulated`);
  return { ...(input as Members), [name]: result };
};
