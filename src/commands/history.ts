import { type Command, wrongRequest } from './command.ts';
import { historyInputs, runHistory } from './inspect.ts';

export const history: Command = {
  does: 'Prints what served on an endpoint and how each release ended.',
  options: historyInputs,
  examples: [
    { line: 'history --environment production', does: 'Prints it, newest first.' },
    { line: 'history --environment production --json', does: 'Prints the whole release record.' },
  ],
  exits: { 0: 'printed, also when there is no release', 1: 'AWS could not be read', 2: wrongRequest },
  run: (args, host) => runHistory(args, host()),
};
