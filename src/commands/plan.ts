import { optionsOf, runCommand } from '../hosts/command-line/command-line.ts';
import { fieldsOf } from '../inputs/read-inputs.ts';
import { operations } from '../operations/all.ts';
import type { Schema } from '../schema.ts';
import { type Command, wrongRequest } from './command.ts';

const deployEndpoint = operations['deploy-endpoint'];

/** A plan writes nothing and waits for nothing. */
export const asPlan = { 'dry-run': 'true', wait: 'true', 'resume-token': '' } as const;

/** The options of an operation, described as the command uses them. */
const inWordsOf = (options: Schema<object>, words: Readonly<Record<string, string>>): Schema<object> =>
  Object.fromEntries(
    fieldsOf(options).map(([name, field]) => [name, { ...field, description: words[name] ?? field.description }]),
  );

export const plan: Command = {
  does: 'Prints the changes of deploy-endpoint, their duration and the permissions that they need; writes nothing.',
  options: inWordsOf(optionsOf(deployEndpoint, asPlan), {
    version:
      'Registered version of the plan: `1.4.0`, `v1.4.0` or `churn_v1.4.0`; the number or ARN of a package without a version. `serving`: the version that serves, for the changes of the manifest alone.',
    retry: 'Also plan for a version that was rolled back before.',
    timeout: 'Longest time without an answer from AWS; then the command ends as `timed-out`.',
  }),
  notes: [
    'With `regression:` it says whether a passing verdict counts. Before the test has run it says that `deploy-endpoint` would refuse; a test that the version did not pass refuses the plan.',
    'It reads the account: credentials must allow the actions of docs/permissions/plan.json.',
  ],
  examples: [
    { line: 'plan --environment production --version 1.4.0', does: 'Prints the plan.' },
    { line: 'plan --environment production --version 1.4.0 --json', does: 'Prints it as JSON.' },
  ],
  exits: {
    0: 'the deployment can begin, or there is nothing to do',
    1: 'the deployment would be refused, or AWS could not be read: see the reason code',
    2: wrongRequest,
  },
  run: (args, host) => runCommand('plan', deployEndpoint, args, host(), asPlan),
};
