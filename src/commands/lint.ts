import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openGitHub } from '../github/open-github.ts';
import { clockOf } from '../hosts/clock.ts';
import { type CommandLine, type ExitCode, runCommand } from '../hosts/command-line/command-line.ts';
import { folder } from '../inputs/folder.ts';
import { readTextFile } from '../inputs/read-file.ts';
import { counted, lasting } from '../judge/amounts.ts';
import { type Wave, wavesOf } from '../manifest/fleet.ts';
import { loadFleet } from '../manifest/fleet-schema.ts';
import { deliveryOf, environmentOf, loadManifest } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { usualNames, type VersionNames } from '../manifest/versions.ts';
import { yamlLimits } from '../manifest/yaml.ts';
import { notifies } from '../notify/planned.ts';
import { operations } from '../operations/all.ts';
import { sharedInputs } from '../operations/shared-inputs.ts';
import { jsonText } from '../plain-text.ts';
import { exposure } from '../release/bucket-policy.ts';
import { placedIn, recordKey, recordName } from '../release/location.ts';
import { file, flag, optional, text, type ValuesOf } from '../schema.ts';
import { repositoryOf } from '../session/repository.ts';
import { printAnswer } from './answer.ts';
import { type Command, wrongRequest } from './command.ts';
import { approvalWarnings } from './lint/approval-warnings.ts';
import { branchWarnings } from './lint/branch-warnings.ts';
import { notifyWarnings } from './lint/notify-warnings.ts';
import { lintRegression } from './lint/regression-lint.ts';
import { lintRisk } from './lint/risk-lint.ts';
import { lintSmoke } from './lint/smoke-lint.ts';
import { stageWarnings } from './lint/stage-warnings.ts';
import { asPlan } from './plan.ts';

const lintInputs = {
  manifest: sharedInputs.manifest,
  environment: optional(sharedInputs.environment),
  version: optional(
    text({ description: 'With `environment`: also check against AWS that this version can be deployed.' }),
  ),
  fleet: optional(
    file({
      description: 'Also check this file of a [fleet](fleets.md), and print its waves.',
      mostBytes: yamlLimits.characters,
      parse: loadFleet,
    }),
  ),
  json: flag({ description: 'Print JSON.', default: false }),
};

export const lint: Command = {
  does: 'Checks the manifest; with `--environment` and `--version` it also checks that the deployment is possible on AWS.',
  options: lintInputs,
  notes: [
    'Without `--version` it needs no credentials and no network.',
    'With `regression:` it also checks the golden set in the working folder: ids, labels, and the columns of slices and requests. Rows in S3 are checked by `regression-test`.',
    'It also reads `.github/workflows`: where a version is registered as `Approved`, the reviewers of the GitHub environment are its only approval. With `GITHUB_TOKEN` and `GITHUB_REPOSITORY` it gets them from GitHub.',
  ],
  examples: [
    { line: 'lint', does: 'Checks delivery.yml: every mistake with its line and column.' },
    {
      line: 'lint --environment production --version 1.4.0',
      does: 'Also checks alarms and feasibility against the account.',
    },
  ],
  exits: {
    0: 'nothing is wrong',
    1: 'the deployment is not possible on AWS, or AWS could not be read',
    2: wrongRequest,
  },
  run: (args, host) =>
    needsAws(args)
      ? runCommand('lint', operations['deploy-endpoint'], args, host(), { ...asPlan, retry: 'false' })
      : lintManifest(args, host()),
};

/** Whether the inputs name a version to check against AWS. */
const needsAws = (args: readonly string[]): boolean => args.some((argument) => /^--version(=|$)/.test(argument));

