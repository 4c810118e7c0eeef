import { minutes } from '../../src/clock.ts';
import { type AbortReason, type Memory, type Operation, type Plan, reasonOfAbort } from '../../src/operation.ts';
import { reasonCodes } from '../../src/reason-codes.ts';
import { choice, flag, type OutputSchema, optional, text, type ValuesOf } from '../../src/schema.ts';
import type { World } from '../../src/world.ts';

/** A counter in place of AWS: three mutations bring it to three. */
export interface FakeEndpoint {
  count: number;
  readonly mutations: string[];
}

const inputs = {
  subject: text({
    description: 'What is counted.',
    example: 'sheep',
    pattern: /^[a-z]+$/,
    allowed: 'lower-case letters',
  }),
  pace: choice({ description: 'How fast.', choices: ['slow', 'fast'], default: 'slow' }),
  loud: flag({ description: 'Say it aloud.', default: false }),
  note: optional(text({ description: 'Remembered for later.' })),
};
type Inputs = ValuesOf<typeof inputs>;
interface Outputs {
  readonly counted: string;
  readonly lastSubject: string;
}
const outputs: OutputSchema<Outputs> = {
  counted: { description: 'How many.', example: '3' },
  lastSubject: { description: 'What was counted last.' },
};
interface CountMemory extends Memory {
  readonly seen: number;
}

export const countingPlan: Plan = {
  title: 'count to three',
  changes: [{ verb: 'update', object: 'count', details: ['0 → 3'] }],
  notes: ['counting is safe'],
  expectedSeconds: 180,
  peakInstances: { 'ml.m5.large': 2 },
  permissions: ['sagemaker:UpdateEndpoint'],
};

/** Follows the contract: it plans without memory, mutates at most once a turn, and reads the counter instead of its memory. */
export const countingOperation = (
  fakeEndpoint: FakeEndpoint,
  behaviour: {
    /** Runs before every turn; may throw or cancel. */
    readonly before?: (turn: number, world: World) => void;
    readonly plan?: Plan;
    readonly abort?: (why: AbortReason, memory: Memory | undefined, world: World) => void;
  } = {},
): Operation<Inputs, CountMemory, Outputs> => {
  let turn = 0;
  const doneWith = (because: string) =>
    ({
      is: 'done',
      outcome: 'succeeded',
      reason: 'delivered',
      outputs: {
        counted: String(fakeEndpoint.count),
        lastSubject: 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint/churn',
      },
      files: { tally: `${fakeEndpoint.count}\n` },
      because,
    }) as const;
  return {
    name: 'deploy-endpoint',
    description: 'Counts.',
    inputs,
    files: { tally: optional(text({ description: 'Write the count to this file.' })) },
    outputs,
    advance: async ({ subject }, memory, world) => {
      behaviour.before?.(++turn, world);
      if (memory === undefined)
        return {
          is: 'waiting',
          memory: { v: 1, seen: fakeEndpoint.count },
          notBefore: world.clock.now(),
          percent: 0,
          because: `planned to count ${subject}`,
          plan: behaviour.plan ?? countingPlan,
        };
      if (fakeEndpoint.count === 3) return doneWith(`counted ${subject}`);
      if (world.write === undefined) throw new Error('a dry run reached a write');
      fakeEndpoint.count += 1;
      fakeEndpoint.mutations.push(`count ${fakeEndpoint.count}`);
      return {
        is: 'waiting',
        memory: { v: 1, seen: fakeEndpoint.count },
        notBefore: world.clock.now() + minutes(1),
        percent: fakeEndpoint.count * 30,
        because: `counted ${fakeEndpoint.count} ${subject}`,
      };
    },
    abort: async (_inputs, memory, why, world) => {
      behaviour.abort?.(why, memory, world);
      fakeEndpoint.mutations.push(`stop: ${why}`);
      return {
        is: 'done',
        outcome: reasonCodes[reasonOfAbort[why]].outcome,
        reason: reasonOfAbort[why],
        outputs: { counted: String(fakeEndpoint.count) },
        because: `stopped at ${fakeEndpoint.count}`,
      };
    },
  };
};
