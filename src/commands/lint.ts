import { runCommand } from '../hosts/command-line/command-line.ts';
import { operations } from '../operations/all.ts';
import { type Command, wrongRequest } from './command.ts';
import { lintInputs, lintManifest, needsAws } from './inspect.ts';
import { asPlan } from './plan.ts';

export const lint: Command = {
  does: 'Checks the manifest and, with `--environment` and `--version`, whether AWS could carry it out.',
  options: lintInputs,
  notes: [
    'Without `--version` it needs no credentials and no network.',
    'It also reads `.github/workflows`: where a version is registered as `Approved`, the reviewers of the GitHub environment are its only approval. With `GITHUB_TOKEN` and `GITHUB_REPOSITORY` it asks GitHub for them.',
  ],
  examples: [
    { line: 'lint', does: 'Checks delivery.yml: every mistake with its line and column.' },
    {
      line: 'lint --environment production --version 1.4.0',
      does: 'Also checks alarms and feasibility against the account.',
    },
  ],
  exits: { 0: 'nothing is wrong', 1: 'AWS could not carry it out, or could not be read', 2: wrongRequest },
  run: (args, host) =>
    needsAws(args)
      ? runCommand('lint', operations['deploy-endpoint'], args, host(), { ...asPlan, retry: 'false' })
      : lintManifest(args, host()),
};
