import { backtestInputs, runBacktest } from './backtesting.ts';
import { type Command, wrongRequest } from './command.ts';

export const backtest: Command = {
  does: 'Prints what a policy would have done with recorded metrics, and how long its proofs take.',
  options: backtestInputs,
  notes: ['Only `--environment` needs AWS: it reads CloudWatch.'],
  examples: [
    { line: 'backtest --policy judge.yml --buckets buckets.jsonl', does: 'Plays the policy on recorded buckets.' },
    { line: 'backtest --journal journal.jsonl', does: 'Plays a release of the past.' },
    {
      line: 'backtest --environment production --from 2026-01-05T09:00:00Z --to 2026-01-05T17:00:00Z',
      does: "Plays the rollout's policy on what CloudWatch has of that day.",
    },
  ],
  exits: { 0: 'printed', 1: 'AWS could not be read', 2: wrongRequest },
  run: (args, host, terminal) => runBacktest(args, terminal, host),
};
