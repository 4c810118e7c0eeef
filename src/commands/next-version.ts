import { openGitHub } from '../github/open-github.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { gitCommits } from '../hosts/git-commits.ts';
import { sharedInputs } from '../operations/shared-inputs.ts';
import { jsonText } from '../plain-text.ts';
import { nextVersion } from '../registry/next-version.ts';
import { versionTag } from '../registry/semantic-version.ts';
import { flag, type ValuesOf } from '../schema.ts';
import { redacted, withoutSecrets } from '../secrets.ts';
import { repositoryOf } from '../session/repository.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { printAnswer } from './answer.ts';
import { type Command, wrongRequest } from './command.ts';
import { openReadOnly } from './read-only-session.ts';

const nextVersionInputs = { ...sharedInputs, json: flag({ description: 'Print JSON.', default: false }) };

export const nextVersionCommand: Command = {
  does: 'Prints the version that `register-model --version next` gives to this commit, and its derivation; writes nothing.',
  options: nextVersionInputs,
  notes: [
    'Without `--json` the first line is the version alone: `version=$(model-delivery next-version --environment production | head -n 1)`.',
    'It reads the registry of the environment, and the history of the checkout; with GITHUB_TOKEN and GITHUB_REPOSITORY GitHub compares the commits where the checkout has no whole history.',
  ],
  examples: [
    { line: 'next-version --environment production', does: 'Prints the version, and the reason for it.' },
    { line: 'next-version --environment production --json', does: 'Prints version, tag, base, commits and reason.' },
  ],
  exits: {
    0: 'printed',
    1: 'AWS or GitHub could not be read',
    2: `${wrongRequest}; or this commit has no next version`,
  },
  run: (args, host) => runNextVersion(args, host()),
};

const runNextVersion = (args: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const question = {
    command: 'next-version',
    schema: nextVersionInputs,
    answer: async ({ manifest, environment, json }: ValuesOf<typeof nextVersionInputs>) => {
      const { world } = await openReadOnly(host, manifest, environment);
      const { env, cancellation } = host;
      const repository = repositoryOf(env, env['GITHUB_TOKEN']);
      const found = await nextVersion(
        {
          ...world,
          commits: gitCommits(process.cwd(), env, cancellation.signal),
          ...withoutUndefined({
            github: repository && openGitHub(repository, world.clock).within(cancellation.signal),
          }),
        },
        manifest,
      );
      const { version, because, registeredAs, ...derivation } = found;
      const answer = {
        'schema-version': 1,
        version,
        tag: versionTag(manifest.model, version),
        because,
        ...derivation,
        ...(registeredAs === undefined ? {} : { 'model-package-version': registeredAs }),
      };
      return json ? jsonText(withoutSecrets(answer), 2) : redacted(`${version}\n${because}`);
    },
  };
  return printAnswer(question, args, host);
};
