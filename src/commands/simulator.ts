import { simulatorInputs } from '../rehearsal/inputs.ts';
import { type Command, wrongRequest } from './command.ts';

export const simulator: Command = {
  does: 'Starts the local AWS and prints the environment variables for it; ends with Ctrl-C.',
  options: simulatorInputs,
  notes: [
    'docs/simulator.md lists the behaviour that it shares with AWS. It starts empty, or with what `--state` kept. `rehearse` plays whole deliveries on one.',
  ],
  examples: [
    { line: 'simulator', does: 'On port 4599, as fast as the wall clock.' },
    { line: 'simulator --port 0 --speed 60', does: 'On a free port; an hour passes in a minute.' },
    { line: 'simulator --state simulated', does: 'Keeps the run in a folder, and takes it up again the next time.' },
  ],
  exits: { 0: 'ended by a signal', 1: 'it could not start', 2: wrongRequest },
  run: async (args, host, terminal) =>
    (await import('../rehearsal/run-simulator.ts')).runSimulator(args, terminal, host),
};
