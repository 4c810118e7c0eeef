import { probeInputs } from '../rehearsal/probe-inputs.ts';
import { InputError } from '../schema.ts';
import { type Command, wrongRequest } from './command.ts';
import { reportFailure } from './failure-report.ts';

export const probe: Command = {
  does: 'Asks a real account the questions about AWS that no page answers, and records the answers; removes everything it makes.',
  options: probeInputs,
  notes: [
    '[Probing AWS](probe.md) has the questions, the cost and the safety of it.',
    '`--list`, `--policy`, `--simulator`, `--replay` and `--clean` each do something else instead.',
  ],
  examples: [
    { line: 'probe --list', does: 'The questions with their time and cost.' },
    {
      line: 'probe --role arn:aws:iam::111122223333:role/model-serving --image 111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1 --model-data s3://ml-artifacts/churn/model.tar.gz --bucket ml-scratch --only unapproved',
      does: 'One question to the account of the credentials, after your consent.',
    },
    { line: 'probe --replay probe-2026-01-05.json', does: 'The settings that a recording decides.' },
    { line: 'probe --simulator', does: 'All questions to a simulator on this machine.' },
    {
      line: 'probe --clean --bucket ml-scratch',
      does: 'Removes the leftovers of a probe that was killed, after your consent.',
    },
  ],
  exits: {
    0: 'the questions were asked and everything was removed; of `--replay`: the simulator answers the same',
    1: 'it ended early, or something may be left; of `--replay`: the simulator answers otherwise',
    2: wrongRequest,
  },
  run: async (args, host, terminal) => {
    try {
      return await (await import('../rehearsal/probe-main.ts')).probe(args, host, terminal);
    } catch (error) {
      if (!(error instanceof InputError)) return reportFailure('probe', error, host());
      terminal.err(`probe: ${error.message}`);
      return 2;
    }
  },
};