/** The lint without AWS. */
const lintManifest = (args: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const question = {
    command: 'lint',
    schema: lintInputs,
    refused: { valid: false },
    answer: async ({ manifest, environment, fleet, json }: ValuesOf<typeof lintInputs>) => {
      if (environment !== undefined) deliveryOf(manifest, environment);
      if (fleet !== undefined) environmentOf(manifest, fleet.environment);
      const waves = fleet === undefined ? undefined : wavesOf(fleet).waves;
      const environments = Object.keys({ ...manifest.environments, ...manifest.byCodeDeploy });
      const warnings = [
        ...bucketWarnings(manifest),
        ...stageWarnings(manifest),
        ...(await lintRegression(manifest, folder(process.cwd()))),
        ...lintSmoke(manifest),
        ...lintRisk(manifest),
        ...notifyWarnings(manifest),
        ...(await workflowWarnings(host, manifest)),
      ];
      const notices = noticesOf(manifest);
      return json
        ? jsonText({
            valid: true,
            model: manifest.model,
            environments,
            warnings,
            ...(notices.length > 0 && { notifies: notices }),
            ...(waves && { waves: waves.map(inNumbers) }),
          })
        : `${warnings.map((warning) => `warning: ${warning}\n`).join('')}the manifest is valid: ${manifest.model} in ${environments.join(', ')}\n` +
            'feasibility and alarms are checked against AWS when --environment and --version are given' +
            [...notices, ...(waves ?? []).map(waveLine)].map((line) => `\n${line}`).join('');
    },
  };
  return printAnswer(question, args, host);
};

/** `production notifies SNS (deliveries) of every event`. */
const noticesOf = ({ environments, byCodeDeploy }: Manifest): readonly string[] =>
  Object.entries({ ...environments, ...byCodeDeploy }).flatMap(([name, { notify = [] }]) =>
    notify.map((sink) => `${name} ${notifies(sink, notify)}`),
  );

const inNumbers = ({ name, size, bakeSeconds, tolerated }: Wave) => ({ name, endpoints: size, bakeSeconds, tolerated });

const waveLine = ({ name, size, bakeSeconds, tolerated }: Wave): string =>
  `wave ${name}: ${counted(size, 'endpoint')}, of which ${tolerated} may fail; ${bakeSeconds === 0 ? 'no bake' : `a bake of ${lasting(bakeSeconds)}`}`;

/** One warning for each environment whose release record any user of a notebook may write. */
const bucketWarnings = ({ environments, byCodeDeploy }: Manifest): readonly string[] =>
  Object.entries({ ...environments, ...byCodeDeploy }).flatMap(([name, one]) => {
    // The default bucket's name depends on the account, and does not contain `sagemaker`.
    const location = one.releases ?? { bucket: 'model-delivery-<account>-<region>', prefix: '' };
    const key = recordKey(placedIn(location, one), recordName(one));
    const warning = exposure(`s3://${location.bucket}/${key}`);
    return warning === undefined ? [] : [`${name}: ${warning}`];
  });

/** Warnings of the workflows in lint's working folder. It calls GitHub if GITHUB_TOKEN and GITHUB_REPOSITORY are set. */
const workflowWarnings = async (host: CommandLine, { model }: Manifest): Promise<readonly string[]> => {
  const { env } = host;
  const place = '.github/workflows';
  const workflows = (existsSync(place) ? readdirSync(place) : [])
    .filter((file) => /\.ya?ml$/.test(file))
    .sort()
    .map((file) => ({ path: `${place}/${file}`, text: workflowText(join(place, file)) }));
  const branches = branchWarnings(workflows, (path) => namesIn(path, model));
  const repository = repositoryOf(env, env['GITHUB_TOKEN']);
  if (repository === undefined) return [...branches, ...(await approvalWarnings(workflows))];
  const github = openGitHub(repository, await clockOf(host)).within();
  return [...branches, ...(await approvalWarnings(workflows, (environment) => github.protectionOf(environment)))];
};

/** Of the manifest that a workflow names, where it is one of this model. Another manifest is linted by itself. */
const namesIn = (path: string, model: string): VersionNames | undefined => {
  try {
    const manifest = loadManifest(readTextFile(path, yamlLimits.characters), path);
    return manifest.model === model ? (manifest.versions ?? usualNames) : undefined;
  } catch {
    return undefined;
  }
};

/** GitHub itself refuses a file that cannot be read or is no workflow. */
const workflowText = (path: string): string => {
  try {
    return statSync(path).isFile() ? readTextFile(path, mostWorkflowBytes) : '';
  } catch {
    return '';
  }
};
const mostWorkflowBytes = 512 * 1024;
