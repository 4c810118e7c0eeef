import { parse } from 'node:path';
import { readInputs, type Written } from '../../inputs/read-inputs.ts';
import type { Memory, Operation } from '../../operation.ts';
import { sharedInputs } from '../../operations/shared-inputs.ts';
import { InputError } from '../../schema.ts';
import type { exitCodeOf } from '../exit-code.ts';

type ExitCode = ReturnType<typeof exitCodeOf>;

/**
 * The environments of the manifest, in its order, for an operation that runs in each of them when none is named. It is about endpoints, so the
 * environments of CodeDeploy are skipped.
 * @returns undefined for one run
 * @throws {InputError} when the manifest cannot be read
 */
export const environmentsFor = <Inputs, M extends Memory, Outputs>(
  { everywhereWith = [] }: Operation<Inputs, M, Outputs>,
  written: Written,
): { readonly names: readonly string[]; readonly skipped: readonly string[] } | undefined => {
  if (written('environment') !== undefined || !everywhereWith.some((input) => written(input))) return undefined;
  if (written('resume-token'))
    throw new InputError(
      'resume-token belongs to the run of one environment: name that environment with --environment',
    );
  const { environments, byCodeDeploy = {} } = readInputs({ manifest: sharedInputs.manifest }, written).manifest;
  return { names: Object.keys(environments), skipped: Object.keys(byCodeDeploy) };
};

/** Names of files that each run writes for itself. */
const ownFiles: readonly string[] = ['junit', 'html', 'exported-variables'];

/** The inputs of the run in one environment. Its files have its name: `report.xml` becomes `report.production.xml`. */
export const inEnvironment =
  (environment: string, written: Written): Written =>
  (input) => {
    if (input === 'environment') return environment;
    const text = written(input);
    if (!text || !ownFiles.includes(input)) return text;
    const { ext } = parse(text);
    return `${text.slice(0, text.length - ext.length)}.${environment}${ext}`;
  };

/** The environment before each line, since the lines of all runs come in one stream. */
export const labelled = (environment: string, text: string): string => text.replace(/^/gm, `[${environment}] `);

/** From good to bad: pending may still end well, a wrong request changed nothing. */
const order: readonly ExitCode[] = [0, 3, 2, 1];

export const worstOf = (codes: readonly ExitCode[]): ExitCode =>
  codes.reduce((worst, code) => (order.indexOf(code) > order.indexOf(worst) ? code : worst), 0);
