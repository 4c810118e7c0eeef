import { describe, expect, it, test } from '@jest/globals';
import { type Json, readDefinition } from '../../../simulator/services/stepfunctions/definition.ts';
import { playExecution, StatesError } from '../../../simulator/services/stepfunctions/play.ts';
import { runThreads } from '../../../simulator/services/stepfunctions/threads.ts';

/** Plays a definition over a function; the time is of its own. */
const play = async (definition: object, input: Json, invoke: (payload: Json) => Json) => {
  let now = 0;
  const passed: number[] = [];
  const pass = async (until: number): Promise<void> => {
    now = until;
    passed.push(until);
  };
  const end = await runThreads({ now: () => now, pass }, (thread) =>
    playExecution(
      {
        ...{
          arn: 'arn:aws:states:eu-west-1:111122223333:execution:m:e',
          definition: readDefinition(definition),
          input,
        },
        ...{ now: () => now, random: () => 0.5, invoke: async (_arn, payload) => invoke(payload) },
      },
      thread,
    ),
  );
  return { end, passed };
};

const task = (more: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: 'f', 'Payload.$': '$' },
  OutputPath: '$.Payload',
  End: true,
  ...more,
});
const machine = (States: object) => ({ StartAt: Object.keys(States)[0], States });

describe('a definition', () => {
  it.each([
    [machine({ A: { Type: 'Parallel' } }), 'state A: Type Parallel is not simulated'],
    [machine({ A: task({ HeartbeatSeconds: 5 }) }), 'state A: HeartbeatSeconds is not simulated'],
    [
      machine({ A: task({ Resource: 'arn:aws:states:::sns:publish' }) }),
      'Resource arn:aws:states:::sns:publish is not simulated',
    ],
    [machine({ A: task({ Next: 'B', End: undefined }) }), 'state A: there is no state B'],
    [{ ...machine({ A: task() }), QueryLanguage: 'JSONata' }, 'QueryLanguage is not simulated'],
  ])('%#: what is not played is refused by its name', (definition, message) => {
    expect(() => readDefinition(definition)).toThrow(message);
  });
});

test('a failed task is tried again after its pauses, then its error is caught', async () => {
  let calls = 0;
  const fail = (): never => {
    calls++;
    throw new StatesError('Busy', 'try later');
  };
  const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 4, MaxAttempts: 2, JitterStrategy: 'FULL' }];
  const Catch = [{ ErrorEquals: ['Busy'], ResultPath: '$.error', Next: 'Lost' }];
  const { end, passed } = await play(
    machine({ A: task({ Retry, Catch }), Lost: { Type: 'Pass', End: true } }),
    { one: 1 },
    fail,
  );
  expect(end).toMatchObject({ status: 'SUCCEEDED', output: { one: 1, error: { Error: 'Busy', Cause: 'try later' } } });
  expect([calls, passed]).toEqual([3, [2000, 6000]]);
});

test('a Distributed Map runs as many children at a time as it may, and bears the failures that it tolerates', async () => {
  let under = 0;
  const each = {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    ...machine({ Due: { Type: 'Wait', TimestampPath: '$', Next: 'A' }, A: task() }),
  };
  const map = (ToleratedFailurePercentage: number) =>
    machine({
      M: {
        Type: 'Map',
        ItemsPath: '$.items',
        MaxConcurrencyPath: '$.atOnce',
        ToleratedFailurePercentage,
        ItemProcessor: each,
        End: true,
      },
    });
  const answer = (payload: Json): Json => {
    if (++under === 2) throw new StatesError('Broken', 'no');
    return payload;
  };
  const at = (second: number): string => new Date(second * 1000).toISOString();
  const input = { items: [at(10), at(20), at(30)], atOnce: 2 };
  const { end, passed } = await play(map(50), input, answer);
  expect(end).toMatchObject({ status: 'SUCCEEDED', output: [at(10), at(30)] });
  expect(passed).toEqual([10_000, 20_000, 30_000]);
  under = 0;
  expect((await play(map(0), input, answer)).end).toMatchObject({ error: 'States.ExceedToleratedFailureThreshold' });
});

test('a result over the limit of Step Functions fails the execution', async () => {
  const { end } = await play(machine({ A: task() }), {}, () => 'x'.repeat(262_144));
  expect(end).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
});
