import { type Command, wrongRequest } from './command.ts';
import { createBucketInputs, runCreateBucket } from './making-bucket.ts';

export const createBucket: Command = {
  does: 'Makes the bucket for release records, closed to all but the delivery roles; once per account and region.',
  options: createBucketInputs,
  notes: [
    "It works with the credentials at hand, not with the environment's role: a role that delivers should not decide who may write to its record.",
  ],
  examples: [
    {
      line: 'create-bucket --environment production',
      does: "Makes it, written by the environment's `role` and `rollback-role`.",
    },
    { line: 'create-bucket --environment production --print-policy', does: 'Prints its policy and changes nothing.' },
  ],
  exits: { 0: 'the bucket is as it should be', 1: 'AWS refused, or could not be reached', 2: wrongRequest },
  run: (args, host) => runCreateBucket(args, host()),
};
