import type { JobData } from '../../aws/codepipeline.ts';
import { type JobInputs, jobInputs } from '../../inputs/common-inputs.ts';
import { readInputs, type Written } from '../../inputs/read-inputs.ts';
import { type Stray, strayOf } from '../../inputs/stray-inputs.ts';
import { parseYaml, YamlProblem } from '../../manifest/yaml.ts';
import { InputError, type Schema } from '../../schema.ts';
import { keyOf } from '../../secrets.ts';
import type { Workspace } from '../../world.ts';
import { only } from '../operation-run.ts';
import { type DeclaredOperation, furtherInputs, jobFields } from './action-types.ts';
import { fetchFiles } from './artifacts.ts';

/** The inputs of a job: its configuration, the inputs in `further-inputs`, and the files in its artifacts. @throws {InputError} */
export const readJobInputs = async <Inputs>(
  operation: DeclaredOperation & { readonly inputs: Schema<Inputs> },
  data: JobData,
  workspace: Workspace,
): Promise<{ readonly inputs: Inputs; readonly common: JobInputs }> => {
  const fields = jobFields(operation);
  const { written, strays } = writtenIn(
    data.actionConfiguration?.configuration ?? {},
    fields.map(([name]) => name),
  );
  const readFile = await fetchFiles(workspace, fields, written);
  const schema = { ...operation.inputs, ...jobInputs } as Schema<Inputs & JobInputs>;
  const values = readInputs(schema, written, readFile, strays);
  return { inputs: only<Inputs>(operation.inputs, values), common: values };
};

/**
 * AWS accepts only the keys that the action type declares. The type in the account may be older or newer than this worker.
 * @throws {InputError} for an input that is given twice
 */
const writtenIn = (
  configuration: Readonly<Record<string, string>>,
  declared: readonly string[],
): { readonly written: Written; readonly strays: readonly Stray[] } => {
  const { [furtherInputs]: more, ...keyed } = configuration;
  const further = more === undefined ? {} : parseMap(more, furtherInputs, '{content-types: text/csv, pin: true}');
  for (const name of Object.keys(further))
    if (keyed[name] !== undefined) throw new InputError(`${name} is given twice: in ${furtherInputs}, and by itself`);
  const unknown = (given: object): Stray[] =>
    Object.keys(given).flatMap((name) => (declared.includes(name) ? [] : [strayOf(name, declared)]));
  return {
    written: (name) => keyed[name] ?? further[name],
    strays: [
      ...unknown(keyed),
      ...unknown(further).map((stray) => ({ ...stray, problem: `${furtherInputs}: ${stray.problem}` })),
    ],
  };
};

/**
 * `{description: better recall, content-types: [text/csv], pin: true}`: values are texts, or lists of them.
 * @param key the configuration key with this text
 * @throws {InputError}
 */
export const parseMap = (text: string, key: string, example: string): Readonly<Record<string, string>> => {
  const refuse = (why: string): never => {
    throw new InputError(`${key}: ${why}; expected YAML such as ${example}`);
  };
  let values: unknown;
  try {
    values = parseYaml(text).value;
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    refuse(error.message.replace(/ at line \d+.*/, '') || 'not YAML');
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return refuse('not a map');
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const items: unknown[] = Array.isArray(value) ? value : [value];
      if (items.some((item) => item === null || typeof item === 'object'))
        return refuse(`${keyOf(name)} is not a text or a list of texts`);
      return [name, items.join('\n')];
    }),
  );
};
