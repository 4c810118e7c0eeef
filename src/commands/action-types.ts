import { type Command, wrongRequest } from './command.ts';
import { actionTypesInputs, runActionTypes } from './manage-action-types.ts';

export const actionTypes: Command = {
  does: 'Lists or creates the CodePipeline action types that the job worker serves.',
  words: 'list|create',
  options: actionTypesInputs,
  notes: ['The account and region are those of the credentials and of AWS_REGION.'],
  examples: [
    { line: 'action-types list', does: 'Says of each action type whether the account has it.' },
    { line: 'action-types create', does: 'Creates those that are missing.' },
  ],
  exits: {
    0: 'listed or created',
    1: 'the account has an action type of this version with another definition, or AWS could not be reached',
    2: wrongRequest,
  },
  run: (args, host) => runActionTypes(args, host()),
};
