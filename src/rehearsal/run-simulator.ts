import { startSimulator } from '../../simulator/simulator.ts';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { CommandLine } from '../hosts/command-line/command-line.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { wallClock } from '../hosts/wall-clock.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { simulatorInputs } from './inputs.ts';

/** A local AWS whose time follows the wall clock. Prints its URL and the environment to export; the first signal ends it. */
export const runSimulator = async (
  args: readonly string[],
  terminal: Terminal,
  host: () => CommandLine,
): Promise<0 | 1 | 2> => {
  try {
    const {
      port,
      speed,
      seed,
      'wire-file': wireFile,
    } = readInputs(simulatorInputs, readArguments(simulatorInputs, args));
    const simulator = await startSimulator({
      port,
      seed,
      wallSpeed: speed,
      startAt: wallClock.now(),
      ...withoutUndefined({ wireFile }),
    });
    const { signal } = host().cancellation;
    terminal.out(simulator.url);
    for (const [name, value] of Object.entries(simulator.environment())) terminal.out(`export ${name}=${value}`);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await simulator.close();
    return 0;
  } catch (error) {
    if (error instanceof InputError) {
      terminal.err(`simulator: ${error.message}`);
      return 2;
    }
    const { code, message } = error as NodeJS.ErrnoException;
    terminal.err(
      code === 'EADDRINUSE'
        ? `simulator: the port is taken, perhaps by another simulator; end that one, or take a free port with --port 0`
        : `simulator: ${message}`,
    );
    return 1;
  }
};
