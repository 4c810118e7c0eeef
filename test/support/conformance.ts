import { expect } from '@jest/globals';
import { AnswerLost, Throttled } from '../../src/aws/retry.ts';
import { type Clock, minutes } from '../../src/clock.ts';
import { drive, type Ended } from '../../src/hosts/drive.ts';
import { readMemory, writeMemory } from '../../src/memory.ts';
import type { Memory, Operation } from '../../src/operation.ts';
import { failureOf } from '../../src/report/failure.ts';
import type { World } from '../../src/world.ts';

/** A new AWS with a new clock, for one way of driving. */
export interface Stage<Inputs, M extends Memory, Outputs> {
  /** A new one each turn: an operation may keep nothing between turns but its memory. */
  operation(): Operation<Inputs, M, Outputs>;
  readonly inputs: Inputs;
  readonly clock: Clock;
  /** A new World each time. */
  worldFor(signal: AbortSignal): World;
  /** The changes to AWS so far, in order. */
  mutations(): readonly string[];
  /** The state of AWS at the end. */
  shows?(): Promise<unknown>;
  close?(): Promise<void>;
}

export type End = Pick<Ended<unknown>, 'outcome' | 'reason' | 'outputs'>;

export interface Seen extends End {
  readonly mutations: readonly string[];
  readonly shows?: unknown;
}

type Way = 'in one loop' | 'turn by turn' | 'with the memory thrown away';

/**
 * Every host drives an operation differently; AWS must not notice. Drives it in one loop, turn by turn in fresh Worlds with the memory
 * as text, and with the memory thrown away after the `forgetAfter`-th turn or after every turn that acted. Outcomes, mutations and the
 * state of AWS must agree.
 * @returns the common result
 */
export const expectHostConformance = async <Inputs, M extends Memory, Outputs>(
  stage: () => Stage<Inputs, M, Outputs> | Promise<Stage<Inputs, M, Outputs>>,
  options: {
    readonly forgetAfter?: number | 'every turn';
    /** The reason of a run that finds its own work without a memory of it: it may report only observed facts. */
    readonly foundAgain?: End['reason'];
  } = {},
): Promise<Seen> => {
  const seen: Partial<Record<Way, Seen>> = {};
  for (const way of ['in one loop', 'turn by turn', 'with the memory thrown away'] as const) {
    const scene = await stage();
    const end =
      way === 'in one loop'
        ? await inOneLoop(scene)
        : await turnByTurn(scene, way === 'turn by turn' ? undefined : (options.forgetAfter ?? 2));
    seen[way] = {
      outcome: end.outcome,
      reason: end.reason,
      outputs: end.outputs,
      mutations: scene.mutations(),
      shows: await scene.shows?.(),
    };
    await scene.close?.();
  }
  expect(seen['turn by turn']).toEqual(seen['in one loop']);
  const { foundAgain } = options;
  expect(seen['with the memory thrown away']).toEqual({
    ...seen['in one loop'],
    ...(foundAgain ? { reason: foundAgain } : {}),
  });
  if (seen['in one loop'] === undefined) throw new Error('no way was driven');
  return seen['in one loop'];
};

const longEnough = minutes(24 * 60);
const mostTurns = 2000;

const inOneLoop = async <Inputs, M extends Memory, Outputs>(scene: Stage<Inputs, M, Outputs>): Promise<End> => {
  const percents: number[] = [];
  const end = await drive(scene.operation(), scene.inputs, scene.worldFor, {
    deadline: scene.clock.now() + longEnough,
    dryRun: false,
    wait: true,
    signal: new AbortController().signal,
    onProgress: ({ percent }) => percents.push(percent),
  });
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
  return end;
};

/** Drives like a CodePipeline job: one process, one turn, and only the token passes to the next. */
const turnByTurn = async <Inputs, M extends Memory, Outputs>(
  scene: Stage<Inputs, M, Outputs>,
  forgetAfter: number | 'every turn' | undefined,
): Promise<End> => {
  let token: string | undefined;
  for (let turn = 1; turn <= mostTurns; turn++) {
    const memory = token === undefined ? undefined : readMemory<M>(token, 'memory');
    const world = scene.worldFor(new AbortController().signal);
    try {
      const progress = await scene.operation().advance(scene.inputs, memory, world);
      if (progress.is === 'done') return progress;
      // Without memory a turn only observes: its memory allows the next turn to act.
      const forgets = forgetAfter === 'every turn' ? memory !== undefined : turn === forgetAfter;
      token = forgets ? undefined : writeMemory(progress.memory);
      await scene.clock.sleepUntil(progress.notBefore);
    } catch (error) {
      if (!(error instanceof Throttled || error instanceof AnswerLost)) return { ...failureOf(error), outputs: {} };
      await scene.clock.sleepUntil(scene.clock.now() + minutes(1));
    }
  }
  throw new Error(`the operation was not done after ${mostTurns} turns`);
};
