import { type Command, wrongRequest } from './command.ts';
import { judgingInputs, runJudge } from './judging.ts';

export const judge: Command = {
  does: 'Judges recorded buckets of metrics by a policy, one verdict per line; needs no AWS.',
  options: judgingInputs,
  examples: [
    { line: 'judge --policy judge.yml < buckets.jsonl', does: 'Judges lines of standard input.' },
    {
      line: 'judge --journal journal.jsonl',
      does: 'Judges again what a release judged, and compares with the verdicts of then.',
    },
  ],
  exits: {
    0: 'judged; with `--journal`, every verdict is the one of then',
    1: 'a verdict is not the one the journal witnessed',
    2: wrongRequest,
  },
  run: (args, _host, terminal) => runJudge(args, terminal),
};
