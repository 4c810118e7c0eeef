import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { refuseOtherRecord } from '../endpoint/record-tag.ts';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { exitCodeOf } from '../hosts/exit-code.ts';
import { failureOf } from '../hosts/failure.ts';
import { readTextFile } from '../hosts/read-file.ts';
import { readInputs, type Written } from '../hosts/read-inputs.ts';
import { type Env, isPublic } from '../hosts/run.ts';
import { environmentOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { manifestToDeliver, sharedInputs } from '../operations/shared-inputs.ts';
import { jsonText } from '../plain-text.ts';
import { reason } from '../reason-codes.ts';
import { historyAsText } from '../report/history.ts';
import { withoutAccount } from '../report/result.ts';
import { flag, optional, type Schema, text } from '../schema.ts';
import { redacted, withoutSecrets } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { approvalWarnings } from './approval-lint.ts';
import { bucketWarnings } from './bucket-lint.ts';
import { lookAt } from './look.ts';

const json = flag({ description: 'Print JSON.', default: false });

export const historyInputs = { ...sharedInputs, json };

/** `history`: what served, newest first, from the release record. Reads only. */
export const runHistory = (args: readonly string[], host: CommandLine): Promise<ExitCode> =>
  inspecting('history', historyInputs, args, host, {
    async run({ manifest, environment, json: asJson }) {
      const { store, world } = await lookAt(host, manifest, environment);
      const stored = await store.read();
      if (stored === undefined) await refuseOtherRecord(world, store, true);
      if (asJson) return jsonText(withoutSecrets(stored?.record ?? null), 2);
      return stored ? redacted(historyAsText(stored.record)) : `no release of ${store.endpoint} was recorded`;
    },
  });

export const lintInputs = {
  manifest: manifestToDeliver,
  environment: optional(sharedInputs.environment),
  version: optional(text({ description: 'With `environment`: also ask AWS whether this version could be deployed.' })),
  json,
};

/** Whether a version is given that AWS is to be asked about. */
export const needsAws = (args: readonly string[]): boolean => args.some((argument) => /^--version(=|$)/.test(argument));

/** What `lint` says of a manifest by itself, without AWS. */
export const lintManifest = (args: readonly string[], host: CommandLine): Promise<ExitCode> =>
  inspecting('lint', lintInputs, args, host, {
    refused: { valid: false },
    async run({ manifest, environment, json: asJson }) {
      if (environment !== undefined) environmentOf(manifest, environment);
      const environments = Object.keys(manifest.environments);
      const warnings = [...bucketWarnings(manifest), ...(await workflowWarnings(host.env))];
      return asJson
        ? jsonText({ valid: true, model: manifest.model, environments, warnings })
        : `${warnings.map((warning) => `warning: ${warning}\n`).join('')}the manifest is valid: ${manifest.model} in ${environments.join(', ')}\n` +
            'feasibility and alarms are checked against AWS when --environment and --version are given';
    },
  });

/** Of the workflows in the folder lint runs in. GitHub is asked where the environment says how (GITHUB_TOKEN, GITHUB_REPOSITORY). */
const workflowWarnings = async (env: Env): Promise<readonly string[]> => {
  const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: name, GITHUB_API_URL: apiUrl } = env;
  const folder = '.github/workflows';
  const workflows = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => /\.ya?ml$/.test(file))
    .sort()
    .map((file) => ({ path: `${folder}/${file}`, text: workflowText(join(folder, file)) }));
  if (!token || !name) return approvalWarnings(workflows);
  const repository = { name, token, ...withoutUndefined({ apiUrl: apiUrl || undefined }) };
  const { protectionOf } = await import('../github/environments.ts');
  return approvalWarnings(workflows, (environment) => protectionOf(repository, environment));
};

/** One that cannot be read is GitHub's to refuse, as one is that is no workflow. */
const workflowText = (path: string): string => {
  try {
    return statSync(path).isFile() ? readTextFile(path, mostWorkflowBytes) : '';
  } catch {
    return '';
  }
};
const mostWorkflowBytes = 512 * 1024;

const inspecting = async <Values extends { readonly manifest: Manifest; readonly json: boolean }>(
  command: string,
  schema: Schema<Values>,
  args: readonly string[],
  { terminal, env }: CommandLine,
  { refused = {}, run }: { readonly refused?: object; run(values: Values): Promise<string> },
): Promise<ExitCode> => {
  let written: Written = () => undefined;
  try {
    written = readArguments(schema, args);
    const values = readInputs(schema, written);
    terminal.out(await run(values));
    const lost = values.json ? await terminal.outFault?.() : undefined;
    if (lost === undefined) return 0;
    terminal.err(`${command}: the JSON could not be written to standard output: ${lost.message}`);
    return 1;
  } catch (error) {
    const failure = failureOf(error);
    const because = isPublic(env) ? withoutAccount(failure.because) : failure.because;
    // A script that reads the answer reads this one too.
    if (/^true$/i.test(written('json') ?? '')) terminal.out(jsonText({ ...refused, ...failure, because }, 2));
    else
      terminal.err(
        `${command}: ${failure.outcome}/${failure.reason}\n  ${because.replaceAll('\n', '\n  ')}\n  what to do: ${reason(failure.reason).remedy}`,
      );
    return exitCodeOf(failure);
  }
};
