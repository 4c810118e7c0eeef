import { readMemory, writeMemory } from '../../src/memory.ts';
import type { Memory, Operation, Plan, Progress } from '../../src/operation.ts';
import type { World } from '../../src/world.ts';

export interface TurnsRun<Outputs> {
  readonly end: Extract<Progress<Memory, Outputs>, { is: 'done' }>;
  readonly plan: Plan | undefined;
  readonly turns: number;
}

/**
 * Takes turns to the end like every host, with the memory as text between them; an error ends the run as it ends a process.
 */
export const runTurns = async <Inputs, M extends Memory, Outputs>(
  operation: Operation<Inputs, M, Outputs>,
  inputs: Inputs,
  world: World,
): Promise<TurnsRun<Outputs>> => {
  // Every run has a session of its own.
  world.lookAgain?.();
  let token: string | undefined;
  let plan: Plan | undefined;
  for (let turns = 1; turns <= 50; turns++) {
    const progress = await operation.advance(
      inputs,
      token === undefined ? undefined : readMemory<M>(token, 'test'),
      world,
    );
    plan ??= progress.plan;
    if (progress.is === 'done') return { end: progress, plan, turns };
    token = writeMemory(progress.memory);
    await world.clock.sleepUntil(progress.notBefore);
  }
  throw new Error('fifty turns and no end');
};
