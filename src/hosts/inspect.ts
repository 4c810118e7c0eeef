import { environmentOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { sharedInputs } from '../operations/shared-inputs.ts';
import { jsonText } from '../plain-text.ts';
import { historyAsText } from '../report/history.ts';
import { withoutAccount } from '../report/result.ts';
import { flag, optional, type Schema, text } from '../schema.ts';
import { redacted, withoutSecrets } from '../secrets.ts';
import { helpOf, readArguments } from './arguments.ts';
import type { CommandLine, ExitCode } from './command-line.ts';
import { exitCodeOf } from './exit-code.ts';
import { failureOf } from './failure.ts';
import { lookAt } from './looking.ts';
import { readInputs } from './read-inputs.ts';

const json = flag({ description: 'Print JSON.', default: false });

const historyInputs = { ...sharedInputs, json };

/** `history`: what served, newest first, from the release record. Reads only. */
export const runHistory = (args: readonly string[], host: CommandLine): Promise<ExitCode> =>
  inspecting('history', 'Prints what served on an endpoint and how each release ended.', historyInputs, args, host, {
    async run({ manifest, environment, json: asJson }) {
      const { store } = await lookAt(host, manifest, environment);
      const stored = await store.read();
      if (asJson) return jsonText(withoutSecrets(stored?.record ?? null), 2);
      return stored ? redacted(historyAsText(stored.record)) : `no release of ${store.endpoint} was recorded`;
    },
  });

const lintInputs = {
  manifest: sharedInputs.manifest,
  environment: optional(sharedInputs.environment),
  version: optional(text({ description: 'With `environment`: also ask AWS whether this version could be deployed.' })),
  json,
};

/** What `lint` says of a manifest by itself, without AWS. */
export const lintManifest = (args: readonly string[], host: CommandLine): Promise<ExitCode> =>
  inspecting(
    'lint',
    'Checks the manifest and, with an environment and a version, whether AWS could carry it out.',
    lintInputs,
    args,
    host,
    {
      async run({ manifest, environment, json: asJson }) {
        if (environment !== undefined) environmentOf(manifest, environment);
        const environments = Object.keys(manifest.environments);
        return asJson
          ? jsonText({ valid: true, model: manifest.model, environments })
          : `the manifest is valid: ${manifest.model} in ${environments.join(', ')}\n` +
              'feasibility and alarms are checked against AWS when --environment and --version are given';
      },
    },
  );

const inspecting = async <Values extends { readonly manifest: Manifest }>(
  command: string,
  description: string,
  schema: Schema<Values>,
  args: readonly string[],
  { terminal }: CommandLine,
  { run }: { run(values: Values): Promise<string> },
): Promise<ExitCode> => {
  try {
    const { written, help } = readArguments(schema, args);
    terminal.out(help ? helpOf(command, description, schema) : await run(readInputs(schema, written)));
    return 0;
  } catch (error) {
    const failure = failureOf(error);
    terminal.err(`${command}: ${failure.outcome}/${failure.reason}\n  ${withoutAccount(failure.because)}`);
    return exitCodeOf(failure);
  }
};
