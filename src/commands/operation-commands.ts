import { optionsOf, runCommand } from '../hosts/command-line/command-line.ts';
import type { Memory, Operation } from '../operation.ts';
import { operations } from '../operations/all.ts';
import { type Command, type Example, type Exits, wrongRequest } from './command.ts';

/** Of a command that runs an operation to its end; DESIGN §2. */
const operationExits: Exits = {
  0: 'succeeded',
  1: 'rolled back, rejected, inconclusive, timed out, cancelled or failed; the reason code says which',
  2: wrongRequest,
  3: 'pending: it goes on, or waits for an approval; run it again',
};

const commandOf = <Inputs, M extends Memory, Outputs>(
  declared: Operation<Inputs, M, Outputs>,
  ...examples: readonly Example[]
): Command => ({
  does: declared.description,
  options: optionsOf(declared),
  examples,
  exits: operationExits,
  run: (args, host) => runCommand(declared.name, declared, args, host()),
});

/** In the order in which a delivery needs them. */
export const operationCommands: { readonly [Name in keyof typeof operations]: Command } = {
  'register-model': commandOf(
    operations['register-model'],
    {
      line: 'register-model --environment production --version 1.4.0 --training-job churn-2026-01-05 --evaluation evaluation.json',
      does: 'Registers what a training job made.',
    },
    {
      line: 'register-model --environment production --version 1.4.0 --image 111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1.4.0 --artifact s3://ml-training/churn/model.tar.gz --dry-run',
      does: 'Prints what would be registered.',
    },
  ),
  'approve-gate': commandOf(operations['approve-gate'], {
    line: 'approve-gate --environment production --version 1.4.0',
    does: 'Exits with 0 when the version is approved.',
  }),
  'deploy-endpoint': commandOf(
    operations['deploy-endpoint'],
    {
      line: 'deploy-endpoint --environment production --version 1.4.0',
      does: 'Deploys and waits for the verified end.',
    },
    {
      line: 'deploy-endpoint --environment production --version 1.4.0 --no-wait --json',
      does: 'Takes the turns that are due and exits with 3 while the release goes on.',
    },
  ),
  'shift-traffic': commandOf(
    operations['shift-traffic'],
    { line: 'shift-traffic --environment production --version 1.4.0', does: 'Walks the steps to the end.' },
    {
      line: "shift-traffic --environment production --version 1.4.0 --operation pause --because 'looking at the logs'",
      does: 'Holds the share of the run that walks the steps.',
    },
  ),
  rollback: commandOf(
    operations['rollback'],
    {
      line: "rollback --environment production --because 'wrong prices since noon'",
      does: 'Goes back to the last version that served well.',
    },
    { line: 'rollback --environment production --to 1.3.0', does: 'Goes back to a named version.' },
  ),
};
