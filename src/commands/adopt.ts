import { existsSync, writeFileSync } from 'node:fs';
import { type Adopted, adopt as adoptEndpoint } from '../adopt/adopt.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { environmentPattern, namePattern, regionPattern } from '../manifest/values.ts';
import { jsonText } from '../plain-text.ts';
import { flag, InputError, optional, text, type ValuesOf } from '../schema.ts';
import { redacted, withoutSecrets } from '../secrets.ts';
import { regionGiven } from '../session/region.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { printAnswer } from './answer.ts';
import { type Command, wrongRequest } from './command.ts';
import { openWithoutManifest } from './read-only-session.ts';

const name = { pattern: namePattern, allowed: '1 to 63 letters, digits and inner hyphens' };

const adoptInputs = {
  endpoint: text({ description: 'Name of the live endpoint.', example: 'churn', ...name }),
  environment: text({
    description: 'Name of the environment in the new manifest.',
    default: 'production',
    pattern: environmentPattern,
    allowed: '1 to 63 letters, digits, _ and -',
  }),
  model: optional(
    text({
      description:
        'Model package group of the manifest. Default: the group of the package that serves, else the name of the endpoint.',
      ...name,
    }),
  ),
  region: optional(
    text({
      description: 'AWS region; default: the one of the environment variables.',
      pattern: regionPattern,
      allowed: 'a region such as eu-west-1',
    }),
  ),
  output: optional(
    text({ description: 'Write the manifest to this file instead of standard output.', example: 'delivery.yml' }),
  ),
  force: flag({ description: 'Replace the file of `output` if it exists.', default: false }),
  json: flag({
    description: 'Print JSON: the manifest, its differences from the endpoint, owners, roles and policies.',
    default: false,
  }),
};

export const adopt: Command = {
  does: 'Writes a manifest for an endpoint that others made; its plan against that endpoint is empty. Changes nothing at AWS.',
  options: adoptInputs,
  notes: [
    'It reads the account: credentials must allow the actions of docs/permissions/plan.json.',
    'The manifest goes to standard output; the differences that remain, the owners, and the roles and permissions of the first delivery go to standard error. With `--output` all of that goes to standard output. [Adopting an endpoint](adopting.md) has the way from there.',
  ],
  examples: [
    { line: 'adopt --endpoint churn', does: 'Prints the manifest.' },
    { line: 'adopt --endpoint churn --output delivery.yml', does: 'Writes it to a new file.' },
    {
      line: 'adopt --endpoint churn --json',
      does: 'Also prints the least-privilege policies, with the names of this endpoint.',
    },
  ],
  exits: {
    0: 'the manifest was written; the output says whether its plan is empty',
    1: 'no manifest can deliver to this endpoint, or AWS could not be read: see the reason code',
    2: wrongRequest,
  },
  run: (args, host) => runAdopt(args, host()),
};

type Inputs = ValuesOf<typeof adoptInputs>;

const runAdopt = (args: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const question = {
    command: 'adopt',
    schema: adoptInputs,
    answer: async (inputs: Inputs) => {
      const { endpoint, environment, model, region, output, force, json } = inputs;
      if (output !== undefined && !force && existsSync(output)) throw exists(output);
      const world = await openWithoutManifest(host, { region: regionGiven(region, host.env) });
      const adopted = await adoptEndpoint(world, { endpoint, environment, ...withoutUndefined({ model }) });
      if (output !== undefined) write(output, adopted.manifest, force);
      if (json) {
        const { kind, manifest, differences, kept, remarks, owners, needs } = adopted;
        const rest = withoutSecrets({ kind, differences, kept, remarks, owners, needs });
        return jsonText({ ...rest, empty: differences.length === 0, manifest }, 2);
      }
      const report = redacted(reportOf(adopted, output));
      if (output !== undefined) return report;
      host.terminal.err(report);
      return adopted.manifest.trimEnd();
    },
  };
  return printAnswer(question, args, host);
};

const exists = (output: string): InputError =>
  new InputError(`output: ${JSON.stringify(output)} exists; name another file, or replace it with --force`);

/** `wx`: a file that appeared meanwhile is not replaced either. */
const write = (output: string, manifest: string, force: boolean): void => {
  try {
    writeFileSync(output, manifest, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'EEXIST') throw exists(output);
    throw new InputError(
      `output: ${JSON.stringify(output)} could not be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};

const reportOf = ({ differences, remarks, owners, needs }: Adopted, output: string | undefined): string =>
  [
    ...(output === undefined ? [] : [`wrote ${output}`]),
    ...(differences.length === 0
      ? ['the plan of this manifest is empty']
      : ['the plan of this manifest is not empty:', ...differences.map((line) => `  ${line}`)]),
    ...remarks.map((remark) => `note: ${remark}`),
    ...owners.map(({ tool, by }) => `owner: ${tool} (${by}): see docs/adopting.md before the first delivery`),
    'the first delivery needs these roles (their policies: --json, or docs/permissions):',
    ...needs.roles.flatMap(({ role, does, permissions }) => [`  ${role}: ${does}`, `    ${permissions.join(', ')}`]),
    ...needs.notes.map((note) => `  ${note}`),
  ].join('\n');
