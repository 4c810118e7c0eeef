import { startSimulator } from '../../simulator/simulator.ts';
import { runFrom } from '../../src/hosts/run.ts';
import { folder } from '../../src/inputs/folder.ts';
import { openSession } from '../../src/session/session.ts';
import type { World } from '../../src/world.ts';

/** A simulator, and the world of a command that runs against it. */
export interface SimulatedWorld {
  readonly simulator: Awaited<ReturnType<typeof startSimulator>>;
  readonly world: World;
  close(): Promise<void>;
}

export const openSimulatedWorld = async (): Promise<SimulatedWorld> => {
  const before = { ...process.env };
  const simulator = await startSimulator();
  const env = simulator.environment();
  Object.assign(process.env, env);
  const { signal } = new AbortController();
  const session = await openSession({
    target: {},
    env,
    run: runFrom(env, 'command-line'),
    workspace: folder(process.cwd()),
    clock: simulator.driver,
    dryRun: false,
    signal,
  });
  return {
    simulator,
    world: session.worldFor(signal),
    close: async () => {
      await simulator.close();
      process.env = before;
    },
  };
};
