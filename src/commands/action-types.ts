import { Unreachable } from '../aws/causes.ts';
import type { ActionType, Codepipeline } from '../aws/codepipeline.ts';
import { allPages } from '../aws/pages.ts';
import { clockOf } from '../hosts/clock.ts';
import { type ActionTypeRequest, actionTypeOf, actionTypeVersion } from '../hosts/codepipeline/action-types.ts';
import { connectCodepipeline } from '../hosts/codepipeline/answer-jobs.ts';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import { operations } from '../operations/all.ts';
import { jsonText } from '../plain-text.ts';
import { type Field, flag, InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { type Command, wrongRequest } from './command.ts';
import { reportFailure } from './failure-report.ts';

const actionTypesInputs: { readonly json: Field<boolean> } = {
  json: flag({ description: 'Print JSON.', default: false }),
};

export const actionTypes: Command = {
  does: 'Lists or creates the CodePipeline action types that the job worker serves.',
  words: 'list|create',
  options: actionTypesInputs,
  notes: ['The account and region are those of the credentials and of AWS_REGION.'],
  examples: [
    { line: 'action-types list', does: 'Prints each action type, and whether the account has it.' },
    { line: 'action-types create', does: 'Creates the missing action types.' },
  ],
  exits: {
    0: 'listed or created',
    1: 'the account has an action type of this version with another definition, or AWS could not be reached',
    2: wrongRequest,
  },
  run: (args, host) => runActionTypes(args, host()),
};

type Standing = 'missing' | 'created' | 'exists' | 'exists with another definition';

/** `action-types list` and `action-types create`: the account's custom action types beside those of this version. */
const runActionTypes = async ([verb, ...args]: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const { env, terminal } = host;
  try {
    if (verb !== 'list' && verb !== 'create')
      throw new InputError(
        `${verb === undefined ? 'a word is missing' : `${quoted(verb)} is not expected here`}; write action-types list or action-types create`,
      );
    const inputs = readInputs(actionTypesInputs, readArguments(actionTypesInputs, args));
    const calls = connectCodepipeline(env, await clockOf(host));
    const rows = await standings(calls, verb === 'create');
    terminal.out(
      inputs.json
        ? jsonText(rows, 2)
        : rows
            .map(({ category, provider, version, standing }) => `${category}/${provider}/${version}  ${standing}`)
            .join('\n'),
    );
    const differing = rows.filter(({ standing }) => standing === 'exists with another definition');
    if (differing.length === 0) return 0;
    terminal.err(
      `action-types: version ${actionTypeVersion} of ${differing.map(({ provider }) => provider).join(', ')} has another definition in this account.` +
        ' An action type cannot be changed, and its version cannot be used again once it is deleted: use the version of this suite that created it,' +
        ' or one that raises the version.',
    );
    return 1;
  } catch (error) {
    return reportFailure('action-types', error, host);
  }
};

const standings = async (calls: Codepipeline, create: boolean) => {
  const existing = await listAll(calls);
  const wanted = Object.values(operations).map(actionTypeOf);
  const found = wanted.map((definition) => {
    const there = existing.find(
      ({ id }) =>
        id?.category === definition.category &&
        id.provider === definition.provider &&
        id.version === definition.version,
    );
    if (there === undefined) return { definition, standing: 'missing' as Standing };
    return {
      definition,
      standing: (isSame(definition, there) ? 'exists' : 'exists with another definition') as Standing,
    };
  });
  // It creates all or none: no worker would serve the pipelines of an account with parts of two versions.
  const creates = create && found.every(({ standing }) => standing !== 'exists with another definition');
  const rows: { category: string; provider: string; version: string; standing: Standing }[] = [];
  for (const { definition, standing } of found) {
    const { category, provider, version } = definition;
    if (creates && standing === 'missing') await calls.createCustomActionType(definition);
    rows.push({ category, provider, version, standing: creates && standing === 'missing' ? 'created' : standing });
  }
  return rows;
};

const listing = 'codepipeline:ListActionTypes';

const listAll = async (calls: Codepipeline): Promise<readonly ActionType[]> => {
  const pages = await allPages(listing, (nextToken) =>
    calls.listActionTypes({ actionOwnerFilter: 'Custom', nextToken }),
  );
  return pages.flatMap(({ actionTypes }) => {
    // CodePipeline API reference, ListActionTypes: the answer always has the list, even an empty one.
    if (actionTypes === undefined)
      throw new Unreachable(
        `${listing} has no list in its answer, which CodePipeline always sends: check AWS_ENDPOINT_URL and any proxy between this machine and AWS`,
      );
    return actionTypes;
  });
};

/** Compares only the requested members: AWS may show others by default. */
const isSame = (wanted: ActionTypeRequest, found: ActionType): boolean => {
  const properties = found.actionConfigurationProperties ?? [];
  return (
    contains(found.settings ?? {}, wanted.settings ?? {}) &&
    contains(found.inputArtifactDetails ?? {}, wanted.inputArtifactDetails) &&
    contains(found.outputArtifactDetails ?? {}, wanted.outputArtifactDetails) &&
    wanted.configurationProperties.every((property) => {
      const there = properties.find(({ name }) => name === property.name);
      // CodePipeline's guide mentions a property JobList that the service adds by itself; a description changes nothing.
      const { description: _description, ...meaning } = property;
      return there !== undefined && contains({ queryable: false, ...there }, meaning);
    }) &&
    properties.every(
      ({ name }) => name === 'JobList' || wanted.configurationProperties.some((one) => one.name === name),
    )
  );
};

const contains = (whole: object, part: object): boolean =>
  Object.entries(part).every(([key, value]) => (whole as Readonly<Record<string, unknown>>)[key] === value);
